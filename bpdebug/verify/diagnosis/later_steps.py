"""Formulas of one time step as they are at another, so many steps later."""

from __future__ import annotations

from bpdebug.engine.language.nodes import Call, Expression, Name, Option, calls, rewrite
from bpdebug.engine.program.index import ProgramIndex


def counts_steps(formula: Expression) -> bool:
    """Whether there is an index that counts time steps, so that the formula is another at each of them."""
    indices = (dict(call.options).get("index") for call in calls(formula))
    return any(isinstance(index, tuple) and any(isinstance(part, int) for part in index) for index in indices)


def name_later(name: str, by: int, index: ProgramIndex) -> str:
    """Return a tensor of a step as it is called at another, so many steps later."""
    step = index.time(name)
    if step is None or not by:
        return name
    at = index.series(name), step + by
    return index.at_step.get(at, "{} at step {}".format(*at))


def later(expression: Expression, by: int, index: ProgramIndex) -> Expression:
    """Return a formula of a step as it is at another, so many steps later; there need be no such step."""

    def moved(node: Expression) -> Expression:
        if isinstance(node, Name):
            return Name(name_later(node.id, by, index))
        if isinstance(node, Call) and "index" in dict(node.options):
            # In an index, a number is a time step; parts are slices.
            options = ((name, _later_index(value, by)) for name, value in node.options)
            return Call(node.function, node.arguments, tuple(options))
        return node

    return rewrite(expression, moved)


def _later_index(value: Option, by: int) -> Option:
    if not isinstance(value, tuple):
        return value
    return tuple(part + by if isinstance(part, int) else part for part in value)
