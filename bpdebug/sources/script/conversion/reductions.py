"""Sums, means and extremes along axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression, Number, Option
from bpdebug.sources.script.conversion.moving import stacked
from bpdebug.sources.script.conversion.writer import (
    Opaque,
    Rule,
    Writer,
    axis_of,
    call,
    shape,
    value_of,
    whole_number,
)
from bpdebug.sources.script.recorder.operations import Method
from bpdebug.sources.script.recorder.records import Node


def _reduction(name: str) -> Rule:
    def rule(
        writer: Writer,
        node: Node,
        x: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
    ) -> Expression:
        return call(name, _whole(writer, node, x), **_options(axis, keepdims))

    return rule


def _extreme(name: str) -> Rule:
    def rule(
        writer: Writer, node: Node, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False
    ) -> Expression:
        return call(name, _whole(writer, node, x), **_options(axis, keepdims))

    return rule


def _whole(writer: Writer, node: Node, x: Any) -> Expression:
    if isinstance(x, list | tuple):
        return stacked(writer, node, x, np.shape(value_of(x)))
    return writer.operand(x)


def _options(axis: Any, keepdims: Any) -> dict[str, Option]:
    options: dict[str, Option] = {}
    if (found := axis_of(axis)) is not None:
        options["axis"] = found
    if keepdims and keepdims is not np._NoValue:
        options["keepdims"] = True
    return options


def _deviation(
    writer: Writer, node: Node, squared: bool, x: Any, axis: Any, ddof: Any, keepdims: Any
) -> Expression:
    """Write the variance as what it is: the mean of the squared distance from the mean."""
    operand = _whole(writer, node, x)
    mean = call("mean", operand, **_options(axis, True))
    distance = call("power", call("subtract", operand, mean), Number(2))
    options = _options(axis, keepdims)
    if not (less := whole_number(ddof)):
        variance: Expression = call("mean", distance, **options)
    else:
        along = axis_of(axis)
        axes = range(len(shape(x))) if along is None else along if isinstance(along, tuple) else (along,)
        count = math.prod(shape(x)[one] for one in axes)
        variance = call("divide", call("sum", distance, **options), Number(count - less))
    return variance if squared else call("sqrt", variance)


def _variance(
    writer: Writer, node: Node, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
    ddof: Any = 0, keepdims: Any = False,
) -> Expression:  # fmt: skip
    return _deviation(writer, node, True, x, axis, ddof, keepdims)


def _standard_deviation(
    writer: Writer, node: Node, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
    ddof: Any = 0, keepdims: Any = False,
) -> Expression:  # fmt: skip
    return _deviation(writer, node, False, x, axis, ddof, keepdims)


def _norm(
    writer: Writer, node: Node, x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False
) -> Expression:
    if ord is not None and not (ord == 2 and (axis is not None or len(shape(x)) == 1)):
        raise Opaque("norm")
    return call("norm", _whole(writer, node, x), **_options(axis, keepdims))


def _average(writer: Writer, node: Node, x: Any, axis: Any = None) -> Expression:
    return call("mean", _whole(writer, node, x), **_options(axis, False))


def _cumulated(writer: Writer, node: Node, x: Any, axis: Any = None) -> Expression:
    operand = _whole(writer, node, x)
    if axis is None:
        operand = call("reshape", operand, shape=(-1,))
    return call("cumsum", operand, axis=0 if axis is None else whole_number(axis))


REDUCTIONS = {"sum": (np.sum, np.nansum), "mean": (np.mean, np.nanmean)}
EXTREMES = {"max": (np.max, np.amax), "min": (np.min, np.amin), "any": (np.any,), "all": (np.all,)}
RULES: dict[Any, Rule] = {
    **{function: _reduction(name) for name, functions in REDUCTIONS.items() for function in functions},
    **{Method(name): _reduction(name) for name in REDUCTIONS},
    **{function: _extreme(name) for name, functions in EXTREMES.items() for function in functions},
    **{Method(name): _extreme(name) for name in EXTREMES},
    np.var: _variance,
    Method("var"): _variance,
    np.std: _standard_deviation,
    Method("std"): _standard_deviation,
    np.linalg.norm: _norm,
    np.average: _average,
    np.cumsum: _cumulated,
    Method("cumsum"): _cumulated,
}
