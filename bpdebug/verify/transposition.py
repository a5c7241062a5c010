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


def other_way_round(program: Program, mine: Mapping[str, Array]) -> tuple[frozenset[str], frozenset[str]]:
    """Return which results, and which gradients of parameters, have the reverse of their shape.

    Of the second there are none unless all are so that have two axes of unequal lengths.
    """
    matrices = {name for name in mine if name in program.positions and _is_oblong(program.shapes[name])}
    reversed_ = {name for name in matrices if mine[name].shape == program.shapes[name][::-1]}
    trained = matrices & {program.index.gradient_of.get(name, "") for name in program.parameters}
    weights = trained & reversed_ if trained <= reversed_ and len(trained) >= FEWEST else set()
    return frozenset(reversed_ - trained), frozenset(weights)


def _is_oblong(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[0] != shape[1]


def is_meant(program: Program, turned: Collection[str], right: Collection[str]) -> bool:
    """Whether what is computed from one of the turned tensors is right, as it is itself."""
    return any(
        statement.name in right and not {*names(statement.expression)}.isdisjoint({*turned} & {*right})
        for statement in program.statements
    )
