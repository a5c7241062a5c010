"""Tests of what is for JAX; all of the deep tier, where JAX must be installed (see `needs_library`)."""

from __future__ import annotations

import importlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.needs_library import import_text, is_left_out, mark

MISSING = "JAX is not installed: pip install 'bpdebug[jax]'"
# Each primitive is compiled for each shape: to optimize that takes longer than all that is computed here.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return is_left_out(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark(items, Path(__file__).parent, MISSING, "jax")


@pytest.fixture(params=[True], ids=["x64"])
def jax(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """JAX with 64 bits; with `indirect` parameters also without."""
    found = importlib.import_module("jax")
    before = found.config.jax_enable_x64
    found.config.update("jax_enable_x64", request.param)
    yield found
    found.config.update("jax_enable_x64", before)


@pytest.fixture
def functions(jax: ModuleType) -> ModuleType:
    return importlib.import_module("tests.jax.functions")


@pytest.fixture
def module(tmp_path: Path) -> Callable[[str], ModuleType]:
    """Write a module to a folder of its own, and import it."""
    numbers = itertools.count(1)
    return lambda text: import_text(tmp_path / f"planted{next(numbers)}.py", text)
