"""Calls: which functions are seen, and which are called as they are.

A function of the person's is called as it is: its own lines have hooks. So are the parts of the standard
library that look at their caller (`locals`, `warnings.warn`, `namedtuple`). What may give or take a tensor is
called through the recorder: libraries, `math`, the builtins that add up or choose, methods of arrays, and
methods of containers, whose changes are journalled.
"""

from __future__ import annotations

import builtins
import functools
import sys
from collections import deque
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.library_calls import (
    CONTAINER_METHODS,
    LAZY,
    added,
    container_method,
    foreign,
)
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.sites import Site

NUMERIC_MODULES = frozenset({"math", "cmath", "random", "operator", "_operator", "copy", "statistics"})
"""The parts of the standard library that compute."""
SEEN_BUILTINS = frozenset({sum, max, min, abs, round, pow, any, all, next, setattr, sorted})


def called(recorder: Recorder, site: Site, function: Any) -> Any:
    """Return what is called in place of a function: itself, or the recorder's way to call it."""
    kind = type(function)
    if kind is FunctionType:
        seen = _is_seen(recorder, function)
    elif kind is MethodType:
        seen = _is_seen(recorder, function.__func__)
    elif kind is BuiltinFunctionType:
        return _builtin(recorder, site, function)
    elif kind is type or isinstance(function, type):
        seen = (
            function in LAZY
            or function in (float, complex)
            or (issubclass(function, np.generic) and function is not np.generic)
            or (function.__module__ == "numpy" and not issubclass(function, BaseException))
        )
    elif kind is functools.partial:
        return functools.partial(_partial, recorder, site, function)
    else:
        call = vars(kind).get("__call__")
        seen = not (isinstance(call, FunctionType) and not _is_seen(recorder, call))
    return functools.partial(foreign, recorder, site, function) if seen else function


def _is_seen(recorder: Recorder, function: Any) -> bool:
    """Whether a Python function is a library's that may compute."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename in recorder.files:
        return False
    module = str(getattr(function, "__module__", "") or "").partition(".")[0]
    return module not in sys.stdlib_module_names or module in NUMERIC_MODULES


def _builtin(recorder: Recorder, site: Site, function: Any) -> Any:
    owner = function.__self__
    kind = type(owner)
    if kind is ModuleType or owner is None:
        if function is builtins.sum:
            return functools.partial(added, recorder, site)
        module = function.__module__ or ""
        seen = function in SEEN_BUILTINS if owner is builtins else module.partition(".")[0] in NUMERIC_MODULES
        if not seen and owner is not builtins:
            seen = module.partition(".")[0] not in sys.stdlib_module_names
    elif kind in (list, dict, deque):
        if function.__name__ not in CONTAINER_METHODS:
            return function
        return functools.partial(container_method, recorder, site, function)
    else:
        seen = isinstance(owner, np.ndarray | np.generic | np.ufunc | float) or _is_foreign(kind)
    return functools.partial(foreign, recorder, site, function) if seen else function


def _is_foreign(kind: type) -> bool:
    module = kind.__module__.partition(".")[0]
    return module not in sys.stdlib_module_names or module in NUMERIC_MODULES


def _partial(
    recorder: Recorder, site: Site, function: functools.partial[Any], /, *arguments: Any, **options: Any
) -> Any:
    """Call a `functools.partial`: what it holds is what is called."""
    inner = called(recorder, site, function.func)
    return inner(*function.args, *arguments, **{**function.keywords, **options})
