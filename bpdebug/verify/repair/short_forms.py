"""Short forms of a derived gradient: what people write, where the derivation has a long formula.

The difference of an output and its target; another gradient times the derivative of an activation over what
it gives, `g * (1 - a ** 2)`; and that of a softmax, `s * (g - sum(g * s))`. Each is found by its value.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression, Name
from bpdebug.sources.script.analysis.standard import multiple
from bpdebug.verify.repair.formula_parts import TOLERANCE, Text, Unwritable

MOST_ALIKE = 16
"""So many variables of one shape are looked at."""
LOCAL: Mapping[str, Callable[[Any], Any]] = {
    "(1 - {x} ** 2)": lambda a: 1 - a**2,
    "{x} * (1 - {x})": lambda a: a * (1 - a),
    "({x} > 0)": lambda a: a > 0,
}
"""Derivatives of activations over what these give: of tanh, of the sigmoid, of ReLU."""
Alike = list[tuple[str, Any]]
"""The person's variables of the gradient's shape, with their values."""


class ShortForms:
    """Finds the short forms of a gradient.

    Parameters
    ----------
    known : mapping
        What the person has at the place -> its value.
    gradients : mapping
        The name of each derived gradient -> its value.
    written : callable
        Writes an expression of the derivation; raises `Unwritable`.
    library : str
        What the person calls NumPy.
    """

    def __init__(
        self,
        known: Mapping[str, Any],
        gradients: Mapping[str, Any],
        written: Callable[[Expression], Text],
        library: str,
    ) -> None:
        self.known, self.written, self.library = known, written, library
        self.gradients = {name: np.asarray(value, dtype=float) for name, value in gradients.items()}

    def of(self, gradient: str) -> Iterator[Text]:
        """Yield the forms of a gradient."""
        value = self.gradients[gradient]
        alike = [(text, held) for text, held in self.known.items() if np.shape(held) == value.shape]
        alike = alike[:MOST_ALIKE]
        yield from self._errors(value, alike)
        behind = {
            name: other
            for name, other in self.gradients.items()
            if name != gradient and other.shape == value.shape and value.size > 1
        }
        yield from self._local(value, alike, behind)
        yield from self._softmax(value, alike, behind)

    def _errors(self, value: Any, alike: Alike) -> Iterator[Text]:
        """Yield differences of two variables that a gradient is a multiple of: an output and its target."""
        for (text, held), (other, theirs) in itertools.permutations(alike, 2):
            ratio = multiple(held - theirs, value, TOLERANCE)
            if ratio is not None and ratio > 0:
                yield Text(f"{text} - {other}", ratio)

    def _local(self, value: Any, alike: Alike, behind: Mapping[str, Any]) -> Iterator[Text]:
        """Yield products of another gradient and the derivative of an activation, over its result."""
        for name, other in behind.items():
            for (text, held), (form, derivative) in itertools.product(alike, LOCAL.items()):
                if _is(other * derivative(held), value):
                    with contextlib.suppress(Unwritable):
                        inner = self.written(Name(name))
                        yield Text(f"({inner.text}) * {form.format(x=text)}", inner.factor)

    def _softmax(self, value: Any, alike: Alike, behind: Mapping[str, Any]) -> Iterator[Text]:
        """Yield `s * (g - sum(g * s))`, with the result of a softmax and its gradient."""
        for name, other in behind.items() if value.ndim <= 2 else ():
            for (text, held), axis in itertools.product(alike, range(value.ndim)):
                if _is(held * (other - np.sum(other * held, axis, keepdims=True)), value):
                    with contextlib.suppress(Unwritable):
                        inner, factor = self.written(Name(name))
                        over = f", axis={axis}, keepdims=True" if value.ndim == 2 else ""
                        total = f"{self.library}.sum(({inner}) * {text}{over})"
                        yield Text(f"{text} * (({inner}) - {total})", factor)


def _is(found: Any, value: Any) -> bool:
    """Whether two tensors are the same, up to rounding."""
    return bool(np.allclose(found, value, TOLERANCE, TOLERANCE * np.max(np.abs(value))))
