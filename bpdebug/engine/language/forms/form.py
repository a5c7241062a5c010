"""What a form is: how the result of a function lies over its arguments.

A form holds what all functions that share it have in common. Two of its readings every form has: what shape
the result has, and which elements of each argument feed a region of it. The others say the same more
exactly, and have a fallback, so that a form of another package needs none of them: which axes the result
has (traced through what is read), how an element is written (by its value), and which elements decide on it
where the values choose (all that are read).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bpdebug.engine.language.forms.element import Choice, Element
from bpdebug.engine.language.forms.regions import Options, Region, Shape, numbers_of, whole
from bpdebug.engine.language.forms.writing import Writer, Written, recorded

Axes = tuple[str, ...]
"""A name for each axis, in the singular; empty where none is known."""
TIME = "time"
"""What lies between the examples and their features, where that is a single axis: positions in a sequence."""
AxesRule = Callable[[Sequence[Axes], tuple[Shape, ...], Options], Axes]
"""(axes of the arguments, their shapes, options) -> axes of the result."""


class Cost(NamedTuple):
    """What a function takes on the way to its result.

    Attributes
    ----------
    elements : int
        What it holds in memory beside its arguments and its result.
    products : int
        The multiplications of its matrix products.
    visits : int
        The elements that it goes over one by one.
    calls : int
        The calls of NumPy in a loop.
    """

    elements: int
    products: int
    visits: int = 0
    calls: int = 0

    @property
    def time(self) -> int:
        """How many multiplications of a matrix product would take as long as all of it."""
        return self.products + A_VISIT * self.visits + A_CALL * self.calls


A_VISIT, A_CALL = 16, 2**15
"""So many multiplications of a matrix product take as long."""


class Form(NamedTuple):
    """The readings that a family of functions shares.

    Attributes
    ----------
    name : str
        What the family is called.
    shape : callable
        (shapes of the arguments, options) -> shape of the result; raises `ShapeError`.
    reads : callable
        (region of the result, shapes of the arguments, options) -> a region of each argument.
    local : bool
        Whether the function, applied to those regions alone, gives the region of the result.
    cost : callable, optional
        (shapes of the arguments, options) -> what it takes on the way; by default, it goes over the largest
        of them.
    axes : callable, optional
        (axes of the arguments, their shapes, options) -> axes of the result; by default, an axis is that of
        an argument of which less is read for a single place along it.
    signature : tuple of tuple of str
        The axes of the arguments and, last, of the result, where a function knows what they are.
    arithmetic : callable
        (element of the result, writer) -> how it is written; by default as its value.
    choices : callable, optional
        Where values choose: element of the result -> what decides on it.
    """

    name: str
    shape: Callable[[tuple[Shape, ...], Options], Shape]
    reads: Callable[[Region, tuple[Shape, ...], Options], tuple[Region, ...]]
    local: bool = True
    cost: Callable[[tuple[Shape, ...], Options], Cost] | None = None
    axes: AxesRule | None = None
    signature: tuple[Axes, ...] = ()
    arithmetic: Callable[[Element, Writer], Written] = recorded
    choices: Callable[[Element], Sequence[Choice]] | None = None

    def axes_of(self, operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
        """Return the names of the axes of a result.

        Parameters
        ----------
        operands : sequence of tuple of str
            The axes of the arguments.
        shapes : tuple of tuple of int
            The shapes of the arguments.
        options : mapping
            All options.
        """
        if self.signature:
            return self.signature[-1]
        return (self.axes or self._traced_axes)(operands, shapes, options)

    def _traced_axes(self, operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
        result = whole(self.shape(shapes, options))
        everything = self.reads(result, shapes, options)

        def name_of(place: int) -> str:
            one = self.reads((*result[:place], slice(0, 1), *result[place + 1 :]), shapes, options)
            narrowed = (
                name
                for names, before, after in zip(operands, everything, one, strict=True)
                if all(map(numbers_of, after))
                for name, all_of_it, part in zip(names, before, after, strict=True)
                if len(numbers_of(part)) < len(numbers_of(all_of_it))
            )
            return next(filter(None, narrowed), "")

        return tuple(map(name_of, range(len(result))))


def like(place: int) -> AxesRule:
    """Return the rule of a form whose result has the axes of one of its arguments."""
    return lambda operands, shapes, options: operands[place]


def signature(*axes: str) -> tuple[Axes, ...]:
    """Return the axes of arguments and a result, each written as words in a row."""
    return tuple(tuple(words.split()) for words in axes)


def filled(axes: Axes, others: Axes) -> Axes:
    """Return the names, and for an axis without one that from elsewhere."""
    return tuple(own or other for own, other in zip(axes, others, strict=True))
