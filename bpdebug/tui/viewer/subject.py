"""What the viewer is asked to show: a tensor by its name, and what it may be compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.regions import Index
from bpdebug.tui.cells import Notation


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A tensor to look at.

    Attributes
    ----------
    name : str
        What it is called.
    value : array
        Any number of axes, also none, and any extents, also 0.
    label : str
        What its values are, where there are others: `reference`, `original`.
    others : mapping
        Label -> other values of the same tensor, which may have another shape: `mine`, `changed`.
    gradients : mapping
        For a gradient, what it is in every layer, itself included: name -> values.
    index : tuple of int
        The element on which the cursor stands first; the first one if it is empty.
    notation, digits
        How numbers are written at first.
    """

    name: str
    value: Array
    label: str = "reference"
    others: Mapping[str, Array] = field(default_factory=dict)
    gradients: Mapping[str, Array] = field(default_factory=dict)
    index: Index = ()
    notation: Notation = "automatic"
    digits: int = 4

    def choices(self) -> tuple[Values, ...]:
        """Return all that can be looked at: the values, and each other's values and their difference.

        Of another shape there is no difference.
        """
        first = next(iter(self.others.values()), None)
        choices = [Values(self.label if self.others else "", self.value, against=first)]
        for label, other in self.others.items():
            choices.append(Values(label, other, against=self.value))
            if other.shape == self.value.shape:
                choices.append(Values(f"{label} − {self.label}", other, minus=self.value, against=self.value))
        return tuple(choices)


@dataclass(frozen=True, slots=True, eq=False)
class Values:
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
    """

    label: str
    value: Array
    minus: Array | None = None
    against: Array | None = None

    @property
    def shape(self) -> Shape:
        """The extent of each axis."""
        return self.value.shape

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
