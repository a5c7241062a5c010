"""Tests of what is for torch; all of the deep tier, where torch must be installed (see `tests/oracle`)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from tests.needs_library import import_text, is_left_out, mark

MISSING = "torch is not installed: pip install 'bpdebug[torch]'"


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return is_left_out(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark(items, Path(__file__).parent, MISSING)


@pytest.fixture
def module(tmp_path: Path) -> Callable[[str], ModuleType]:
    """Write a module to a folder of its own, and import it."""
    numbers = itertools.count(1)
    return lambda text: import_text(
        tmp_path / f"functions{next(numbers)}.py", "import torch\n\n" + dedent(text)
    )


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Write a script to the working folder, and return its name."""
    monkeypatch.chdir(tmp_path)

    def written(text: str) -> str:
        Path("train.py").write_text(dedent(text))
        return "train.py"

    return written
