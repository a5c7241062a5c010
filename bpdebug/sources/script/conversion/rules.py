"""The table, callable -> how it is written in the language: elementwise functions, reductions, products."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression, Option
from bpdebug.sources.script.conversion.translator import (
    OpaqueError,
    Translator,
    number,
    shape_of,
    value_of,
)
from bpdebug.sources.script.recorder.operations import Method
from bpdebug.sources.script.recorder.records import Node, same

ConversionRule = Callable[[Translator, Node], Expression]

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
    "isnan": (np.isnan, math.isnan),
    "isinf": (np.isinf, math.isinf),
}
"""What takes its operands one element at a time, and has a function of its own in the language."""
CONVERSIONS: tuple[Any, ...] = (
    np.copy,
    np.asarray,
    np.array,
    np.ascontiguousarray,
    np.asanyarray,
    np.asfortranarray,
    np.float64,
    np.float32,
    float,
    operator.pos,
    np.positive,
    Method("copy"),
    Method("astype"),
    Method("item"),
    Method("view"),
    Method("__copy__"),
    Method("__deepcopy__"),
    Method("tolist"),
)
"""What gives the same elements again."""
LARGEST_PRODUCT = 1_000_000
"""So many products an `einsum` is written out with."""
IGNORED_OPTIONS = frozenset({"axis", "dtype", "copy", "subok"})


def elementwise(function: str) -> ConversionRule:
    """Return the rule of a function of the same meaning."""

    def rule(translator: Translator, node: Node) -> Expression:
        if set(node.options) - IGNORED_OPTIONS:
            raise OpaqueError(", ".join(node.options))
        kinds = {np.asarray(like).dtype.kind for like in map(_like, node.operands)}
        if kinds == {"b"} and function in ("add", "multiply", "subtract", "power"):
            raise OpaqueError(f"{function} of truths")
        return translator.call(function, *node.operands)

    return rule


def _like(operand: Any) -> Any:
    return operand.like if type(operand) is Node else operand


def bitwise(function: str) -> ConversionRule:
    """Return the rule of `&`, `|` and `~`, which are those of logic for truths, and only for these."""

    def rule(translator: Translator, node: Node) -> Expression:
        if any(np.asarray(_like(operand)).dtype.kind != "b" for operand in node.operands):
            raise OpaqueError("bits of integers")
        return translator.call(function, *node.operands)

    return rule


def maximum(translator: Translator, node: Node) -> Expression:
    """`maximum(0, x)` is a relu: nothing flows where x is exactly 0."""
    x, y = node.operands
    for zero, other in ((x, y), (y, x)):
        if np.ndim(_like(zero)) == 0 and value_of(zero) == 0:
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


def converted(translator: Translator, node: Node) -> Expression:
    """Write the same elements, in the shape that they have now."""
    source = node.operands[0]
    if node.function == Method("item") and len(node.operands) > 1:
        place = value_of(node.operands[1:])
        return translator.moved(source, lambda positions: positions.item(*place))
    if type(source) in (list, tuple):
        return translator.reshaped(translator.joined(source), node.shape)
    if np.asarray(node.like).dtype.kind in "iu" and np.asarray(_like(source)).dtype.kind == "f":
        raise OpaqueError("rounding to integers")
    if shape_of(source) == node.shape:
        return translator.expression(source)
    if int(np.prod(shape_of(source))) == int(np.prod(node.shape)):
        return translator.reshaped(source, node.shape)
    raise OpaqueError("another number of elements")


# ---- reductions


def options_of(node: Node, *places: str) -> dict[str, Any]:
    """Return the options of a node, and by their names the operands after the first."""
    return {**dict(zip(places, node.operands[1:], strict=False)), **node.options}


def axis_options(node: Node, *places: str) -> dict[str, Option]:
    """Return `axis` and `keepdims` as the language has them."""
    given = options_of(node, *(places or ("axis", "dtype", "out", "keepdims")))
    if set(given) - {"axis", "dtype", "out", "keepdims"}:
        raise OpaqueError(", ".join(sorted(given)))
    axis = value_of(given.get("axis"))
    options: dict[str, Option] = {}
    if isinstance(axis, tuple | list):
        options["axis"] = tuple(int(number) for number in axis)
    elif axis is not None:
        options["axis"] = int(axis)
    if given.get("keepdims"):
        options["keepdims"] = True
    return options


def reduction(function: str, *places: str) -> ConversionRule:
    """Return the rule of a sum, a mean, a largest or smallest."""

    def rule(translator: Translator, node: Node) -> Expression:
        return translator.call(function, node.operands[0], **axis_options(node, *places))

    return rule


def variance(translator: Translator, node: Node) -> Expression:
    """mean((x − mean(x))²)."""
    given = options_of(node, "axis", "dtype", "out", "ddof", "keepdims")
    if value_of(given.pop("ddof", 0)) or set(given) - {"axis", "keepdims"}:
        raise OpaqueError("ddof")
    axis = value_of(given.get("axis"))
    options: dict[str, Option] = {} if axis is None else {"axis": axis}
    x = translator.expression(node.operands[0])
    mean = translator.call("mean", x, keepdims=True, **options)
    kept: dict[str, Option] = {"keepdims": True} if given.get("keepdims") else {}
    apart = translator.call("subtract", x, mean)
    return translator.call("mean", translator.call("power", apart, number(2)), **options, **kept)


def deviation(translator: Translator, node: Node) -> Expression:
    """√ of the variance."""
    return translator.call("sqrt", variance(translator, node))


def norm(translator: Translator, node: Node) -> Expression:
    """√ of the sum of squares."""
    given = options_of(node, "ord", "axis", "keepdims")
    if value_of(given.pop("ord", None)) not in (None, 2) or (len(node.operands) > 1 and not node.options):
        raise OpaqueError("another norm")
    options: dict[str, Option] = {name: value_of(value) for name, value in given.items() if value is not None}
    return translator.call("norm", node.operands[0], **options)


def ufunc_reduce(function: str) -> ConversionRule:
    """Return the rule of `np.add.reduce`, whose axis is the first by default."""

    def rule(translator: Translator, node: Node) -> Expression:
        return translator.call(function, node.operands[0], **{"axis": 0, **axis_options(node)})

    return rule


# ---- products


def matmul(translator: Translator, node: Node) -> Expression:
    """`np.dot`, `@` and `np.matmul`; vectors become matrices."""
    x, y = node.operands[:2]
    left, right = shape_of(x), shape_of(y)
    if not left or not right:
        return translator.call("multiply", x, y)
    stacked = node.function in (operator.matmul, np.matmul)
    if len(left) >= 2 and len(right) >= 2 and (stacked or len(left) == len(right) == 2):
        return translator.call("matmul", x, y)
    if len(right) > 2 or (len(left) > 2 and stacked and len(right) > 1):
        raise OpaqueError(f"a product of {len(left)} and {len(right)} axes")
    rows = translator.reshaped(x, (-1, left[-1])) if len(left) != 2 else x
    columns = translator.reshaped(y, (right[0], 1)) if len(right) == 1 else y
    return translator.reshaped(translator.call("matmul", rows, columns), node.shape)


def inner(translator: Translator, node: Node) -> Expression:
    """Write the sum over the last axes of both."""
    x, y = node.operands
    if len(shape_of(y)) < 2:
        return matmul(translator, node)
    if len(shape_of(x)) > 2 or len(shape_of(y)) > 2:
        raise OpaqueError("inner of more than two axes")
    turned = translator.call("transpose", y)
    if len(shape_of(x)) == 2:
        return translator.call("matmul", x, turned)
    rows = translator.reshaped(x, (1, -1))
    return translator.reshaped(translator.call("matmul", rows, turned), node.shape)


def outer(translator: Translator, node: Node) -> Expression:
    """Write a column times a row."""
    x, y = node.operands[:2]
    return translator.call("multiply", translator.reshaped(x, (-1, 1)), translator.reshaped(y, (1, -1)))


def einsum(translator: Translator, node: Node) -> Expression:
    """Write sums of products over named axes: all axes in one order, multiplied, summed up."""
    text, *operands = node.operands
    if not isinstance(text, str) or "." in text or set(node.options) - {"optimize"}:
        raise OpaqueError("einsum of this form")
    given, arrow, result = text.replace(" ", "").partition("->")
    of_operands = given.split(",")
    letters = "".join(of_operands)
    if not arrow:
        result = "".join(letter for letter in sorted(set(letters)) if letters.count(letter) == 1)
    extents = {
        letter: extent
        for own, operand in zip(of_operands, operands, strict=True)
        for letter, extent in zip(own, shape_of(operand), strict=True)
    }
    order = [*result, *(letter for letter in extents if letter not in result)]
    if math.prod(extents.values()) > LARGEST_PRODUCT or any(len(set(own)) < len(own) for own in of_operands):
        raise OpaqueError("einsum of this size or with a diagonal")
    factors = []
    for own, operand in zip(of_operands, operands, strict=True):
        axes = [own.index(letter) for letter in order if letter in own]
        laid = (
            operand if axes == sorted(axes) else translator.moved(operand, partial(np.transpose, axes=axes))
        )
        factors.append(translator.reshaped(laid, [extents[one] if one in own else 1 for one in order]))
    product = reduce(partial(translator.call, "multiply"), factors)
    summed = tuple(range(len(result), len(order)))
    return translator.call("sum", product, axis=summed) if summed else product


def copied(translator: Translator, node: Node) -> Expression:
    """Another name of the same."""
    return translator.expression(node.operands[0])


def _scipy(name: str) -> tuple[Any, ...]:
    """Return a function of SciPy's, if the script has imported it."""
    module, _, function = name.rpartition(".")
    found = getattr(sys.modules.get(module), function, None)
    return () if found is None else (found,)


