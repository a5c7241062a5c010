"""Where an element goes: the elements of a result that it feeds.

The forms say which region of their arguments feeds a region of a result. Asked the other way round, a result
is halved again and again: a half that the element does not feed is left, the rest ends as single elements.
"""

from __future__ import annotations

from typing import NamedTuple

from bpdebug.engine.language.forms import Index, Region, first_index, numbers_of, whole
from bpdebug.engine.language.nodes import Expression
from bpdebug.engine.language.provenance.regions import RegionReader

MOST_QUESTIONS = 4000
"""After so many halves the answer is left incomplete: a key waits for it."""


class Fed(NamedTuple):
    """The elements of a result that are fed, and whether these are all."""

    elements: tuple[Index, ...]
    complete: bool


def fed_elements(reader: RegionReader, expression: Expression, name: str, index: Index) -> Fed:
    """Find the elements of a result that an element feeds.

    Parameters
    ----------
    reader : RegionReader
        Reads the values that the expression reads.
    expression : Expression
        How the result is computed.
    name, index : str, tuple of int
        The element.

    Returns
    -------
    Fed
        Those elements whose provenance names it.
    """
    found: list[Index] = []
    waiting: list[Region] = [whole(reader.shape(expression))]
    for _ in range(MOST_QUESTIONS):
        if not waiting:
            break
        region = waiting.pop()
        sources = reader.sources(expression, region)
        if not any(source.name == name and source.contains(index) for source in sources):
            continue
        extents = [len(numbers_of(part)) for part in region]
        if all(extent == 1 for extent in extents):
            found.append(first_index(region))
        else:
            waiting.extend(_halves(region, extents.index(max(extents))))
    return Fed(tuple(sorted(found)), not waiting)


def _halves(region: Region, axis: int) -> tuple[Region, Region]:
    """Divide a region in the middle of an axis."""
    part = region[axis]
    middle = (part.start + part.stop) // 2
    before, after = region[:axis], region[axis + 1 :]
    return ((*before, slice(middle, part.stop), *after), (*before, slice(part.start, middle), *after))
