"""What a check found, as plain data: the same object that the command prints and the app shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bpdebug.engine.language.provenance.regions import Index

Verdict = Literal["right", "wrong", "innocent", "kink", "convention", "not given"]
"""What is said of a tensor.

right : it is what its formula gives.
wrong : it is not, although what it was fed would have given the right value; or, of one that was not given,
    what follows from it tells so.
innocent : it differs from the reference, but follows from what it was fed.
kink : a derived gradient at a corner of the function, between the slopes of both sides.
convention : a factor that another place makes up for, such as 1/m taken at the parameters.
not given : there is nothing to compare.
"""

MOST_NAMES = 6
"""So many of the tensors that follow from a wrong one are named."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The element that differs most, and both its values; for a gradient check, `mine` is the derived one."""

    index: Index
    mine: float
    reference: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A formula that gives the user's numbers.

    Attributes
    ----------
    formula : str
        The statement's right side as it must have been: `da1 * sigmoid_prime(a1)`. Where the mistake is in
        the steps of a loop, which were not given, the formula of one step follows, after `with`.
    edits : tuple of str
        What was changed in the right formula, in words.
    explanation : str
        What was done, and why it is wrong.
    fix : str
        The right formula.
    residual : float
        How far its numbers are from the user's, relative to their size.
    """

    formula: str
    edits: tuple[str, ...]
    explanation: str
    fix: str
    residual: float


@dataclass(frozen=True, slots=True)
class TensorReport:
    """What was found about one tensor.

    Attributes
    ----------
    name : str
        The tensor; of a gradient check, the gradient.
    layer : int
        Its layer, from 1; 0 where there are none.
    verdict : Verdict
        What is said of it.
    max_relative_error : float or None
        The largest relative error of an element; None where nothing was compared.
    worst : Worst or None
        The element with that error.
    note : str
        What else is to be said: a wrong shape, the tensor that an innocent one's fault came from.
    diagnoses : tuple of Diagnosis
        For a wrong tensor, the formulas that give its numbers, the most plausible first.
    ambiguous : bool
        Whether several of them differ elsewhere but cannot be told apart on these numbers.
    shows_in : tuple of str
        For a wrong tensor, the others of the user's that are wrong because of it.
    wrong : array of bool or None
        The elements that differ from the reference, by the user's convention; None if nothing was compared.
    """

    name: str
    layer: int
    verdict: Verdict
    max_relative_error: float | None = None
    worst: Worst | None = None
    note: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()
    ambiguous: bool = False
    shows_in: tuple[str, ...] = ()
    wrong: np.ndarray | None = field(default=None, compare=False, repr=False)

    @property
    def because_of_it(self) -> str:
        """What else is wrong because of it, in words: `wrong because of it: dw1, db1`; empty without any."""
        more = len(self.shows_in) - MOST_NAMES
        named = ", ".join(self.shows_in[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        return f"wrong because of it: {named}" if named else ""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check.

    Attributes
    ----------
    tensors : tuple of TensorReport
        The user's tensors, in the order of the program; without any, the derived gradients.
    renamed : mapping
        The user's names that were understood as others: theirs -> ours.
    would_tell : str
        What would tell apart what these numbers cannot: a larger batch, unequal sizes.
    """

    tensors: tuple[TensorReport, ...]
    renamed: Mapping[str, str]
    would_tell: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return all(tensor.verdict not in ("wrong", "innocent") for tensor in self.tensors)