def basic_rules() -> dict[Any, ConversionRule]:
    """Return the rules of this module by callable."""
    rules: dict[Any, ConversionRule] = {
        callable_: elementwise(name) for name, callables in ELEMENTWISE.items() for callable_ in callables
    }
    rules |= dict.fromkeys(CONVERSIONS, converted)
    for name in ("sum", "mean", "max", "min", "any", "all"):
        rules[getattr(np, name)] = rules[Method(name)] = reduction(name)
    rules |= {np.amax: reduction("max"), np.amin: reduction("min"), np.nansum: reduction("sum")}
    rules |= {
        same: copied,
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
        np.clip: clip,
        Method("clip"): clip,
        np.where: where,
        operator.and_: bitwise("logical_and"),
        np.bitwise_and: bitwise("logical_and"),
        operator.or_: bitwise("logical_or"),
        np.bitwise_or: bitwise("logical_or"),
        operator.invert: bitwise("logical_not"),
        np.invert: bitwise("logical_not"),
        np.var: variance,
        Method("var"): variance,
        np.std: deviation,
        Method("std"): deviation,
        np.linalg.norm: norm,
        np.add.reduce: ufunc_reduce("sum"),
        np.maximum.reduce: ufunc_reduce("max"),
        operator.matmul: matmul,
        np.matmul: matmul,
        np.dot: matmul,
        np.vdot: matmul,
        Method("dot"): matmul,
        np.inner: inner,
        np.outer: outer,
        np.multiply.outer: outer,
        np.einsum: einsum,
    }
    for function in _scipy("scipy.special.expit"):
        rules[function] = expit
    for function in _scipy("scipy.special.softmax"):
        rules[function] = lambda translator, node: translator.call(
            "softmax", node.operands[0], **axis_options(node, "axis")
        )
    return rules


__all__ = ["Call", "ConversionRule", "basic_rules"]
