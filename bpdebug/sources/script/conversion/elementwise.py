"""Element by element: how a callable of NumPy or Python that takes one element at a time is written."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression
from bpdebug.sources.script.conversion.translator import (
    ConversionRule,
    OpaqueError,
    Translator,
    like_of,
    number,
    of_scipy,
    value_of,
)
from bpdebug.sources.script.recorder.operations import Method
from bpdebug.sources.script.recorder.records import Node

ELEMENTWISE: dict[str, tuple[Any, ...]] = {
    "add": (operator.add, np.add),
    "subtract": (operator.sub, np.subtract),
    "multiply": (operator.mul, np.multiply),
    "divide": (operator.truediv, np.divide),
    "power": (operator.pow, np.power, pow, math.pow),
    "negative": (operator.neg, np.negative),
    "less": (operator.lt, np.less),
    "less_equal": (operator.le, np.less_equal),
    "greater": (operator.gt, np.greater),
    "greater_equal": (operator.ge, np.greater_equal),
    "equal": (operator.eq, np.equal),
    "not_equal": (operator.ne, np.not_equal),
    "logical_and": (np.logical_and,),
    "logical_or": (np.logical_or,),
    "logical_not": (np.logical_not,),
    "exp": (np.exp, math.exp),
    "log": (np.log,),
    "sqrt": (np.sqrt, math.sqrt),
    "abs": (np.abs, abs, math.fabs),
    "minimum": (np.minimum,),
    "tanh": (np.tanh, math.tanh),
    "sin": (np.sin, math.sin),
    "cos": (np.cos, math.cos),
    "tan": (np.tan, math.tan),
    "arcsin": (np.arcsin, math.asin),
    "arccos": (np.arccos, math.acos),
    "arctan": (np.arctan, math.atan),
    "sinh": (np.sinh, math.sinh),
    "cosh": (np.cosh, math.cosh),
    "arcsinh": (np.arcsinh, math.asinh),
    "arctanh": (np.arctanh, math.atanh),
    "exp2": (np.exp2, math.exp2),
    "cbrt": (np.cbrt, math.cbrt),
    "isnan": (np.isnan, math.isnan),
    "isinf": (np.isinf, math.isinf),
}
"""What takes its operands one element at a time, and has a function of its own in the language."""
IGNORED_OPTIONS = frozenset({"axis", "dtype", "copy", "subok"})


def elementwise(function: str) -> ConversionRule:
    """Return the rule of a function of the same meaning."""

    def rule(translator: Translator, node: Node) -> Expression:
        if set(node.options) - IGNORED_OPTIONS:
            raise OpaqueError(", ".join(node.options))
        kinds = {np.asarray(like).dtype.kind for like in map(like_of, node.operands)}
        if kinds == {"b"} and function in ("add", "multiply", "subtract", "power"):
            raise OpaqueError(f"{function} of truths")
        return translator.call(function, *node.operands)

    return rule


def bitwise(function: str) -> ConversionRule:
    """Return the rule of `&`, `|` and `~`, which are those of logic for truths, and only for these."""

    def rule(translator: Translator, node: Node) -> Expression:
        if any(np.asarray(like_of(operand)).dtype.kind != "b" for operand in node.operands):
            raise OpaqueError("bits of integers")
        return translator.call(function, *node.operands)

    return rule


def maximum(translator: Translator, node: Node) -> Expression:
    """`maximum(0, x)` is a relu: nothing flows where x is exactly 0."""
    x, y = node.operands
    for zero, other in ((x, y), (y, x)):
        if np.ndim(like_of(zero)) == 0 and value_of(zero) == 0:
            return translator.call("relu", other)
    return translator.call("maximum", x, y)


def sign(translator: Translator, node: Node) -> Expression:
    """Write 1, 0 or −1 as the difference of two truths, which no gradient flows through."""
    (x,) = node.operands
    over, under = (translator.call(name, x, number(0)) for name in ("greater", "less"))
    return translator.call("subtract", over, under)


def log(translator: Translator, node: Node) -> Expression:
    """`math.log` may have a base."""
    if len(node.operands) == 1:
        return translator.call("log", *node.operands)
    x, base = node.operands
    return translator.call("divide", translator.call("log", x), translator.call("log", base))


def log_to(base: float) -> ConversionRule:
    """Return the rule of a logarithm to another base."""
    return lambda translator, node: translator.call(
        "divide", translator.call("log", node.operands[0]), number(math.log(base))
    )


def square(translator: Translator, node: Node) -> Expression:
    """x²."""
    return translator.call("power", node.operands[0], number(2))


def reciprocal(translator: Translator, node: Node) -> Expression:
    """1 / x."""
    return translator.call("divide", number(1), node.operands[0])


def log1p(translator: Translator, node: Node) -> Expression:
    """log(1 + x)."""
    return translator.call("log", translator.call("add", number(1), node.operands[0]))


def expm1(translator: Translator, node: Node) -> Expression:
    """exp(x) − 1."""
    return translator.call("subtract", translator.call("exp", node.operands[0]), number(1))


def logaddexp(translator: Translator, node: Node) -> Expression:
    """log(eˣ + eʸ) = x + softplus(y − x)."""
    x, y = node.operands
    return translator.call("add", x, translator.call("softplus", translator.call("subtract", y, x)))


def hypot(translator: Translator, node: Node) -> Expression:
    """√(x² + y²)."""
    squares = (translator.call("power", one, number(2)) for one in node.operands)
    return translator.call("sqrt", translator.call("add", *squares))


def expit(translator: Translator, node: Node) -> Expression:
    """Write the logistic function."""
    return translator.call("sigmoid", node.operands[0])


def clip(translator: Translator, node: Node) -> Expression:
    """Write the smaller bound first: `minimum(maximum(x, low), high)`."""
    x, *bounds = node.operands
    low = bounds[0] if bounds else node.options.get("a_min", node.options.get("min"))
    high = bounds[1] if len(bounds) > 1 else node.options.get("a_max", node.options.get("max"))
    written = translator.expression(x)
    if low is not None:
        written = translator.call("maximum", written, low)
    if high is not None:
        written = translator.call("minimum", written, high)
    return written


def where(translator: Translator, node: Node) -> Expression:
    """Write a choice, element by element."""
    if len(node.operands) != 3:
        raise OpaqueError("where of one argument")
    return translator.call("where", *node.operands)


def elementwise_rules() -> dict[Any, ConversionRule]:
    """Return the rules of this module by callable."""
    rules: dict[Any, ConversionRule] = {
        callable_: elementwise(name) for name, callables in ELEMENTWISE.items() for callable_ in callables
    }
    return rules | {
        np.maximum: maximum,
        np.sign: sign,
        math.log: log,
        np.log2: log_to(2),
        np.log10: log_to(10),
        math.log2: log_to(2),
        math.log10: log_to(10),
        np.square: square,
        np.reciprocal: reciprocal,
        np.log1p: log1p,
        math.log1p: log1p,
        np.expm1: expm1,
        math.expm1: expm1,
        np.logaddexp: logaddexp,
        np.hypot: hypot,
        np.clip: clip,
        Method("clip"): clip,
        np.where: where,
        operator.and_: bitwise("logical_and"),
        np.bitwise_and: bitwise("logical_and"),
        operator.or_: bitwise("logical_or"),
        np.bitwise_or: bitwise("logical_or"),
        operator.invert: bitwise("logical_not"),
        np.invert: bitwise("logical_not"),
        **dict.fromkeys(of_scipy("expit"), expit),
    }
