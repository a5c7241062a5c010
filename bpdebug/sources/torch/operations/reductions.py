"""What goes over axes: sums, means, extremes, variances, norms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import Application, OperationEntry, UnknownFormError, shape_of, term
from bpdebug.sources.script.recorder.records import Node


def axes(dims: Any) -> Any:
    """Return what NumPy calls `axis`."""
    if isinstance(dims, int):
        return dims
    return None if not dims else dims[0] if len(dims) == 1 else tuple(dims)


def reduced(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of a sum, a mean, a largest or smallest element."""

    def entry(x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Application:
        options = {"keepdims": True} if keepdim else {}
        return term(function, x, axis=axes(dim), **options)

    return entry


def extreme(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of `max` and `min`, which along an axis also say where."""

    def entry(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if type(dim) is Node:
            return term(np.maximum if function is np.max else np.minimum, x, dim)
        found = term(function, x, axis=dim, **({"keepdims": True} if keepdim else {}))
        return found if dim is None else (found, None)

    return entry


def variance(x: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Application:
    """Σ (x − mean)² / (n − correction)."""
    correction = 1 if correction is None else int(correction)
    shape, along = shape_of(x), axes(dim)
    over = range(len(shape)) if along is None else along if isinstance(along, tuple) else (along,)
    count = math.prod(shape[axis] for axis in over)
    apart = term(np.subtract, x, term(np.mean, x, axis=along, keepdims=True))
    squares = term(np.sum, term(np.power, apart, 2), axis=along, keepdims=keepdim)
    return term(np.divide, squares, count - correction)


def deviation(*operands: Any, **options: Any) -> Application:
    """√ of the variance."""
    return term(np.sqrt, variance(*operands, **options))


def variance_and_mean(x: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
    """Both."""
    mean = term(np.mean, x, axis=axes(dim), keepdims=keepdim)
    return variance(x, dim, correction, keepdim), mean


def norm(x: Any, order: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Application:
    """√ of the sum of squares."""
    if order != 2:
        raise UnknownFormError("another norm")
    return term(np.sqrt, term(np.sum, term(np.multiply, x, x), axis=axes(dim), keepdims=keepdim))
