"""What a misreading is: a function of the table as people compute it by mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Option
from bpdebug.errors import ShapeError

MISFITS = (ShapeError, ValueError, IndexError, TypeError, ArithmeticError)
"""What NumPy raises of operands that do not fit together: a scalar where a table belongs is a TypeError."""


@dataclass(frozen=True, slots=True)
class Misreading:
    """One way in which a function is computed wrongly.

    Attributes
    ----------
    options : mapping
        How a formula writes it: options that the right function does not have, as `add=False`.
    why : str
        What was done, and what is right, in one or two sentences.
    cost : float
        How implausible it is, from 1.
    """

    options: Mapping[str, Option]
    why: str
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Misread:
    """A function that can be computed wrongly.

    Attributes
    ----------
    numpy : callable
        An implementation that takes the options of the misreadings, too. Without them it is the right one,
        but it also computes what the right one refuses: a stride with which the windows do not fit.
    ways : tuple of Misreading
        What people do instead.
    """

    numpy: Callable[..., Array]
    ways: tuple[Misreading, ...]

    def value(self, *operands: Array, **options: Any) -> Array | None:
        """Return what is computed; None if the operands do not fit even so: they may be of any shape."""
        try:
            return self.numpy(*operands, **options)
        except MISFITS:
            return None
