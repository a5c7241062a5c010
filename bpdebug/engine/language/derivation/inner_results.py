"""Inner results: what a statement computes on the way, and a name for it where it is needed again.

Where the backward pass would compute a part of a forward statement once more, that part becomes a
statement of its own, `z_inner`, before the first one that contains it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from itertools import count

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import (
    VIEWS,
    Call,
    Expression,
    Name,
    Statement,
    calls,
    names,
    replace,
    walk,
)
from bpdebug.engine.language.shapes import shape_of


def inner_name(of: str, is_taken: Callable[[str], bool]) -> str:
    """Return a new name for an inner result of a statement: `z_inner`, then `z_inner_2`, ..."""
    return new_name(f"{of.partition('_inner')[0]}_inner", is_taken)


def new_name(stem: str, is_taken: Callable[[str], bool]) -> str:
    """Return a name that is not taken: the stem, or the stem with a number."""
    candidates = (f"{stem}_{number}" for number in count(2))
    return next(name for name in candidates if not is_taken(name)) if is_taken(stem) else stem


def shared_inner_results(forward: Sequence[Statement], backward: Sequence[Statement]) -> list[Call]:
    """Return the inner results of the forward pass that the backward pass computes again, largest first."""
    inner = {node for statement in forward for node in calls(statement.expression)[:-1] if _is_work(node)}
    found: dict[Call, int] = {}

    def search(node: Expression) -> None:
        """Note the largest shared calls below a node."""
        if isinstance(node, Call):
            if node in inner:
                found[node] = sum(1 for _ in walk(node))
            else:
                for argument in node.arguments:
                    search(argument)

    if inner:
        for statement in backward:
            search(statement.expression)
    return sorted(found, key=lambda node: -found[node])


def _is_work(call: Call) -> bool:
    """Whether a call computes anything: what only looks at a name does not, nor do literals."""
    looks = call.function in VIEWS or call.function == "reshape"
    return bool(names(call)) and not (looks and isinstance(call.arguments[0], Name))


def with_own_statements(
    forward: Sequence[Statement], shared: Sequence[Call], shapes: dict[str, Shape]
) -> tuple[Statement, ...]:
    """Give inner results statements of their own, before the first statement that contains them.

    Parameters
    ----------
    forward : sequence of Statement
        The forward pass.
    shared : sequence of Call
        The inner results, the largest first.
    shapes : dict
        The shape of every tensor; those of the new statements are added to it.
    """
    order = {call: number for number, call in enumerate(shared)}
    unnamed = set(shared)
    named: dict[Expression, Expression] = {}
    rewritten: list[Statement] = []
    for statement in forward:
        inner = [call for call in calls(statement.expression) if call in unnamed]
        unnamed.difference_update(inner)
        new = {}
        for call in sorted(inner, key=order.__getitem__):  # the largest is numbered first
            name = inner_name(statement.name, shapes.__contains__)
            shapes[name] = shape_of(call, shapes)
            new[call] = Name(name)
        for call in inner:  # operands come before the calls that use them
            expression = replace(call, named)
            rewritten.append(Statement(new[call].id, expression, "forward", statement.layer, new[call].id))
            named[call] = new[call]
        rewritten.append(dataclasses.replace(statement, expression=replace(statement.expression, named)))
    return tuple(rewritten)
