"""What goes element by element."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import Application, OperationEntry, UnknownFormError, language, term
from bpdebug.sources.script.recorder.records import Node

FLOATS = {"float32": np.float32, "float64": np.float64}
"""The dtypes that a conversion to is a function of NumPy's."""


def kinds_of(*operands: Any) -> set[str]:
    """Return the kinds of dtype of operands."""
    return {np.asarray(one.like if type(one) is Node else one).dtype.kind for one in operands}


def each(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of a primitive that is a function of NumPy's."""
    return lambda *operands, **options: term(function, *operands)


def named(name: str) -> OperationEntry:
    """Return the entry of a primitive that is a function of the language."""
    return lambda *operands, **options: language(name, *operands)


def of_floats(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of a primitive that does something else with integers."""

    def entry(*operands: Any, **options: Any) -> Application:
        if "f" not in kinds_of(*operands):
            raise UnknownFormError("integers")
        return term(function, *operands)

    return entry


def of_truths(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of `and`, `or`, `not`, which go by bits where they are given integers."""

    def entry(*operands: Any, **options: Any) -> Application:
        if kinds_of(*operands) != {"b"}:
            raise UnknownFormError("bits of integers")
        return term(function, *operands)

    return entry


def integer_pow(x: Any, y: int, **options: Any) -> Application:
    """X ** y."""
    return term(np.power, x, float(y) if y < 0 else y)


def convert(x: Any, new_dtype: Any, **options: Any) -> Application:
    """Return the same elements in another dtype."""
    dtype = np.dtype(new_dtype)
    if kinds_of(x) == {dtype.kind} and dtype.name not in FLOATS:
        return term(np.copy, x)
    if dtype.name not in FLOATS or kinds_of(x) - {"f", "i", "u", "b"}:
        raise UnknownFormError(f"a conversion to {dtype}")
    return term(FLOATS[dtype.name], x)


def rounded(x: Any, rounding_method: Any, **options: Any) -> Application:
    """Round; what lies in the middle to the even one."""
    if int(rounding_method) != 1:
        raise UnknownFormError("rounding away from zero")
    return language("round", x)


def select(which: Any, *cases: Any, **options: Any) -> Application:
    """Choose: the first case where `which` is false."""
    if len(cases) != 2 or kinds_of(which) != {"b"}:
        raise UnknownFormError("a choice among several")
    return term(np.where, which, cases[1], cases[0])


def clamp(low: Any, x: Any, high: Any, **options: Any) -> Application:
    """Cut off at bounds."""
    return term(np.minimum, term(np.maximum, x, low), high)


def is_finite(x: Any, **options: Any) -> Application:
    """Whether an element is neither NaN nor infinite."""
    return term(np.logical_not, term(np.logical_or, term(np.isnan, x), term(np.isinf, x)))


ELEMENTWISE: Mapping[str, OperationEntry] = {
    "add": each(np.add),
    "add_any": each(np.add),
    "sub": each(np.subtract),
    "mul": each(np.multiply),
    "div": of_floats(np.divide),
    "neg": each(np.negative),
    "pow": each(np.power),
    "integer_pow": integer_pow,
    "square": lambda x, **options: term(np.power, x, 2),
    "sqrt": each(np.sqrt),
    "rsqrt": lambda x, **options: term(np.divide, 1, term(np.sqrt, x)),
    "cbrt": named("cbrt"),
    "exp": each(np.exp),
    "exp2": named("exp2"),
    "log": each(np.log),
    "log1p": each(np.log1p),
    "expm1": each(np.expm1),
    "sin": each(np.sin),
    "cos": each(np.cos),
    "tan": named("tan"),
    "atan": named("arctan"),
    "asin": named("arcsin"),
    "acos": named("arccos"),
    "sinh": named("sinh"),
    "cosh": named("cosh"),
    "asinh": named("arcsinh"),
    "atanh": named("arctanh"),
    "tanh": each(np.tanh),
    "logistic": named("sigmoid"),
    "erf": named("erf"),
    "erfc": lambda x, **options: term(np.subtract, 1, language("erf", x)),
    "abs": each(np.abs),
    "sign": of_floats(np.sign),
    "floor": named("floor"),
    "round": rounded,
    "max": each(np.maximum),
    "min": each(np.minimum),
    "clamp": clamp,
    "eq": each(np.equal),
    "ne": each(np.not_equal),
    "lt": each(np.less),
    "le": each(np.less_equal),
    "gt": each(np.greater),
    "ge": each(np.greater_equal),
    "and": of_truths(np.logical_and),
    "or": of_truths(np.logical_or),
    "not": of_truths(np.logical_not),
    "is_finite": is_finite,
    "select_n": select,
    "convert_element_type": convert,
    "copy": each(np.copy),
    "copy_p": each(np.copy),
    "reduce_precision": each(np.copy),
    "stop_gradient": named("detach"),
}
"""The primitives whose operands may have their own shapes in NumPy, as it repeats them."""
