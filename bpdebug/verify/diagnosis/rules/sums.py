"""Sums and means: none, over another axis, or one in the other's place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from bpdebug.engine.language.forms import reduced_axes
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Number, Option
from bpdebug.engine.language.shapes import options_of
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution


def another_sum(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """Not summed, summed over other axes or over all, or averaged."""
    if not isinstance(node, Call) or node.function != "sum":
        return
    (argument,) = node.arguments
    shape = scope.shape(argument)
    if shape is None or scope.shape(node) is None:
        return
    yield argument, "not summed", 1.0
    yield Call("mean", node.arguments, node.options), "averaged", 1.0
    options = options_of(node)
    summed = reduced_axes(shape, options["axis"])
    for some in (axes for count in range(1, len(summed)) for axes in combinations(summed, count)):
        along: Option = some if len(some) > 1 else some[0]
        yield Call("divide", (node, Call("count", (argument,), (("axis", along),)))), "averaged", 1.1
    for axes in _choices(len(shape)):
        if reduced_axes(shape, axes) != summed:
            for keepdims in (True, False):
                given: tuple[tuple[str, Option], ...] = (("axis", axes), ("keepdims", keepdims))
                kept = tuple((key, value) for key, value in given if value != FUNCTIONS["sum"].options[key])
                cost = 1.2 if keepdims == options["keepdims"] else 1.25
                yield Call("sum", node.arguments, kept), "another axis", cost
    flipped = not options["keepdims"]
    kept_axis = tuple((key, value) for key, value in node.options if key != "keepdims")
    yield (
        Call("sum", node.arguments, (*kept_axis, *((("keepdims", True),) if flipped else ()))),
        "axis lost",
        1.3,
    )


def one_number_for_all(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`broadcast_like(sum(dz1), sum(dz1, axis=0))`: the sum over everything, given to every unit.

    `b1 -= rate * np.sum(dz1)` does so without a word: the bias has its shape, and the number is broadcast.
    """
    if isinstance(node, Call) and node.function == "sum" and options_of(node)["axis"] is not None:
        for function, cost in (("sum", 1.2), ("mean", 1.4)):
            total = Call(function, node.arguments)
            yield Call("broadcast_like", (total, node)), "one number for all", cost


def _choices(rank: int) -> Iterator[Option]:
    """Yield the axes over which a tensor can be summed, fewer before more."""
    yield from range(rank)
    for count in range(2, rank):
        yield from combinations(range(rank), count)
    yield None


def another_mean(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """Yield the sum for the mean, and the mean that is divided by one less than there are elements."""
    if isinstance(node, Call) and node.function == "mean":
        total = Call("sum", node.arguments, node.options)
        axis = tuple(option for option in node.options if option[0] == "axis")
        yield total, "not divided", 1.0
        fewer = Call("subtract", (Call("count", node.arguments, axis), Number(1)))
        yield Call("divide", (total, fewer)), "one less", 1.1
