"""One way to fit the pairs of the ledger into a room: how much each takes, and which lie side by side.

Each pair begins with all that it needs. Then pairs give up room step by step, the least important first,
until there is a way to break them into bands that fits; what is left over goes back to those with too little.
A band is a row of columns. Each is one pair, or, where there is no room otherwise, a stack of neighbours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from bpdebug.present.breaking import Broken, Size, broken
from bpdebug.present.places import BORDERS, FEW_ROWS, NARROWEST_PAIR, Bands, Box, Need, PairPlace

Band = Sequence[Sequence[int]]
"""The columns of a band, and in each the pairs, from above."""


class Asked(NamedTuple):
    """What a pair takes of the screen: columns with borders, and rows of numbers."""

    width: int
    rows: int


class Packing:
    """One way to fit pairs into a room: with a header of indices above the columns, or without.

    Parameters
    ----------
    needs, in_use, width, height
        As above.
    header : int
        The lines above the numbers of a panel.
    """

    def __init__(
        self, needs: Sequence[Need], in_use: Sequence[int], width: int, height: int, header: int
    ) -> None:
        self.needs = [need.indexed(bool(header)) for need in needs]
        self.width, self.height, self.header = width, height, header
        wanted = list(dict.fromkeys(place for place in in_use if place < len(needs))) or [0]
        nearest = sorted(range(len(needs)), key=lambda place: (abs(place - wanted[0]), place))
        self.others = [place for place in nearest if place not in wanted]
        self.order = [*wanted, *self.others]
        self.asked = self.fitted()

    # How much of the screen each pair takes

    def full(self, need: Need) -> Asked:
        """Return what a pair needs, as far as a screen of its own would have it."""
        lines = self.height // (1 + need.is_double) - BORDERS - self.header
        return Asked(min(need.width, self.width), max(1, min(need.rows, lines)))

    def ladder(self, need: Need) -> list[Asked | None]:
        """Return what a pair could take, from all that it needs down to nothing."""
        full = self.full(need)
        width, rows = min(full.width, need.comfort), min(full.rows, FEW_ROWS)
        narrow = min(full.width, max(NARROWEST_PAIR, need.least))
        steps = (full, Asked(width, full.rows), Asked(width, rows), Asked(narrow, rows), Asked(narrow, 1))
        return [*dict.fromkeys(steps), None]

    def lowerings(self) -> list[tuple[int, Asked | None]]:
        """Return which pair goes down to which step of its ladder, in the order in which they do.

        First what no screen could show in full. Then the pairs that are not in use give room, the farthest
        first, until they are gone; then those in use, and of them the most important last.
        """
        ladders = [self.ladder(need) for need in self.needs]
        endless = [
            place
            for place in reversed(self.order)
            if ladders[place][0] != self.all_of(place) and ladders[place][1] is not None
        ]
        first, *used = [place for place in self.order if place not in self.others]
        stages = (
            (self.others, range(1, 6)),
            (used, range(1, 4)),
            ([first], range(1, 4)),
            ([first, *used], range(4, 6)),
        )
        return [(place, ladders[place][1]) for place in endless] + [
            (place, ladders[place][step])
            for group, steps in stages
            for step in steps
            for place in reversed(group)
            if step < len(ladders[place])
        ]

    def fitted(self) -> list[Asked | None]:
        """Return what each pair takes: as little is taken from as few as possible."""
        lowerings = self.lowerings()

        def after(count: int) -> list[Asked | None]:
            asked: list[Asked | None] = [*map(self.full, self.needs)]
            for place, step in lowerings[:count]:
                asked[place] = step
            return asked

        count = bisect_left(range(len(lowerings)), True, key=lambda count: self.fits(after(count)))
        asked = after(count)
        # What the last ones gave may be more than was needed.
        for place in self.order if count else ():
            asked[place] = self.most(place, asked)
        if not any(asked):
            asked[self.order[0]] = self.ladder(self.needs[self.order[0]])[-2]  # cut off: there is no room
        return asked

    def most(self, place: int, asked: list[Asked | None]) -> Asked | None:
        """Return what gives a pair the most numbers while the others take what they do."""
        need, now = self.needs[place], asked[place]
        full = self.full(need)
        if now == full:
            return now

        def fits(way: Asked) -> bool:
            return self.fits([*asked[:place], way, *asked[place + 1 :]])

        best = now
        for width in (
            full.width,
            min(full.width, need.comfort),
            min(full.width, max(NARROWEST_PAIR, need.least)),
        ):
            more = range(best.width * best.rows // width + 1 if best else 1, full.rows + 1)
            count = bisect_left(more, True, key=lambda rows: not fits(Asked(width, rows)))
            best = Asked(width, more[count - 1]) if count else best
        return best

    def fits(self, asked: Sequence[Asked | None]) -> bool:
        """Whether there is a way to lay out what the pairs take."""
        return self.broken(asked).lines <= self.height

    def all_of(self, place: int) -> Asked:
        """Return what all numbers of a pair take."""
        need = self.needs[place]
        return Asked(need.width, need.rows)

    @property
    def complete(self) -> int:
        """How many pairs are shown with all of their numbers."""
        return sum(size == self.all_of(place) for place, size in enumerate(self.asked))

    # Bands

    def wrapped(self, found: Broken) -> list[Band]:
        """Return which pairs lie in which bands."""
        shown = [place for place, size in enumerate(self.asked) if size is not None]
        return [[[shown[i] for i in column] for column in band] for band in found.bands]

    def broken(self, asked: Sequence[Asked | None], stacked: bool = False) -> Broken:
        """Break the pairs that take anything side by side if that fits, or else in stacks, or always so."""
        sizes = tuple(
            Size(
                size.width, self.lines(place, size), need.tensor, need.gradient, size.rows < min(need.rows, 2)
            )
            for place, (need, size) in enumerate(zip(self.needs, asked, strict=True))
            if size is not None
        )
        area = sum(size.width * size.lines for size in sizes)
        if stacked:
            return broken(sizes, self.width, stacking=True, always=True)
        found = broken(sizes, self.width, stacking=False)
        is_hopeless = found.lines <= self.height or area > self.width * self.height
        return found if is_hopeless else broken(sizes, self.width, stacking=True)

    def lines(self, place: int, size: Asked) -> int:
        """Return the lines of a pair by itself."""
        return (size.rows + BORDERS + self.header) * (1 + self.needs[place].is_double)

    def band_height(self, band: Band, asked: Sequence[Asked | None]) -> int:
        """Return the lines of a band; where a pair is one panel beside two, it may be as high as both."""
        sizes = [[(place, size) for place in column if (size := asked[place])] for column in band]
        high = max(sum(self.lines(*size) for size in column) for column in sizes)
        return high + high % 2 * self.is_double(band)

    def is_double(self, band: Band) -> bool:
        """Whether a band has tensors and gradients, one above the other."""
        needs = [self.needs[place] for column in band for place in column]
        return any(need.tensor for need in needs) and any(need.gradient for need in needs)

    # Where they lie

    def ways(self) -> Iterator[Bands]:
        """Lay the pairs out; where numbers are hidden, also in stacks, which leave others more width."""
        yield self.bands(self.wrapped(self.broken(self.asked)))
        stacked = self.broken(self.asked, stacked=True)
        if self.lacks and stacked.lines <= self.height:
            yield self.bands(self.wrapped(stacked))

    def bands(self, rows: Sequence[Band]) -> Bands:
        """Lay bands out, and give what is left to the pairs that have too little."""
        heights = self.heights(rows)
        places: list[PairPlace] = []
        for band, height, top in zip(rows, heights, accumulate(heights, initial=0), strict=False):
            widths = self.widths(band)
            for column, width, left in zip(band, widths, accumulate(widths, initial=0), strict=False):
                box = Box(left, top, width, height)
                if len(column) == 1:
                    places.append(self.place(column[0], box, self.is_double(band)))
                    continue
                lines = self.stack_lines(column, height)
                for pair, high, y in zip(column, lines, accumulate(lines, initial=top), strict=False):
                    own = box._replace(y=y, height=high)
                    places.append(self.place(pair, own, self.needs[pair].is_double))
        hidden = tuple(place for place, size in enumerate(self.asked) if size is None)
        return Bands(tuple(places), bool(self.header), hidden, not self.lacks)

    @property
    def lacks(self) -> bool:
        """Whether anything is hidden."""
        return self.complete < len(self.needs)

    def stack_lines(self, column: Sequence[int], height: int) -> list[int]:
        """Return the lines of each pair of a stack; those that lack rows have the others, or the last."""
        lines = [self.lines(place, size) for place in column if (size := self.asked[place])]
        lacking = [
            self.lines(place, self.all_of(place)) - now for place, now in zip(column, lines, strict=True)
        ]
        more = shared(lacking, height - sum(lines))
        lines = [now + extra - extra % 2 for now, extra in zip(lines, more, strict=True)]
        left = height - sum(lines)
        lines[-1] += left - left % 2 * self.needs[column[-1]].is_double
        return lines

    def heights(self, rows: Sequence[Band]) -> list[int]:
        """Return the lines of each band; what is left goes to those whose tensors have more rows."""
        heights = [min(self.band_height(band, self.asked), self.height) for band in rows]
        full: list[Asked | None] = [*map(self.all_of, range(len(self.needs)))]
        lacking = [self.band_height(band, full) - high for band, high in zip(rows, heights, strict=True)]
        more = [extra - extra % 2 for extra in shared(lacking, max(0, self.height - sum(heights)))]
        heights = [high + extra for high, extra in zip(heights, more, strict=True)]
        if self.lacks:
            more_lines = max(0, self.height - sum(heights))
            heights[-1] += more_lines - more_lines % 2 * self.is_double(rows[-1])  # the two panels are alike
        return heights

    def widths(self, band: Band) -> list[int]:
        """Return the width of each column of a band; what is left goes to numbers, then to titles."""
        needs = [max((self.needs[place] for place in column), key=lambda need: need.width) for column in band]
        widths = [max(self.trimmed(place) for place in column) for column in band]
        order = sorted(range(len(band)), key=lambda i: min(map(self.order.index, band[i])))
        # First whole numbers, to those that have the fewest: a part of one is of no use.
        left = self.width - sum(widths)
        while growing := [
            (widths[i], rank, i, more)
            for rank, i in enumerate(order)
            if 0 < (more := needs[i].wider(widths[i]) - widths[i]) <= left
        ]:
            *_, i, more = min(growing)
            widths[i] += more
            left -= more
        for goals in ([need.width for need in needs], [need.wish for need in needs]):
            lacking = [max(0, goal - width) for goal, width in zip(goals, widths, strict=True)]
            extras = shared(lacking, max(0, self.width - sum(widths)))
            widths = [width + extra for width, extra in zip(widths, extras, strict=True)]
        if self.lacks:
            widths[-1] += max(0, self.width - sum(widths))
        return widths

    def trimmed(self, place: int) -> int:
        """Return the width that a pair takes; what is there for titles alone is better used for numbers."""
        need, size = self.needs[place], self.asked[place]
        assert size is not None
        return min(size.width, max(need.whole(size.width), need.least)) if self.lacks else size.width

    def place(self, pair: int, box: Box, is_double: bool) -> PairPlace:
        """Put the panels of a pair into its part of a band."""
        need, size = self.needs[pair], self.asked[pair]
        assert size is not None
        if not is_double:
            return PairPlace(pair, box if need.tensor else None, box if need.gradient else None)
        half = box.height // 2
        above, below = box._replace(height=half), box._replace(y=box.y + half, height=box.height - half)
        if not need.is_double and size.rows + BORDERS + self.header > half:
            above = below = box
        return PairPlace(pair, above if need.tensor else None, below if need.gradient else None)


def shared(needs: Sequence[int], available: int) -> list[int]:
    """Share some columns, or rows, evenly among those who need them; nobody gets more than that."""
    shares = [0] * len(needs)
    for done, place in enumerate(sorted(range(len(needs)), key=lambda place: needs[place])):
        shares[place] = min(needs[place], available // (len(needs) - done))
        available -= shares[place]
    return shares
