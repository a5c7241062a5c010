"""The standard of a hand-written backward: a gradient is the derived one, or it is wrong.

No factor is a convention here, as a rate is one in a training script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.readings import ZERO, multiple, tolerance_of
from bpdebug.sources.script.analysis.standard import Standard
from bpdebug.sources.script.analysis.verdicts import GradientVerdict, GradientVerdicts
from bpdebug.sources.script.recorder.records import Node, ValueOf, same

EXACT = {2: 1e-2, 4: 1e-4, 8: 1e-7}
"""The bytes of an element -> how far a gradient may lie from the derived one, of the largest element."""

ROUNDING = 16
"""How many times the precision of its terms a sum may lie off."""
OF_TERMS: dict[Any, Callable[..., Any]] = {
    np.add: np.add,
    np.subtract: np.add,
    np.multiply: np.multiply,
    np.divide: lambda x, y: x / np.maximum(y, 1e-300),
    np.negative: np.abs,
    same: np.abs,
    np.copy: np.abs,
    np.matmul: np.matmul,
    np.sum: np.sum,
    np.mean: np.mean,
}
"""An operation in which terms cancel out, or one of what is made of them -> the same of their sizes."""


class Exact(Standard):
    """Holds every gradient to the derived one, and to no multiple of it.

    `is_whole` says that all of the forward was derived: what has no gradient has 0. `least` is how far a
    gradient may lie off at least where no tolerance is asked for.
    """

    def __init__(
        self,
        parameters: Sequence[TrainedParameter],
        tolerance: float | None,
        is_whole: bool = False,
        least: float = 0.0,
    ) -> None:
        super().__init__(parameters)
        self.own_tolerance, self.is_whole, self.least = tolerance, is_whole, least

    def verdicts(self, value_of: ValueOf, gradients: Mapping[int, Any]) -> GradientVerdicts:
        """Judge."""
        scale = max((_size(one) for one in gradients.values()), default=0.0)
        each = tuple(
            self._verdict(one, value_of, gradients.get(one.old.id), scale) for one in self.parameters
        )
        return GradientVerdicts(1.0, 1.0, each)

    def _verdict(
        self, parameter: TrainedParameter, value_of: ValueOf, reference: Any, scale: float
    ) -> GradientVerdict:
        node = parameter.pieces[0].chain[0].node if parameter.pieces else None
        if reference is None and self.is_whole:  # the forward has no derivative with respect to it but 0
            reference = np.zeros(parameter.old.shape)
        if reference is None:
            return GradientVerdict("unknown", node)
        digits = tolerance_of(parameter.old.like)
        is_zero = _size(reference) <= max(ZERO, digits**2) * scale
        value = 0.0 * reference if node is None else np.asarray(value_of(node), dtype=float)
        if np.shape(value) != np.shape(reference):
            return GradientVerdict("wrong", node)
        usual = EXACT.get(np.asarray(parameter.old.like).dtype.itemsize, 1e-7)
        tolerance = self.own_tolerance or max(usual, self.least)
        off = _size(value - reference)
        if off <= tolerance * max(_size(reference), ZERO * scale) or (is_zero and off <= tolerance * scale):
            return GradientVerdict("right", node, 1.0, is_zero=is_zero)
        if node is not None and np.isfinite(off):  # what is infinite has no rounding
            rounding = max(ROUNDING * np.finfo(np.asarray(parameter.old.like).dtype).eps, self.least)
            if off <= rounding * _size(terms_of(node, value_of)):
                return GradientVerdict("right", node, 1.0, is_zero=True)
        ratio = multiple(value, reference, digits)
        return GradientVerdict("wrong" if ratio is None else "factor", node, ratio)


def terms_of(node: Any, value_of: ValueOf, depth: int = 12) -> Any:
    """Return how large the terms of a value are: its rounding is a part of that, however small it is."""
    if type(node) is not Node:
        return np.abs(node)
    operands = node.operands if depth else ()
    absolute = OF_TERMS.get(node.function) if operands else None
    if absolute is None:
        return np.abs(np.asarray(value_of(node), dtype=float))
    return absolute(*(terms_of(one, value_of, depth - 1) for one in operands), **node.options)


def _size(value: Any) -> float:
    return float(np.max(np.abs(value), initial=0.0))
