"""Regions: which elements of the named tensors a region of a result needs, and their values.

Each function's form says which region of its arguments feeds a region of its result; followed down
the tree, that leads to the names. Only those regions are evaluated, so an element of a large product
costs one row and one column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, SupportsIndex

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.forms import Form, Region, Shape, numbers_of, whole
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.engine.language.shapes import options_of, shape_of

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Source:
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


class Choice(NamedTuple):
    """A region of one argument of a call that decides on an element, and whether it is the winner there."""

    argument: int
    region: Region
    wins: bool = False


@dataclass(frozen=True, slots=True)
class RegionReader:
    """Reads regions of results from the values of the tensors.

    Attributes
    ----------
    values : mapping
        The values of all names that the expressions read.
    shapes : mapping
        Their shapes.
    choices : mapping
        For each form whose numbers choose: (reader, call, element of its result) -> what decides on it.
    """

    values: Mapping[str, Array]
    shapes: Mapping[str, Shape]
    choices: Mapping[Form, Callable[[RegionReader, Call, Index], Sequence[Choice]]] = field(
        default_factory=dict
    )

    def operand_regions(self, call: Call, region: Region) -> tuple[Region, ...]:
        """Return the region of each argument of a call that feeds a region of its result."""
        operands = tuple(shape_of(argument, self.shapes) for argument in call.arguments)
        return FUNCTIONS[call.function].form.reads(region, operands, options_of(call))

    def sources(self, node: Expression, region: Region) -> list[Source]:
        """Return the regions of the named tensors that a region of a node's result needs."""
        if isinstance(node, Name):
            return [Source(node.id, region)] if all(part.start < part.stop for part in region) else []
        if isinstance(node, Number):
            return []
        if all(len(numbers_of(part)) == 1 for part in region) and (choose := self.chooser(node)):
            return [
                replace(source, wins=source.wins or choice.wins)
                for choice in choose(self, node, first_index(region))
                for source in self.sources(node.arguments[choice.argument], choice.region)
            ]
        operands = zip(node.arguments, self.operand_regions(node, region), strict=True)
        return [source for argument, part in operands for source in self.sources(argument, part)]

    def chooser(self, node: Call) -> Callable[[RegionReader, Call, Index], Sequence[Choice]] | None:
        """Return what says which elements decide, where the numbers of a call choose."""
        return self.choices.get(FUNCTIONS[node.function].form)

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

    def elements(self, node: Expression, cells: Sequence[Index]) -> Array:
        """Return the values of some elements of a node's result."""
        value = self.value(node, whole(shape_of(node, self.shapes)))
        chosen: Array = value[tuple(np.transpose(cells))]
        return chosen


def point(index: Index) -> Region:
    """Return the region of one element."""
    return tuple(slice(i, i + 1) for i in index)


def cell_of(region: Region, within: Iterable[SupportsIndex]) -> Index:
    """Return the element of a tensor that lies at an index within a region of it."""
    return tuple(numbers_of(part)[i] for part, i in zip(region, within, strict=True))


def first_index(region: Region) -> Index:
    """Return the first element of a region; of a point, its only one."""
    return tuple(part.start for part in region)
