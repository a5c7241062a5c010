"""Regions: which elements of the named tensors a region of a result needs, and their values.

Each function's form says which region of its arguments feeds a region of its result; followed down
the tree, that leads to the names. Only those regions are evaluated, so an element of a large product
costs one row and one column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.forms import (
    Array,
    Index,
    Region,
    Shape,
    cell_of,
    first_index,
    is_empty,
    numbers_of,
    point,
)
from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.engine.language.shapes import options_of

__all__ = ["FeedingRegion", "Index", "RegionReader", "cell_of", "first_index", "point"]


@dataclass(frozen=True, slots=True)
class FeedingRegion:
    """A tensor that feeds an element: its name, the region of it that does, and whether that is the winner.

    A winner is one element among others that were compared: the largest of its window.
    """

    name: str
    region: Region
    wins: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others: slices cannot be looked up in a table."""
        return self.name, self.wins, *((part.start, part.stop, part.step) for part in self.region)

    def contains(self, index: Index) -> bool:
        """Whether an element of the tensor is one of those that feed the result."""
        return all(i in numbers_of(part) for part, i in zip(self.region, index, strict=True))


@dataclass(frozen=True, slots=True)
class RegionReader:
    """Reads regions of results from the values of the tensors.

    Attributes
    ----------
    values : mapping
        The values of all names that the expressions read.
    shapes : mapping
        Their shapes.
    """

    values: Mapping[str, Array]
    shapes: Mapping[str, Shape]
    _known: dict[int, Shape] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shape(self, node: Expression) -> Shape:
        """Return the shape of a node's result; that of a call is found once, for all levels above it."""
        if not isinstance(node, Call):
            return self.shapes[node.id] if isinstance(node, Name) else ()
        if id(node) not in self._known:
            operands = tuple(map(self.shape, node.arguments))
            self._known[id(node)] = FUNCTIONS[node.function].form.shape(operands, options_of(node))
        return self._known[id(node)]

    def operand_regions(self, call: Call, region: Region) -> tuple[Region, ...]:
        """Return the region of each argument of a call that feeds a region of its result."""
        operands = tuple(map(self.shape, call.arguments))
        return FUNCTIONS[call.function].form.reads(region, operands, options_of(call))

    def sources(self, node: Expression, region: Region) -> list[FeedingRegion]:
        """Return the regions of the named tensors that a region of a node's result needs."""
        if isinstance(node, Name):
            return [] if is_empty(region) else [FeedingRegion(node.id, region)]
        if isinstance(node, Number):
            return []
        choose = FUNCTIONS[node.function].form.choices
        if choose is not None and all(len(numbers_of(part)) == 1 for part in region):
            return [
                replace(source, wins=source.wins or choice.wins)
                for choice in choose(self.element(node, first_index(region)))
                for source in self.sources(node.arguments[choice.argument], choice.region)
            ]
        operands = zip(node.arguments, self.operand_regions(node, region), strict=True)
        return [source for argument, part in operands for source in self.sources(argument, part)]

    def element(self, call: Call, place: Index) -> Element:
        """Return one element of a call's result, as its form sees it."""
        function = FUNCTIONS[call.function]
        return Element(
            function.name,
            function.notation,
            function.precedence,
            place,
            tuple(argument.id if isinstance(argument, Name) else "" for argument in call.arguments),
            tuple(map(self.shape, call.arguments)),
            options_of(call),
            self.operand_regions(call, point(place)),
            lambda number, region: self.value(call.arguments[number], region),
            lambda: float(np.asarray(self.value(call, point(place))).item()),
        )

    def value(self, node: Expression, region: Region) -> Array:
        """Evaluate a region of a node's result."""
        if isinstance(node, Name):
            return self.values[node.id][region]
        if isinstance(node, Number):
            return np.asarray(node.value, dtype=float)
        if not FUNCTIONS[node.function].form.local:
            return evaluate(node, self.values)[region]
        operands = zip(node.arguments, self.operand_regions(node, region), strict=True)
        parts = [self.value(argument, part) for argument, part in operands]
        with np.errstate(all="ignore"):
            result = np.asarray(FUNCTIONS[node.function].numpy(*parts, **options_of(node)))
        # A function along an axis gives the whole axis: take what was asked for.
        asked = (
            slice(None) if len(numbers_of(part)) == n else part
            for part, n in zip(region, result.shape, strict=True)
        )
        return result[tuple(asked)]
