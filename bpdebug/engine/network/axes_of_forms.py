"""What each form says of axes: which axis of an operand an axis of the result is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import cast

from bpdebug.engine.language import forms
from bpdebug.engine.language.forms import Form, Options, Shape, numbers_of, reduced_axes, whole
from bpdebug.engine.language.nodes import Index

Axes = tuple[str, ...]
"""A name for each axis, in the singular; empty where none is known."""

TIME = "time"
"""What lies between the examples and their features, where that is a single axis: positions in a sequence."""

Rule = Callable[[Sequence[Axes], tuple[Shape, ...], Options], Axes]
"""(axes of the arguments, their shapes, options) -> axes of the result."""


def filled(axes: Axes, others: Axes) -> Axes:
    """Return the names, and for an axis without one that from elsewhere."""
    return tuple(own or other for own, other in zip(axes, others, strict=True))


def _broadcast(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    """Return the names of the operand that is not stretched, else those of another."""
    axes: list[str] = []
    lines = (reversed([*zip(own, shape, strict=True)]) for own, shape in zip(operands, shapes, strict=True))
    for names in zip_longest(*lines, fillvalue=("", 1)):
        by_extent = sorted(names, key=lambda pair: pair[1] == 1)
        axes.append(next((name for name, _ in by_extent if name), ""))
    return tuple(reversed(axes))


def _matmul(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    x, y = operands
    lead = _broadcast([x[:-2], y[:-2]], (shapes[0][:-2], shapes[1][:-2]), options)
    return (*lead, x[-2], y[-1])


def _transpose(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    (x,) = operands
    return x if len(x) < 2 else (*x[:-2], x[-1], x[-2])


def _reduction(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    axes = () if options.get("keepdims") else reduced_axes(shapes[0], options.get("axis"))
    return tuple(name for place, name in enumerate(operands[0]) if place not in axes)


def _like(place: int) -> Rule:
    """Return the rule of a form whose result has the axes of one of its arguments."""
    return lambda operands, shapes, options: operands[place]


def _subscript(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    index = cast("Index", options["index"])
    kept = (name for name, part in zip(operands[0], index, strict=False) if isinstance(part, tuple))
    return (*kept, *operands[0][len(index) :])


def _taken(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    table, numbers = operands
    return (*numbers, *table[1:])


def _sequence(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    batch, *features = operands[0]
    return (batch, TIME, *features)


def _concatenated(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    return filled(*operands)


def _flatten(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    start = cast("int", options["start"])
    kept, laid = operands[0][:start], operands[0][start:]
    return (*kept, laid[0] if len(laid) == 1 else "")


def _split_heads(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    (*lead, positions, width) = operands[0]
    return (*lead, "head", positions, width)


def _merged_heads(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    (*lead, _, positions, width) = operands[0]
    return (*lead, positions, width)


def _traced(form: Form, operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    """Ask any form: an axis is that of an operand of which less is read for a single place along it."""
    result = whole(form.shape(shapes, options))
    everything = form.reads(result, shapes, options)

    def name_of(place: int) -> str:
        one = form.reads((*result[:place], slice(0, 1), *result[place + 1 :]), shapes, options)
        narrowed = (
            name
            for names, before, after in zip(operands, everything, one, strict=True)
            if all(map(numbers_of, after))
            for name, all_of_it, part in zip(names, before, after, strict=True)
            if len(numbers_of(part)) < len(numbers_of(all_of_it))
        )
        return next(filter(None, narrowed), "")

    return tuple(map(name_of, range(len(result))))


RULES: Mapping[Form, Rule] = {
    forms.ELEMENTWISE: _broadcast,
    forms.MATMUL: _matmul,
    forms.TRANSPOSE: _transpose,
    forms.REDUCTION: _reduction,
    forms.PAIRED: _like(0),
    forms.ALONG_AXIS: _like(0),
    forms.EXPANSION: _like(1),
    forms.ONE_HOT: _like(1),
    forms.SUBSCRIPT: _subscript,
    forms.PLACED: _like(1),
    forms.CONCATENATED: _concatenated,
    forms.PART: _like(1),
    forms.TAKEN: _taken,
    forms.ROW_SUMS: _like(2),
    forms.FLATTEN: _flatten,
    forms.RESHAPE_LIKE: _like(1),
    forms.SPLIT_HEADS: _split_heads,
    forms.MERGED_HEADS: _merged_heads,
    forms.TRIANGLE: _like(0),
    forms.SEQUENCE: _sequence,
    forms.GATHERED: _like(1),
    forms.REPLACED: _like(0),
    forms.SCATTERED: _like(2),
    forms.CLEARED: _like(0),
    forms.OPAQUE: _like(0),
}
"""The rules of the forms that say it better than `_traced`."""


def rule_of(form: Form) -> Rule:
    """Return how the axes of a form's result follow from those of its operands."""
    return RULES.get(form) or partial(_traced, form)
