"""Transposition: tensors that a person keeps the other way round, which is a layout and no mistake.

Deltas of units × examples beside activations of examples × units are common where `dw` is `dz @ a`. What
shows that they are meant so is that what is computed from them is right. Nothing is computed from the
gradient of a parameter: that all of them are the other way round shows that the weights are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import names
from bpdebug.engine.program.program import Program

FEWEST = 2
"""One gradient of a parameter that is transposed is a mistake."""


def other_way_round(
    program: Program, mine: Mapping[str, Array], right: Collection[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return which results, and which gradients of parameters, may be the other way round.

    A matrix of unequal lengths shows it by its shape, a square one only by being right when it is turned.

    Parameters
    ----------
    program : Program
        The right program.
    mine : mapping
        The person's tensors.
    right : collection of str
        Those that are right as they are.

    Returns
    -------
    (results, weights) : pair
        Of the second there are none unless the gradients of all matrices are so.
    """
    shapes = program.shapes
    trained = {*program.parameters, *(program.index.gradient_of.get(name, "") for name in program.parameters)}
    turned = {
        name
        for name in mine.keys() & shapes.keys() - {*right}
        if len(shapes[name]) == 2 and mine[name].shape == shapes[name][::-1]
    }
    matrices = {name for name in mine.keys() & trained if len(shapes[name]) == 2 and min(shapes[name]) > 1}
    weights = turned & trained if matrices <= turned and len(matrices) >= FEWEST else set[str]()
    return frozenset(turned - trained), frozenset(weights)


def columns_of(program: Program, mine: Mapping[str, Array]) -> frozenset[str]:
    """Return the gradients that are a column where here they are a list, or the reverse, as biases are."""
    return frozenset(
        name
        for name in mine.keys() & program.gradients
        for shape in (program.shapes[name],)
        if mine[name].shape != shape
        and {mine[name].shape, shape} == {(mine[name].size,), (mine[name].size, 1)}
    )


def is_square(array: Array) -> bool:
    """Whether an array has the same shape when it is turned."""
    return bool(array.shape == array.shape[::-1])


def is_meant(program: Program, turned: Collection[str], following: Collection[str]) -> bool:
    """Whether one of the tensors that follow from what they were fed is computed from a turned one."""
    return any(
        statement.name in following and not {*names(statement.expression)}.isdisjoint(turned)
        for statement in program.statements
    )
