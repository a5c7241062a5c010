"""A panel of the ledger: one tensor at a moment, a slice of it, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.provenance.regions import FeedingRegion
from bpdebug.present.slicing import Slicing, whole

PanelMark = Literal["written", "in part", "read", "incoming", ""]
NOT_YET = "not computed yet"
"""The note of what a later statement writes."""
NUMBER = whole(())
"""How what has no axes is sliced."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One tensor as it is at this moment.

    Attributes
    ----------
    role, name : str
        What it is to its layer, and its name in the program; empty where there is nothing to show.
    shape : tuple of int
        The shape that it has, or will have.
    value : array or None
        Its value; None while there is none, and `note` then says why.
    mark : str
        What the current operation does with it.
    recorded : array or None
        The value that the whole run gave it. It decides on the room that its numbers need, so that
        nothing moves when they appear.
    note : str
        What to say in place of a value.
    sources : tuple of FeedingRegion
        The regions of it that the selected element comes from.
    title : str
        What is shown in place of the name: inside a statement, the node that has just been computed.
    view : str
        Whose numbers these are, where that makes a difference: `changed`, `original`, `mine`, ...
    wrong : array of bool or None
        The elements that the user got wrong.
    slicing : Slicing
        Which slice of it is in sight, and where the cell cursor of its pair is.
    axes : tuple of str
        What its axes are called, where there are more than two.
    elsewhere : int
        In how many other slices there is something that the selected element comes from.
    is_mask : bool
        Whether −∞ is meant in it.
    dtype : str
        What its elements are, where that has not been said beside it.
    is_reference : bool
        Whether these are the right numbers, and the user has others.
    """

    role: str
    name: str
    shape: Shape = ()
    value: Array | None = None
    mark: PanelMark = ""
    recorded: Array | None = None
    note: str = ""
    sources: tuple[FeedingRegion, ...] = ()
    title: str = ""
    view: str = ""
    wrong: np.ndarray | None = None
    slicing: Slicing = NUMBER
    axes: tuple[str, ...] = ()
    elsewhere: int = 0
    is_mask: bool = False
    dtype: str = ""
    is_reference: bool = False

    def looks_like(self, other: Panel) -> bool:
        """Whether all that is visible of two panels is the same."""
        return (
            self.numbers_like(other)
            and self.sources == other.sources
            and self.slicing == other.slicing
            and self.words == other.words
        )

    def numbers_like(self, other: Panel) -> bool:
        """Whether two panels show the same numbers, whatever is marked among them."""
        return (
            self.value is other.value
            and self.wrong is other.wrong
            and self.is_reference == other.is_reference
            and self.slicing.like(other.slicing)
        )

    @property
    def words(self) -> tuple[object, ...]:
        """All that is said about the numbers."""
        what = self.role, self.name, self.title, self.axes, self.elsewhere
        return *what, self.view, self.mark, self.note, self.dtype, self.is_reference

    @property
    def wrong_here(self) -> np.ndarray | None:
        """Which of the elements in sight are wrong: none of the right numbers are."""
        return None if self.is_reference else self.wrong


@dataclass(frozen=True, slots=True)
class Pair:
    """A tensor above its gradient."""

    tensor: Panel
    gradient: Panel
