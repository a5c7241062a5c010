"""What the properties share: a folder, as those fed with bytes have no fixtures, and a look at words."""

from __future__ import annotations

from collections.abc import Iterable
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


def assert_printable(said: Iterable[object]) -> None:
    """Whatever is said stays on its line, and moves no cursor."""
    for one in map(str, said):
        assert one.isprintable(), ascii(one)
