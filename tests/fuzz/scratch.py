"""A folder for what the properties write; those that are fed with bytes alone have no fixtures."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory


@cache
def scratch() -> TemporaryDirectory[str]:
    """The folder of this process, which ends with it."""
    return TemporaryDirectory(prefix="bpdebug-fuzz-")


def folder() -> Path:
    """Where files may be written."""
    return Path(scratch().name)
