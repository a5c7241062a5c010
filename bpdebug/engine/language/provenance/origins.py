"""Provenance: where one element of a result comes from, as cells and as arithmetic.

`dw2[0,1] = dz2[0,0]·a1[1,0] + dz2[0,1]·a1[1,1]`: the elements of the operands that feed it, and the
same line with their numbers. Both are readings of the tree, from the element down to the names; a
function's form decides how its arithmetic is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.language.forms import Array, Shape
from bpdebug.engine.language.forms.writing import LongSum, Written, element_text
from bpdebug.engine.language.long_sums import ELLIPSIS, abbreviated
from bpdebug.engine.language.nodes import Expression, names
from bpdebug.engine.language.printing import written_number
from bpdebug.engine.language.provenance.regions import FeedingRegion, Index, RegionReader, point
from bpdebug.engine.language.provenance.writer import ExpressionWriter

__all__ = ["Origin", "element_text", "origin_of"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one element of a result comes from.

    Attributes
    ----------
    element : str
        The element itself: `dw2[0,1]`.
    sources : tuple of FeedingRegion
        The elements of the operands that feed it.
    symbols : str
        Its arithmetic in names: `dz2[0,0]·a1[1,0]`.
    numbers : str
        The same arithmetic in numbers: `0.004141 · 1.589`.
    total : str
        What it comes to: the value that the run recorded, rounded only here.
    evaluated : str
        The arithmetic in numbers, each function replaced by its value; empty where there is none.
    tables : tuple of LongSum
        The long sums in it, where they were asked for as tables.
    """

    element: str
    sources: tuple[FeedingRegion, ...]
    symbols: str
    numbers: str
    total: str
    evaluated: str = ""
    tables: tuple[LongSum, ...] = ()

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides of the equation that it is; a copied element does not repeat its number."""
        sides = (self.element, self.symbols, self.numbers, self.evaluated, self.total)
        return tuple(dict.fromkeys(filter(None, sides)))

    def __str__(self) -> str:
        return " = ".join(self.sides)


def origin_of(
    name: str,
    expression: Expression,
    index: Index,
    result: Array,
    values: Mapping[str, Array],
    digits: int = 4,
    tabulate: bool = False,
) -> Origin:
    """Explain one element of a result.

    Parameters
    ----------
    name : str
        What the result is called.
    expression : Expression
        How it was computed.
    index : tuple of int
        Which element.
    result : array
        The result, as the run recorded it.
    values : mapping
        The values of all names that the expression reads.
    digits : int
        Significant digits of the numbers in the arithmetic.
    tabulate : bool
        Whether long sums are wanted as tables.

    Raises
    ------
    IndexError
        If the result has no such element.
    """
    if len(index) != result.ndim or not all(0 <= i < n for i, n in zip(index, result.shape, strict=True)):
        raise IndexError(f"{element_text(name, index)} does not exist: {name} has shape {result.shape}")
    # Of all that a run has only what the expression reads: that of a long program would take longer than all.
    shapes = {operand: values[operand].shape for operand in names(expression)}
    reader = RegionReader(values, shapes)
    tables: list[LongSum] | None = [] if tabulate else None
    with np.errstate(all="ignore"):
        written = _arithmetic(expression, index, values, shapes, digits, tables)
    sources: dict[object, FeedingRegion] = {}
    for source in reader.sources(expression, point(index)):
        sources.setdefault(source.key, source)
    total = written_number(float(result[index]), digits)
    return Origin(
        element_text(name, index),
        tuple(sources.values()),
        written.symbols,
        written.numbers,
        total,
        written.evaluated,
        tuple(tables or ()),
    )


def _arithmetic(
    expression: Expression,
    index: Index,
    values: Mapping[str, Array],
    shapes: Mapping[str, Shape],
    digits: int,
    tables: list[LongSum] | None,
) -> Written:
    """Write an element; what stands for the terms of a long sum that are not shown fits anything."""
    shown = abbreviated(expression)
    if shown is not expression:
        values = {ELLIPSIS: np.zeros(()), **{name: values[name] for name in names(shown) if name in shapes}}
        shapes = {**shapes, ELLIPSIS: ()}
    return ExpressionWriter(RegionReader(values, shapes), digits, tables).write(shown, index)
