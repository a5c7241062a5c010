"""Verdicts on gradients, as data."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bpdebug.sources.script.recorder.records import Node

VerdictKind = Literal["right", "factor", "wrong", "unknown"]


class GradientVerdict(NamedTuple):
    """What the gradient of one parameter is.

    Attributes
    ----------
    kind : str
        `right`; `factor`: a multiple of the reference, but not the same as for the others; `wrong`;
        `unknown`: there is no reference, because something opaque lies between.
    gradient : Node or None
        Which tensor is its gradient: where it is right or has another factor, the deepest one of the chain
        that is a multiple of the reference; otherwise the deepest one that has a name.
    ratio : float or None
        The gradient is so many times the reference.
    is_zero : bool
        Whether the reference is 0 by nature: it proves nothing.
    leaves_decay_out : bool
        Whether it is right only without a weight decay.
    has_own_rate : bool
        Whether it is right with a rate of its own.
    pieces : tuple of bool
        Of a parameter whose parts have steps of their own, which of these are right.
    """

    kind: VerdictKind
    gradient: Node | None = None
    ratio: float | None = None
    is_zero: bool = False
    leaves_decay_out: bool = False
    has_own_rate: bool = False
    pieces: tuple[bool, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether it is the reference times the common factor."""
        return self.kind == "right"


class GradientVerdicts(NamedTuple):
    """What the gradients of all parameters are, in their order.

    Attributes
    ----------
    factor : float or None
        The common factor: `step = −factor · reference`; None where there is none.
    ratio : float or None
        The gradients are so many times the reference.
    each : tuple of GradientVerdict
        One for each parameter.
    """

    factor: float | None
    ratio: float | None
    each: tuple[GradientVerdict, ...]

    @property
    def are_right(self) -> bool:
        """Whether all of them are right."""
        return all(verdict.is_right for verdict in self.each)

    def are_multiples(self, tolerance: float) -> bool:
        """Whether all of them are the same multiple of what they should be, and none is right."""
        ratios = [one.ratio for one in self.each if one.kind == "factor" and one.ratio is not None]
        is_same = all(abs(one - ratios[0]) <= tolerance * abs(ratios[0]) for one in ratios)
        return is_same and len(ratios) == len(self.each) > 0

    def count(self, kind: VerdictKind) -> int:
        """Return how many are of a kind."""
        return sum(verdict.kind == kind for verdict in self.each)
