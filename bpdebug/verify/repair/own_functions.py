"""The functions that can be called at a place: the person's own of one argument, and what NumPy is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from bpdebug.sources.script import Instance, Recording
from bpdebug.sources.script.environment import Environment
from bpdebug.sources.script.evaluation import as_written

MOST_FUNCTIONS = 12
GIVES_BACK = (lambda x: x).__code__.co_code
"""The code of what only gives back what it gets, as a decorator may."""


def functions_at(recording: Recording, instance: Instance) -> tuple[str, list[str]]:
    """Return what NumPy is called where an instance stands, and the person's functions of one argument."""
    names = dict(Environment(recording, instance))
    functions = list(functions_of(names, instance.site.class_name))[:MOST_FUNCTIONS]
    return library_of(names, "numpy"), functions


def functions_of(names: Mapping[str, Any], class_name: str) -> Iterator[str]:
    """Yield the person's functions of one argument, those of the same object first."""
    own = names.get("self")
    for name in dir(type(own)) if own is not None else ():
        method = getattr(type(own), name, None)
        if isinstance(method, FunctionType) and _arguments(method) == 2 and not name.startswith("__"):
            yield f"self.{as_written(name, class_name)}"
    for name, held in getattr(own, "__dict__", {}).items():
        if isinstance(held, FunctionType) and _arguments(held) == 1:
            yield f"self.{as_written(name, class_name)}"
    for name, value in names.items():
        is_own = isinstance(value, FunctionType) and not name.startswith("__")
        if is_own and _arguments(value) == 1 and value.__code__.co_code != GIVES_BACK:
            yield name


def _arguments(function: FunctionType) -> int:
    return function.__code__.co_argcount - len(function.__defaults__ or ())


def library_of(names: Mapping[str, Any], module: str) -> str:
    """Return what the functions of tensors are called after: a module, or the package that it lies in."""
    modules = {value.__name__: name for name, value in names.items() if isinstance(value, ModuleType)}
    package, _, inner = module.partition(".")
    if module not in modules and inner and package in modules:
        return f"{modules[package]}.{inner}"
    return modules.get(module) or modules.get("numpy", "np")
