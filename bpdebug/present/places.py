"""What pairs of panels need of the screen, and where they lie: the records of the bands."""

from __future__ import annotations

from typing import NamedTuple

NARROWEST_PAIR = 14
"""The fewest columns in which a pair is of use: one number between two borders, and its title."""
COMFORTABLE_PAIR = 24
"""The columns in which a few numbers stand side by side, so that rows can be told from columns."""
COMFORTABLE_IMAGE = 56
"""The same for slices of a tensor of more axes: a window is seen where it has some room around it."""
BORDERS = 2
FEW_ROWS = 4
"""As many rows of a tall tensor are of use: they tell its rows from its columns."""


class Need(NamedTuple):
    """What a pair would need to show all that there is of it.

    Attributes
    ----------
    width : int
        The columns of its numbers, with the borders.
    rows : int
        The rows of its numbers.
    edge : int
        The columns for the indices of its rows.
    wish : int
        The columns in which its titles are complete, too.
    comfort : int
        The columns in which it is of use.
    least : int
        The columns in which one number, and the shortest title, have room.
    pitch : int
        The columns from one number to the next.
    words : int
        The columns in which it has room, too, for what other statements do with it.
    titles : int
        Of slices, the columns in which their axes are named; they are worth free rows.
    tensor, gradient : bool
        Which of the two panels there are.
    """

    width: int
    rows: int
    edge: int = 0
    wish: int = 0
    comfort: int = COMFORTABLE_PAIR
    least: int = NARROWEST_PAIR
    pitch: int = 1
    words: int = 0
    titles: int = 0
    tensor: bool = True
    gradient: bool = True

    @property
    def is_double(self) -> bool:
        """Whether there are a tensor and a gradient."""
        return self.tensor and self.gradient

    def indexed(self, is_indexed: bool) -> Need:
        """Return what it needs with the indices of its rows beside them, or without."""
        edge = self.edge * is_indexed
        return self._replace(width=self.width + edge, least=self.least + edge, edge=edge)

    def columns_in(self, width: int) -> int:
        """Return how many columns of numbers a width has room for, beside the indices."""
        return max(0, min(width, self.width) - self.edge - BORDERS) // self.pitch

    def has_columns_in(self, width: int) -> bool:
        """Whether a width has room for all columns of numbers."""
        return self.columns_in(width) == self.columns_in(self.width)

    def whole(self, width: int) -> int:
        """Return the part of a width that whole numbers fill."""
        return self.columns_in(width) * self.pitch + self.edge + BORDERS

    def wider(self, width: int) -> int:
        """Return the next width that shows one more number; the same where all are shown."""
        if self.has_columns_in(width):
            return width
        return self.whole(width) + self.pitch


class Box(NamedTuple):
    """Where a panel lies, with its borders."""

    x: int
    y: int
    width: int
    height: int


class PairPlace(NamedTuple):
    """Where a pair lies: the boxes of its panels, None for one that there is not."""

    pair: int
    tensor: Box | None
    gradient: Box | None

    @property
    def box(self) -> Box:
        """Where one of its panels lies; the other, if there is one, is as large."""
        found = self.tensor or self.gradient
        assert found is not None
        return found


class Bands(NamedTuple):
    """Where all pairs lie.

    Attributes
    ----------
    places : tuple of PairPlace
        Those that are shown, in their order.
    indexed : bool
        Whether rows and columns have room for their numbers.
    hidden : tuple of int
        The pairs that have no room.
    complete : bool
        Whether all numbers are shown.
    """

    places: tuple[PairPlace, ...] = ()
    indexed: bool = False
    hidden: tuple[int, ...] = ()
    complete: bool = False

    @property
    def height(self) -> int:
        """The lines that they take."""
        boxes = (box for place in self.places for box in (place.tensor, place.gradient) if box is not None)
        return max((box.y + box.height for box in boxes), default=0)
