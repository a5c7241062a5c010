"""What is common to the folders of tests that need torch, or JAX.

All of them are of the deep tier, and in the fast one not even read, because to import these takes seconds.
They are skipped where the library is not installed; of torch, unless the environment says that it must be.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

from tests.tiers import FAST

REQUIRED = "BPDEBUG_REQUIRE_ORACLE"
"""The variable that says that torch must be there: a build server cannot skip its tests unnoticed."""


def is_missing(library: str = "torch") -> bool:
    """Whether a library is not installed."""
    return importlib.util.find_spec(library) is None


def is_left_out(config: pytest.Config) -> bool | None:
    """Whether a folder of such tests is not even read; what `pytest_ignore_collect` returns."""
    return True if config.option.markexpr == FAST else None


def mark(items: Iterable[pytest.Item], folder: Path, missing: str, library: str = "torch") -> None:
    """Put the tests of a folder into the deep tier, and skip them where a library is missing."""
    is_required = library == "torch" and bool(os.environ.get(REQUIRED))
    skips = is_missing(library) and not is_required
    inside = f"{folder}{os.sep}"
    for item in items:
        if str(item.path).startswith(inside):
            item.add_marker("deep")
            if skips:
                item.add_marker(pytest.mark.skip(reason=missing))


def import_text(path: Path, text: str) -> ModuleType:
    """Write a module to a file, and import it."""
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
