"""Reductions: how sums, means, extremes, spreads and norms over axes are written."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression, Option
from bpdebug.sources.script.conversion.translator import (
    ConversionRule,
    OpaqueError,
    Translator,
    number,
    of_scipy,
    options_of,
    shape_of,
    value_of,
)
from bpdebug.sources.script.recorder.operations import Method
from bpdebug.sources.script.recorder.records import Node


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
    if given.get("keepdims") or (type(node.like) is np.matrix and options):
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


def softmax(translator: Translator, node: Node) -> Expression:
    """Write SciPy's softmax, which is over all axes by default."""
    return translator.call("softmax", node.operands[0], **axis_options(node, "axis"))


def cumsum(translator: Translator, node: Node) -> Expression:
    """Write sums from the first element on."""
    axis = value_of(options_of(node, "axis").get("axis"))
    if axis is None and len(shape_of(node.operands[0])) != 1:
        raise OpaqueError("cumsum of all axes")
    options: dict[str, Option] = {"axis": 0 if axis is None else int(axis)}
    return translator.call("cumsum", node.operands[0], **options)


def reduction_rules() -> dict[Any, ConversionRule]:
    """Return the rules of this module by callable."""
    rules: dict[Any, ConversionRule] = {}
    for name in ("sum", "mean", "max", "min", "any", "all"):
        rules[getattr(np, name)] = rules[Method(name)] = reduction(name)
    return rules | {
        np.amax: reduction("max"),
        np.amin: reduction("min"),
        np.nansum: reduction("sum"),
        np.var: variance,
        Method("var"): variance,
        np.std: deviation,
        Method("std"): deviation,
        np.linalg.norm: norm,
        np.add.reduce: ufunc_reduce("sum"),
        np.maximum.reduce: ufunc_reduce("max"),
        np.cumsum: cumsum,
        Method("cumsum"): cumsum,
        **dict.fromkeys(of_scipy("softmax"), softmax),
    }
