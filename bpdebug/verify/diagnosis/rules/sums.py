"""Sums: none, over another axis, or the mean in a sum's place."""

from __future__ import annotations

from collections.abc import Iterator

from bpdebug.engine.expression.forms import reduced_axes
from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.nodes import Call, Expression, Option
from bpdebug.engine.expression.shapes import options_of
from bpdebug.verify.diagnosis.scope import Replacement, Scope


def another_sum(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """Not summed, summed over another axis or over all, or averaged."""
    if not isinstance(node, Call) or node.function != "sum":
        return
    (argument,) = node.arguments
    shape = scope.shape(argument)
    if shape is None:
        return
    yield argument, "not summed", 1.0
    yield Call("mean", node.arguments, node.options), "averaged", 1.0
    options = options_of(node)
    summed = reduced_axes(shape, options["axis"])
    for axis in (*range(len(shape)), None):
        if reduced_axes(shape, axis) != summed:
            for keepdims in (True, False):
                given: tuple[tuple[str, Option], ...] = (("axis", axis), ("keepdims", keepdims))
                kept = tuple((key, value) for key, value in given if value != FUNCTIONS["sum"].options[key])
                yield Call("sum", node.arguments, kept), "another axis", 1.2
    flipped = not options["keepdims"]
    kept_axis = tuple((key, value) for key, value in node.options if key != "keepdims")
    yield (
        Call("sum", node.arguments, (*kept_axis, *((("keepdims", True),) if flipped else ()))),
        "axis lost",
        1.3,
    )
