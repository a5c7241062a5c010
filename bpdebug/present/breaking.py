"""Pairs that take so much each are broken into bands: the least high in all, and then the most even.

A band is a row of columns. Each is one pair, or, where there is no room otherwise, a stack of neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple


class Size(NamedTuple):
    """What a pair takes, with the lines of its frames; which panels it has; whether one row of several."""

    width: int
    lines: int
    tensor: bool
    gradient: bool
    is_poor: bool


class Broken(NamedTuple):
    """Pairs in bands: the lines of all, and of each band its columns, by the numbers of the pairs."""

    lines: int
    bands: tuple[tuple[range, ...], ...]


@lru_cache(maxsize=4096)
def broken(sizes: tuple[Size, ...], width: int, stacking: bool, always: bool = False) -> Broken:
    """Break pairs into bands: the least high in all, and then the most even.

    The best way to lay out the first pairs ends with some band, and before that is the best way to lay out
    those that are left: one is found from the other.
    """
    # Lines, unevenness, where the last band begins, and its columns, where they are not single pairs.
    best: list[tuple[int, int, int, tuple[range, ...] | None]] = [(0, 0, 0, None)]
    for end in range(1, len(sizes) + 1):
        ways = []
        left, most, area, tensor, gradient = width, 0, 0, False, False
        for start in range(end - 1, -1, -1):
            size = sizes[start]
            left, most, area = left - size.width, max(most, size.lines), area + size.width * size.lines
            tensor, gradient = tensor or size.tensor, gradient or size.gradient
            high = most + most % 2 * (tensor and gradient)
            columns, over = None, left
            if (left < 0 or always) and stacking and area <= width * high:
                taken, columns = stacks(sizes, start, end, high)
                over = width - taken
            if over >= 0 or start == end - 1:
                ways.append((best[start][0] + high, best[start][1] + over**2, start, columns))
            elif not stacking:
                break
        best.append(min(ways, key=lambda way: way[:3]))
    found: list[tuple[range, ...]] = []
    end = len(sizes)
    while end:
        *_, start, columns = best[end]
        found.insert(0, columns or tuple(range(i, i + 1) for i in range(start, end)))
        end = start
    return Broken(best[-1][0], tuple(found))


def stacks(sizes: Sequence[Size], first: int, last: int, high: int) -> tuple[int, tuple[range, ...]]:
    """Put neighbours above one another, up to so many lines, in the narrowest way; return its width, too.

    One row of several is of little use as it is: there would be more of those.
    """
    best: dict[int, tuple[int, tuple[range, ...]]] = {first: (0, ())}
    for end in range(first + 1, last + 1):
        ways = []
        width = lines = 0
        for start in range(end - 1, first - 1, -1):
            width, lines = max(width, sizes[start].width), lines + sizes[start].lines
            if lines > high or (start < end - 1 and any(size.is_poor for size in sizes[start:end])):
                break
            taken, columns = best[start]
            ways.append((taken + width, (*columns, range(start, end))))
        best[end] = min(ways, key=lambda way: way[0])
    return best[last]
