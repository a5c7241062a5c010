"""One element of the result of a call: what a form is told when it says where the element comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.forms.regions import Array, Index, Options, Region, Shape, whole


class Choice(NamedTuple):
    """A region of one argument of a call that decides on an element, and whether it is the winner there."""

    argument: int
    region: Region
    wins: bool = False


class Element(NamedTuple):
    """One element of the result of a call.

    Attributes
    ----------
    function, notation : str
        The name of the function, and how mathematics writes it; empty if as `name(x)`.
    precedence : int
        How tightly that binds.
    place : tuple of int
        Which element of the result.
    names : tuple of str
        What each argument is called; empty where it is computed on the way.
    shapes : tuple of tuple of int
        The shapes of the arguments.
    options : mapping
        All options of the call.
    regions : tuple of tuple of slice
        The region of each argument that may feed the element, whatever the values are.
    value : callable
        (number of an argument, region of it) -> its values.
    result : callable
        () -> the value of the element itself.
    """

    function: str
    notation: str
    precedence: int
    place: Index
    names: tuple[str, ...]
    shapes: tuple[Shape, ...]
    options: Options
    regions: tuple[Region, ...]
    value: Callable[[int, Region], Array]
    result: Callable[[], float]

    def whole(self, argument: int) -> Array:
        """Return all values of an argument."""
        return self.value(argument, whole(self.shapes[argument]))

    def values(self, argument: int, cells: Sequence[Index]) -> Array:
        """Return the values of some elements of an argument."""
        chosen: Array = self.whole(argument)[tuple(np.transpose(cells))]
        return chosen
