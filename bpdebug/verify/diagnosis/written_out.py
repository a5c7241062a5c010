"""Formulas with what the user did not give written out: there the mistake may hide."""

from __future__ import annotations

from collections.abc import Callable, Collection

from bpdebug.engine.language.nodes import Expression, Name, Statement, names, replace
from bpdebug.engine.program.program import Program

DEEPEST = 3
"""How many statements above a wrong tensor are searched, where the user gave nothing in between ..."""
DEEPEST_OF_LAYER = 6
"""... and how many of its own layer: common code writes a whole layer in a line."""
DEPTH_COST = 0.3


def with_parts(program: Program, expression: Expression, given: Collection[str]) -> Expression:
    """Return a formula with the parts of sums and inner gradients in place: code has no names for them."""
    while inner := _latest(program, expression, given, _is_nameless):
        expression = replace(expression, {Name(inner.name): inner.expression})
    return expression


def written_out(
    program: Program, statement: Statement, given: Collection[str]
) -> list[tuple[Expression, float]]:
    """Return a formula, and then with the gradients that were not given replaced by their formulas.

    The one that is computed last is replaced first, so that each is replaced once, wherever it stands. With
    each comes how implausible it is that the mistake lies so deep.
    """
    expression = with_parts(program, statement.expression, given)
    formulas = [(expression, 0.0)]
    for depth in range(1, DEEPEST_OF_LAYER + 1):
        hidden = _latest(program, expression, given, lambda inner: True)
        if hidden is None or (depth > DEEPEST and hidden.layer != statement.layer):
            break
        expression = with_parts(program, replace(expression, {Name(hidden.name): hidden.expression}), given)
        formulas.append((expression, depth * DEPTH_COST))
    return formulas


def _latest(
    program: Program, expression: Expression, given: Collection[str], fits: Callable[[Statement], bool]
) -> Statement | None:
    """Return what is computed last of what can be written out; the forward pass stays as it is."""
    found = (
        program.statements[program.positions[name] - 1]
        for name in names(expression)
        if name in program.positions and name not in given
    )
    hidden = (inner for inner in found if inner.phase != "forward" and fits(inner))
    return max(hidden, key=lambda inner: program.positions[inner.name], default=None)


def _is_nameless(inner: Statement) -> bool:
    return inner.phase == "backward" and (inner.part or not inner.of)
