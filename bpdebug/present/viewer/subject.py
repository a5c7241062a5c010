"""What the viewer is asked to show: a tensor by its name, and what it may be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.provenance.origins import Origin
from bpdebug.engine.language.provenance.regions import FeedingRegion, Index
from bpdebug.present.cells import Notation
from bpdebug.present.slicing import written_axes
from bpdebug.present.views import View


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A tensor to look at.

    Attributes
    ----------
    name : str
        What it is called.
    value : array
        Any number of axes, also none, and any extents, also 0.
    original : array or None
        What it was before something was set, where that has changed it.
    mine : array or None
        The user's numbers, which may have another shape.
    gradients : mapping
        For a gradient, what it is in every layer, itself included: name -> values.
    index : tuple of int
        The element on which the cursor stands first; the first one if it is empty.
    notation, digits
        How numbers are written at first.
    axes : tuple of str
        What its axes are called; empty where that is not known.
    view : str
        Which of its numbers are shown first.
    is_mask : bool
        Whether −∞ is meant in it.
    explain : callable
        Says where an element comes from.
    feeds : str
        The element of another tensor that is explained where the viewer was opened: `dw2[1,3]`.
    sources : tuple of FeedingRegion
        What feeds that element.
    """

    name: str
    value: Array
    original: Array | None = None
    mine: Array | None = None
    gradients: Mapping[str, Array] = field(default_factory=dict)
    index: Index = ()
    notation: Notation = "automatic"
    digits: int = 4
    axes: tuple[str, ...] = ()
    view: View = "run"
    is_mask: bool = False
    explain: Callable[[Index], Origin | None] = lambda index: None
    feeds: str = ""
    sources: tuple[FeedingRegion, ...] = ()

    def axes_of(self, values: ShownValues) -> tuple[str, ...]:
        """Return what the axes of some values are called; those of another number of axes have no names."""
        return written_axes(self.axes if len(self.axes) == len(values.shape) else ("",) * len(values.shape))

    def choices(self) -> tuple[ShownValues, ...]:
        """Return all that can be looked at, in the order in which a key shows it."""
        return tuple(self._choices())

    def _choices(self) -> Iterator[ShownValues]:
        # The user's numbers always stand against the original run: that is what their code was given.
        if self.original is None:
            label, reference = "reference", self.value
            yield ShownValues(label if self.mine is not None else "", reference, against=self.mine)
        else:
            label, reference = "original", self.original
            yield ShownValues("what if", self.value, against=reference)
            yield ShownValues(label, reference, against=self.value, view="original")
            yield ShownValues(f"what if − {label}", self.value, reference, against=reference, view="change")
        if self.mine is not None:
            yield ShownValues("mine", self.mine, against=reference, view="mine")
            if self.mine.shape == reference.shape:
                yield ShownValues(
                    f"mine − {label}", self.mine, reference, against=reference, view="difference"
                )


@dataclass(frozen=True, slots=True, eq=False)
class ShownValues:
    """Numbers in the shape of the tensor: its values, other values, or a difference.

    It can be asked for its elements like an array. A difference is computed where it is looked at, so
    that one between large tensors is there at once.

    Attributes
    ----------
    label : str
        What the numbers are; empty where they are all there is.
    value : array
        The values.
    minus : array or None
        What is taken from them.
    against : array or None
        The values that these are compared with, where they have the same shape.
    view : str
        The view of the panels in which these are shown.
    """

    label: str
    value: Array
    minus: Array | None = None
    against: Array | None = None
    view: View = "run"

    @property
    def shape(self) -> Shape:
        """The extent of each axis."""
        return np.shape(self.value)

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the elements are."""
        return self.value.dtype if self.minus is None else np.result_type(self.value, self.minus)

    def __getitem__(self, key: Any, /) -> Array:
        """Return some of the elements."""
        if self.minus is None:
            return np.asarray(self.value[key])
        with np.errstate(all="ignore"):
            return np.asarray(np.subtract(self.value[key], self.minus[key]))

    def differs(self, key: Any) -> np.ndarray | None:
        """Return which of some elements are not the same in the other values; None without such values."""
        if self.against is None or self.against.shape != self.shape:
            return None
        own, other = np.asarray(self.value[key]), np.asarray(self.against[key])
        return np.asarray((own != other) & ~(np.isnan(own) & np.isnan(other)))
