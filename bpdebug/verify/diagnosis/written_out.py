"""Formulas with what the user did not give written out: there the mistake may hide."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bpdebug.engine.language.nodes import Expression, Name, Statement, names, replace
from bpdebug.engine.program.program import Program

DEEPEST = 3
"""How many statements above a wrong tensor are searched, where the user gave nothing in between ..."""
DEEPEST_OF_LAYER = 6
"""... and how many of its own layer: common code writes a whole layer in a line."""
DEPTH_COST = 0.3


def with_parts(program: Program, expression: Expression, given: Collection[str]) -> Expression:
    """Return a formula with the parts of sums and inner gradients in place: code has no names for them."""
    inner: dict[str, Statement] = {}
    waiting = [expression]
    while waiting:
        for statement in _hidden(program, waiting.pop(), given):
            if statement.name not in inner and _is_nameless(statement):
                inner[statement.name] = statement
                waiting.append(statement.expression)
    # Each is written out once, when all that it reads has been: of hundreds of steps there are thousands.
    written: dict[Expression, Expression] = {}
    for name in sorted(inner, key=program.positions.__getitem__):
        written[Name(name)] = replace(inner[name].expression, written)
    return replace(expression, written) if written else expression


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
        hidden = max(
            _hidden(program, expression, given), key=lambda inner: program.positions[inner.name], default=None
        )
        if hidden is None or (depth > DEEPEST and hidden.layer != statement.layer):
            break
        expression = with_parts(program, replace(expression, {Name(hidden.name): hidden.expression}), given)
        formulas.append((expression, depth * DEPTH_COST))
    return formulas


def _hidden(program: Program, expression: Expression, given: Collection[str]) -> Iterator[Statement]:
    """Yield what computes the names that can be written out; the forward pass stays as it is."""
    for name in names(expression):
        if name in program.positions and name not in given:
            statement = program.statements[program.positions[name] - 1]
            if statement.phase != "forward":
                yield statement


def _is_nameless(inner: Statement) -> bool:
    return inner.phase == "backward" and (inner.part or not inner.of)
