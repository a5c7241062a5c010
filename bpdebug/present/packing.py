"""One way to fit the pairs of the ledger into a room: how much each takes, and which lie side by side.

Each pair begins with all that it needs. Then pairs give up room step by step, the least important first,
until there is a way to break them into bands that fits; what is left over goes back to those with too little.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from bpdebug.present.places import BORDERS, FEW_ROWS, NARROWEST_PAIR, Bands, Box, Need, PairPlace


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

    def ways(self, need: Need) -> list[Asked]:
        """Return what a pair could take, from the most numbers to the fewest."""
        full = self.full(need)
        narrow = max(NARROWEST_PAIR, need.least)
        widths = {full.width, min(full.width, need.comfort), min(full.width, narrow)}
        rows = {full.rows, *(few for few in (FEW_ROWS, 2, 1) if few < full.rows)}
        ways = [Asked(width, count) for width in widths for count in rows]
        return sorted(ways, key=lambda way: (-way.width * way.rows, -way.rows))

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
            now = asked[place]
            for way in self.ways(self.needs[place]):
                if now is not None and way.width * way.rows <= now.width * now.rows:
                    break
                raised = [*asked[:place], way, *asked[place + 1 :]]
                if self.fits(raised):
                    asked = raised
                    break
        if not any(asked):
            asked[self.order[0]] = self.ladder(self.needs[self.order[0]])[-2]  # cut off: there is no room
        return asked

    def fits(self, asked: Sequence[Asked | None]) -> bool:
        """Whether there is a way to lay out what the pairs take."""
        return sum(self.band_height(band, asked) for band in self.wrapped(asked)) <= self.height

    def all_of(self, place: int) -> Asked:
        """Return what all numbers of a pair take."""
        need = self.needs[place]
        return Asked(need.width, need.rows)

    @property
    def complete(self) -> int:
        """How many pairs are shown with all of their numbers."""
        return sum(size == self.all_of(place) for place, size in enumerate(self.asked))

    # Bands

    def wrapped(self, asked: Sequence[Asked | None]) -> list[list[int]]:
        """Break the pairs that take anything into bands: the least high in all, and then the most even.

        The best way to lay out the first pairs ends with some band, and before that is the best way to lay
        out those that are left: one is found from the other.
        """
        shown = [place for place, size in enumerate(asked) if size is not None]
        best: list[tuple[int, int, int]] = [(0, 0, 0)]  # height, unevenness, where the last band begins
        for end in range(1, len(shown) + 1):
            ways = []
            for start in range(end - 1, -1, -1):
                band = shown[start:end]
                left = self.width - sum(size.width for i in band if (size := asked[i]))
                if start < end - 1 and left < 0:
                    break
                high, uneven, _ = best[start]
                ways.append((high + self.band_height(band, asked), uneven + left**2, start))
            best.append(min(ways))
        found: list[list[int]] = []
        end = len(shown)
        while end:
            start = best[end][2]
            found.insert(0, shown[start:end])
            end = start
        return found

    def band_height(self, band: Sequence[int], asked: Sequence[Asked | None]) -> int:
        """Return the lines of a band; where a pair is one panel beside two, it may be as high as both."""
        frame = BORDERS + self.header
        sizes = [(self.needs[place], size) for place in band if (size := asked[place])]
        if not self.is_double(band):
            return max(size.rows + frame for _, size in sizes)
        return 2 * max(
            size.rows + frame if need.is_double else -(-(size.rows + frame) // 2) for need, size in sizes
        )

    def is_double(self, band: Sequence[int]) -> bool:
        """Whether a band has tensors and gradients, one above the other."""
        return any(self.needs[place].tensor for place in band) and any(
            self.needs[place].gradient for place in band
        )

    # Where they lie

    @cached_property
    def bands(self) -> Bands:
        """Lay the pairs out, and give what is left to those that have too little."""
        rows = self.wrapped(self.asked)
        heights = self.heights(rows)
        places: list[PairPlace] = []
        for band, height, top in zip(rows, heights, accumulate(heights, initial=0), strict=False):
            widths = self.widths(band)
            for pair, width, left in zip(band, widths, accumulate(widths, initial=0), strict=False):
                places.append(self.place(pair, Box(left, top, width, height), self.is_double(band)))
        hidden = tuple(place for place, size in enumerate(self.asked) if size is None)
        return Bands(tuple(places), bool(self.header), hidden, not self.lacks)

    @property
    def lacks(self) -> bool:
        """Whether anything is hidden."""
        return self.complete < len(self.needs)

    def heights(self, rows: Sequence[Sequence[int]]) -> list[int]:
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

    def widths(self, band: Sequence[int]) -> list[int]:
        """Return the columns of each pair of a band; what is left goes to numbers, then to titles."""
        needs = [self.needs[place] for place in band]
        asked = [size.width for place in band if (size := self.asked[place])]
        widths = asked
        if self.lacks:  # what is there for titles alone is better used for numbers
            trimmed = (max(need.whole(width), need.least) for need, width in zip(needs, asked, strict=True))
            widths = [min(pair) for pair in zip(trimmed, asked, strict=True)]
        # First whole numbers, to those that have the fewest: a part of one is of no use.
        left = self.width - sum(widths)
        while growing := [
            (widths[i], order, i, more)
            for order, i in enumerate(sorted(range(len(band)), key=lambda i: self.order.index(band[i])))
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
