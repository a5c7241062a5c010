"""Losses, from tensors and from scores."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import UnknownFormError, language, shape_of, term, times
from bpdebug.sources.script.recorder.records import Node


def over(reduction: int, x: Any) -> Any:
    """Take no mean (0), the mean (1), or the sum (2)."""
    return x if reduction == 0 else term(np.mean if reduction == 1 else np.sum, x)


def mse_loss(x: Any, y: Any, reduction: int = 1) -> Any:
    """(x − y)²."""
    return over(reduction, term(np.power, term(np.subtract, x, y), 2))


def binary_cross_entropy(x: Any, y: Any, weight: Any = None, reduction: int = 1) -> Any:
    """−y log x − (1 − y) log(1 − x)."""
    each = language("binary_cross_entropy", x, y)
    return over(reduction, each if weight is None else term(np.multiply, each, weight))


def with_logits(x: Any, y: Any, weight: Any = None, positive: Any = None, reduction: int = 1) -> Any:
    """Write the same of σ(x)."""
    if positive is not None:
        raise UnknownFormError("a weight of the positive class")
    each = language("binary_cross_entropy_with_logits", x, y)
    return over(reduction, each if weight is None else term(np.multiply, each, weight))


def huber(x: Any, y: Any, reduction: int = 1, delta: float = 1.0) -> Any:
    """½ x² near 0, a straight line beyond δ."""
    return over(reduction, language("huber", term(np.subtract, x, y), delta=float(delta)))


def smooth_l1(x: Any, y: Any, reduction: int = 1, beta: float = 1.0) -> Any:
    """Divide that by δ."""
    each = language("huber", term(np.subtract, x, y), delta=float(beta))
    return over(reduction, times(each, 1 / beta))


def picked(scores: Any, target: Any, ignored: int = -100) -> Any:
    """Return the index of each example's class."""
    if type(target) is not Node or np.any(target.value == ignored):
        raise UnknownFormError("classes that are left out")
    examples = np.arange(shape_of(scores)[0])
    if len(shape_of(scores)) == 2:
        return (examples, target)
    if len(shape_of(scores)) == 4:
        _, _, height, width = shape_of(scores)
        rows = np.arange(height)[None, :, None]
        return (examples[:, None, None], target, rows, np.arange(width)[None, None, :])
    return (target,)


def nll_loss(
    scores: Any, target: Any, weight: Any = None, reduction: int = 1, ignored: int = -100
) -> tuple[Any, None]:
    """Minus the score of each example's class."""
    if weight is not None:
        raise UnknownFormError("weights of classes")
    own = term(operator.getitem, scores, picked(scores, target, ignored))
    return term(np.negative, over(reduction, own)), None
