"""The losses that a backward pass may begin with, without saying so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression, Number


class ImpliedKind(NamedTuple):
    """A loss that a backward pass may begin with.

    Attributes
    ----------
    short : str
        What it is called where it is told.
    name : str
        What it is called.
    formula : str
        How it is written, over an output `{a}` and a target `{y}`.
    expression : callable
        (output, target) -> the loss, in the language.
    fits : callable
        Whether values of an output can be meant.
    """

    short: str
    name: str
    formula: str
    expression: Callable[[Expression, Expression], Expression]
    fits: Callable[[Any], bool]


def _call(function: str, *arguments: Expression) -> Call:
    return Call(function, arguments)


def _half_square(a: Expression, y: Expression) -> Expression:
    return _call("divide", _call("sum", _call("power", _call("subtract", a, y), Number(2))), Number(2))


def _binary(a: Expression, y: Expression) -> Expression:
    hit = _call("multiply", y, _call("log", a))
    miss = _call("multiply", _call("subtract", Number(1), y), _call("log", _call("subtract", Number(1), a)))
    return _call("negative", _call("sum", _call("add", hit, miss)))


def _cross(a: Expression, y: Expression) -> Expression:
    return _call("negative", _call("sum", _call("multiply", y, _call("log", a))))


def _absolute(a: Expression, y: Expression) -> Expression:
    return _call("sum", _call("abs", _call("subtract", a, y)))


def _any(values: Any) -> bool:
    return True


def _probabilities(values: Any) -> bool:
    return bool(np.all((values > 0) & (values < 1)))


KINDS = (
    ImpliedKind("mse", "squared error", "½ Σ ({a} − {y})²", _half_square, _any),
    ImpliedKind(
        "bce", "binary cross-entropy", "−Σ {y} log {a} + (1 − {y}) log(1 − {a})", _binary, _probabilities
    ),
    ImpliedKind("ce", "cross-entropy", "−Σ {y} log {a}", _cross, _probabilities),
    ImpliedKind("mae", "absolute error", "Σ |{a} − {y}|", _absolute, _any),
)
OF_CLASSES = ImpliedKind("ce", "negative log-likelihood", "−Σ log {a}[class]", _cross, _probabilities)
"""The loss of `p[range(m), y] -= 1`: the target is the classes' places."""
