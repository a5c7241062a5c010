"""Inner results: what a statement computes on the way, and a name for it where it is needed again.

Where the backward pass would compute a part of a forward statement once more, that part becomes a
statement of its own, `z_inner`, before the first one that contains it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Sequence

from bpdebug.engine.language.derivation.names import new_name
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import (
    VIEWS,
    Call,
    Expression,
    Name,
    Statement,
    TimeStep,
    calls,
    replace,
    walk,
)
from bpdebug.engine.language.shapes import shape_of

INNER = "_inner"
"""What the name of an inner result has behind that of its statement."""


def shared_inner_results(
    forward: Sequence[Statement], backward: Iterable[Expression], results: Container[Expression] = ()
) -> list[Call]:
    """Return the inner results of the forward pass that the backward pass computes again, largest first.

    Parameters
    ----------
    forward : sequence of Statement
        The forward pass.
    backward : iterable of Expression
        What the backward pass computes.
    results : container of Expression
        What it does not compute, because a statement of the forward pass is just that.
    """
    inner = {
        node
        for statement in forward
        if isinstance(statement.expression, Call)
        for argument in statement.expression.arguments
        if isinstance(argument, Call)
        for node in walk(argument)
        if isinstance(node, Call) and _is_work(node)
    }
    found: dict[Call, int] = {}

    def search(node: Expression) -> None:
        """Note the largest shared calls below a node."""
        if isinstance(node, Call) and node not in results:
            if node in inner:
                found[node] = sum(1 for _ in walk(node))
            else:
                for argument in node.arguments:
                    search(argument)

    if inner:
        for expression in backward:
            search(expression)
    return sorted(found, key=lambda node: -found[node])


def _is_work(call: Call) -> bool:
    """Whether a call computes anything: what only looks at a name does not, nor do literals."""
    looks = call.function in VIEWS or call.function == "reshape"
    reads = any(isinstance(node, Name) for node in walk(call))
    return reads and not (looks and isinstance(call.arguments[0], Name))


def with_own_statements(
    forward: Sequence[Statement], shared: Sequence[Call], shapes: dict[str, Shape], stems: dict[str, str]
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
    stems : dict
        Inner result -> the statement that it came from; the new ones are added to it.
    """
    order = {call: number for number, call in enumerate(shared)}
    unnamed = set(shared)
    named: dict[Expression, Expression] = {}
    steps: dict[str, TimeStep | None] = {}
    rewritten: list[Statement] = []
    for statement in forward:
        inner = [call for call in calls(statement.expression) if call in unnamed]
        unnamed.difference_update(inner)
        stem = stems.get(statement.name, statement.name)
        new = {}
        for call in sorted(inner, key=order.__getitem__):  # the largest is numbered first
            suffix = new_suffix(stem, shapes)
            name = f"{stem}{suffix}"
            shapes[name] = shape_of(call, shapes)
            stems[name] = stem
            new[call] = Name(name)
            steps[name] = step_of_inner(statement.step, suffix)
        for call in inner:  # operands come before the calls that use them
            name, expression = new[call].id, replace(call, named)
            rewritten.append(Statement(name, expression, layer=statement.layer, role=name, step=steps[name]))
            named[call] = new[call]
        expression = replace(statement.expression, named)
        is_new = expression is not statement.expression
        rewritten.append(dataclasses.replace(statement, expression=expression) if is_new else statement)
    return tuple(rewritten)


def new_suffix(stem: str, taken: Container[str]) -> str:
    """Return what stands behind a stem in the name of a new inner result: `_inner`, then `_inner_2`, ..."""
    return new_name(INNER, lambda suffix: f"{stem}{suffix}" in taken)


def step_of_inner(step: TimeStep | None, suffix: str) -> TimeStep | None:
    """Return the time step of an inner result, from that of the statement that it came from."""
    return step and TimeStep(step.number, f"{step.name}{suffix}", f"{step.name}{suffix}")
