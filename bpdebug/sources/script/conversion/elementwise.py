"""Operators and functions that work element by element, by what they are called in the language."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression, Number
from bpdebug.sources.script.conversion.writer import Opaque, Rule, Writer, call, like, shape, size
from bpdebug.sources.script.recorder.operations import InPlace, Method
from bpdebug.sources.script.recorder.records import Node

ELEMENTWISE: dict[str, tuple[Any, ...]] = {
    "add": (operator.add, np.add),
    "subtract": (operator.sub, np.subtract),
    "multiply": (operator.mul, np.multiply),
    "divide": (operator.truediv, np.divide),
    "power": (operator.pow, np.power, math.pow, pow),
    "negative": (operator.neg, np.negative),
    "exp": (np.exp, math.exp),
    "log": (np.log,),
    "sqrt": (np.sqrt, math.sqrt),
    "abs": (np.abs, np.fabs, math.fabs, abs),
    "sign": (np.sign,),
    "tanh": (np.tanh, math.tanh),
    "sin": (np.sin, math.sin),
    "cos": (np.cos, math.cos),
    "minimum": (np.minimum, np.fmin),
    "greater": (operator.gt, np.greater),
    "greater_equal": (operator.ge, np.greater_equal),
    "less": (operator.lt, np.less),
    "less_equal": (operator.le, np.less_equal),
    "equal": (operator.eq, np.equal),
    "not_equal": (operator.ne, np.not_equal),
    "logical_not": (np.logical_not,),
    "logical_and": (np.logical_and,),
    "logical_or": (np.logical_or,),
    "isnan": (np.isnan,),
    "isinf": (np.isinf,),
}
"""The functions of the language, and the callables that they are."""
IN_PLACE = {
    operator.iadd: "add",
    operator.isub: "subtract",
    operator.imul: "multiply",
    operator.itruediv: "divide",
    operator.ipow: "power",
}
"""What is done in place where the result is laid into another dtype."""
TRUTHS = {operator.and_: "logical_and", operator.or_: "logical_or", operator.invert: "logical_not"}
"""Operators that are these for truths; for integers they are something else."""
ONE = Number(1)


def _elementwise(name: str) -> Rule:
    def rule(writer: Writer, node: Node, *operands: Any) -> Expression:
        return call(name, *map(writer.operand, operands))

    return rule


def _truths(name: str) -> Rule:
    def rule(writer: Writer, node: Node, *operands: Any) -> Expression:
        if any(np.asarray(like(operand)).dtype != bool for operand in operands):
            raise Opaque(name)
        return call(name, *map(writer.operand, operands))

    return rule


def _maximum(writer: Writer, node: Node, x: Any, y: Any) -> Expression:
    """Write `maximum(0, z)` as `maximum(z, 0)`: where z is exactly 0 the second operand has the slope."""
    if (size(x) == 1 and type(x) is not Node) or (type(x) is Node and x.function is None and shape(x) == ()):
        x, y = y, x
    return call("maximum", writer.operand(x), writer.operand(y))


def _log(writer: Writer, node: Node, x: Any) -> Expression:
    return call("log", writer.operand(x))


def _log1p(writer: Writer, node: Node, x: Any) -> Expression:
    return call("log", call("add", ONE, writer.operand(x)))


def _expm1(writer: Writer, node: Node, x: Any) -> Expression:
    return call("subtract", call("exp", writer.operand(x)), ONE)


def _log_to(base: float) -> Rule:
    def rule(writer: Writer, node: Node, x: Any) -> Expression:
        return call("divide", call("log", writer.operand(x)), Number(math.log(base)))

    return rule


def _square(writer: Writer, node: Node, x: Any) -> Expression:
    return call("power", writer.operand(x), Number(2))


def _reciprocal(writer: Writer, node: Node, x: Any) -> Expression:
    return call("divide", ONE, writer.operand(x))


def _clip(writer: Writer, node: Node, x: Any, *bounds: Any, **options: Any) -> Expression:
    lowest, highest = (
        bounds[place]
        if place < len(bounds)
        else next((options[name] for name in names if name in options), None)
        for place, names in enumerate((("a_min", "min"), ("a_max", "max")))
    )
    expression = writer.operand(x)
    if lowest is not None:
        expression = call("maximum", expression, writer.operand(lowest))
    if highest is not None:
        expression = call("minimum", expression, writer.operand(highest))
    return expression


def _where(writer: Writer, node: Node, condition: Any, x: Any, y: Any) -> Expression:
    return call("where", *map(writer.operand, (condition, x, y)))


RULES: dict[Any, Rule] = {
    **{function: _elementwise(name) for name, functions in ELEMENTWISE.items() for function in functions},
    **{InPlace(operation): _elementwise(name) for operation, name in IN_PLACE.items()},
    **{function: _truths(name) for function, name in TRUTHS.items()},
    np.maximum: _maximum,
    np.fmax: _maximum,
    math.log: _log,
    np.log1p: _log1p,
    math.log1p: _log1p,
    np.expm1: _expm1,
    np.log2: _log_to(2),
    np.log10: _log_to(10),
    np.square: _square,
    np.reciprocal: _reciprocal,
    np.clip: _clip,
    Method("clip"): _clip,
    np.where: _where,
}
