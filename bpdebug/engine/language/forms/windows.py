"""Windows that slide over the last axes of a tensor, as those of a convolution and of pooling do.

Along one axis there are three numbers: `i` of the input, `k` within the window, `o` of the output. They
belong together where `i = o·stride − padding + k·dilation`. What computes, what says which elements are
read and what writes the arithmetic all ask this one equation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bpdebug.engine.language.forms.regions import Shape, written
from bpdebug.engine.language.nodes import Option
from bpdebug.errors import ShapeError


@dataclass(frozen=True, slots=True)
class Sliding:
    """A window that slides along one axis.

    Attributes
    ----------
    extent : int
        The extent of the input.
    size : int
        How many numbers of the input a window holds.
    stride : int
        How far one window starts from the next.
    padding : int
        How far the first window starts before the input, and the last may end after it.
    dilation : int
        How far the numbers of one window lie apart.
    """

    extent: int
    size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def reach(self) -> int:
        """From the first number of a window to its last, both counted."""
        return self.dilation * (self.size - 1) + 1

    @property
    def outputs(self) -> int:
        """How many windows there are; 0 or less where not one fits."""
        return (self.extent + 2 * self.padding - self.reach) // self.stride + 1

    def at(self, o: int, k: int) -> int:
        """Return `i`, which may lie in the padding."""
        return o * self.stride - self.padding + k * self.dilation

    def window(self, o: int) -> list[tuple[int, int]]:
        """Return the pairs (i, k) of one window."""
        pairs = ((self.at(o, k), k) for k in range(self.size))
        return [(i, k) for i, k in pairs if 0 <= i < self.extent]

    def windows_of(self, i: int) -> list[tuple[int, int]]:
        """Return the pairs (o, k) of the windows that hold one number of the input."""
        starts = ((i + self.padding - k * self.dilation, k) for k in range(self.size))
        pairs = ((start // self.stride, k) for start, k in starts if start % self.stride == 0)
        return [(o, k) for o, k in pairs if 0 <= o < self.outputs]

    def visits(self, k: int) -> tuple[slice, slice]:
        """Return the outputs for which `k` lies within the input, and where it then lies, both as slices."""
        before = self.padding - k * self.dilation
        first = max(0, -(-before // self.stride))
        stop = max(first, min(self.outputs, (self.extent - 1 + before) // self.stride + 1))
        start = self.at(first, k)
        return slice(first, stop), slice(start, start + (stop - first) * self.stride, self.stride)


def whole_numbers(function: str, name: str, option: Option, axes: int, least: int) -> tuple[int, ...]:
    """Return what an option says for each axis: one number for all of them, or one for each.

    Raises
    ------
    ShapeError
        If it is neither, or a number is too small.
    """
    numbers = option if isinstance(option, tuple) else (option,) * axes
    if len(numbers) != axes or any(type(number) is not int or number < least for number in numbers):
        several = f" or {axes} of them" if axes > 1 else ""
        raise ShapeError(
            f"{name} of {function} is a whole number of {least} or more{several}: found {name}={option!r}"
        )
    return tuple(number for number in numbers if isinstance(number, int))


def check_fit(function: str, axes: Iterable[Sliding], shape: Shape) -> None:
    """Refuse windows that do not fit into what they slide over.

    Raises
    ------
    ShapeError
        With what the windows need and what there is.
    """
    axes = tuple(axes)
    if any(axis.outputs < 1 for axis in axes):
        padded = tuple(axis.extent + 2 * axis.padding for axis in axes)
        needed = tuple(axis.reach for axis in axes)
        raise ShapeError(
            f"the windows of {function} reach over {written(needed)}, but {written(shape)} "
            f"with its padding has only {written(padded)}"
        )
