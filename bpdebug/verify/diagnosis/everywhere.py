"""What is written wrongly wherever it occurs: one mistake in several places of a formula."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import combinations

from bpdebug.engine.language.nodes import (
    Call,
    Expression,
    Name,
    Number,
    Option,
    calls,
    names,
    replace,
    rewrite,
    walk,
)
from bpdebug.engine.program.index import ProgramIndex
from bpdebug.verify.diagnosis.rules.forward import another_scale, unmasked
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution

FormulaChange = tuple[Expression, str, Expression, Expression, float]
"""The whole formula after it, its kind, what was replaced by what, and its cost."""


ALL_STEPS = 8
"""A formula with the tensors of more time steps is edited in the first and the last of them alone."""


def in_between(expression: Expression, index: ProgramIndex) -> frozenset[str]:
    """Return the tensors of time steps that no mistake is about: one is made at either end, or at all."""
    times = {name: time for name in names(expression) if (time := index.time(name)) is not None}
    steps = sorted({*times.values()})
    between = {*steps[2:-2]} if len(steps) > ALL_STEPS else set()
    return frozenset(name for name, time in times.items() if time in between)


def changes_in_all_places(expression: Expression, scope: FormulaScope) -> Iterator[FormulaChange]:
    """Yield the changes that a formula takes in several places at once."""
    yield from _one_example(expression, scope)
    yield from _names(expression, scope)
    yield from _exchanged(expression, scope)
    yield from _another_step(expression, scope)
    averaged = rewrite(expression, _averaged)
    if averaged != expression:
        yield averaged, "averaged", expression, averaged, 1.1
    yield from _another_axis(expression, scope)


def _one_example(expression: Expression, scope: FormulaScope) -> Iterator[FormulaChange]:
    for cut in scope.one_example:
        new = replace(expression, cut)
        if new != expression:
            yield new, "one example only", expression, new, 1.2


def _names(expression: Expression, scope: FormulaScope) -> Iterator[FormulaChange]:
    """Yield what may stand for a tensor, and the formula with nothing that flows back through it."""
    found = Counter(node.id for node in walk(expression) if isinstance(node, Name))
    between = in_between(expression, scope.index)
    for old in (name for name in found if name not in between):
        name, several = Name(old), found[old] > 1
        for new, kind, cost in _instead(old, scope):
            if several or kind == "miscounted":
                yield replace(expression, {name: new}), kind, name, new, cost
        is_gradient = old in scope.index.tensor_of
        remaining = without(expression, name) if several and is_gradient else None
        if remaining is not None and remaining != expression:
            yield remaining, "taken as constant", name, remaining, 0.9


def _instead(name: str, scope: FormulaScope) -> Iterator[Substitution]:
    """Yield what may stand for a tensor wherever a formula reads it; a number may be off by one."""
    shape = scope.shapes.get(name)
    for other in scope.tensors:
        if other != name and scope.shapes[other] == shape:
            yield Name(other), "another tensor", 1.4 if other in scope.near else 2.2
    yield from unmasked(Name(name), scope)
    yield from another_scale(Name(name), scope)
    if name in scope.counters:
        for function in ("add", "subtract"):
            yield Call(function, (Name(name), Number(1))), "miscounted", 1.2


def without(node: Expression, name: Name) -> Expression | None:
    """Leave out the terms that a name is a factor of; None if nothing is left."""
    if not isinstance(node, Call):
        return None if node == name else node
    parts = [without(argument, name) for argument in node.arguments]
    if node.function in ("add", "subtract"):
        first, second = parts
        if second is None:
            return first
        if first is None:
            return second if node.function == "add" else Call("negative", (second,))
    kept = tuple(part for part in parts if part is not None)
    return Call(node.function, kept, node.options) if len(kept) == len(parts) else None


def _exchanged(expression: Expression, scope: FormulaScope) -> Iterator[FormulaChange]:
    """Yield the formula with two of its tensors exchanged, or with two parts in each other's place."""
    between = in_between(expression, scope.index)
    ends = [name for name in names(expression) if name in scope.tensors and name not in between]
    for one, other in combinations(ends, 2):
        if scope.shapes[one] == scope.shapes[other]:
            new = replace(expression, {Name(one): Name(other), Name(other): Name(one)})
            yield new, "exchanged", Name(one), Name(other), 1.2
    put = [
        call for call in calls(expression) if call.function == "placed" and between.isdisjoint(names(call))
    ]
    for first, second in combinations(dict.fromkeys(put), 2):
        placed: dict[Expression, Expression] = {
            call: Call("placed", call.arguments, where.options)
            for call, where in ((first, second), (second, first))
        }
        yield replace(expression, placed), "places exchanged", first.arguments[0], second.arguments[0], 1.2


def _another_step(expression: Expression, scope: FormulaScope) -> Iterator[FormulaChange]:
    """Yield the formula with the tensors of one role, at several time steps, taken a step later or before."""
    roles: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name in names(expression):
        step = scope.index.time(name)
        if step is not None:
            roles[scope.index.series(name)][name] = step
    for role, steps in roles.items():
        for off in (1, -1):
            moved = {name: scope.index.at_step.get((role, step + off), "") for name, step in steps.items()}
            if len(steps) > 1 and scope.shapes.keys() >= {*moved.values()}:
                new = replace(expression, {Name(old): Name(other) for old, other in moved.items()})
                first, *_ = steps
                yield new, "another step", Name(first), Name(moved[first]), 1.1


def _averaged(node: Expression) -> Expression:
    if isinstance(node, Call) and node.function == "sum":
        return Call("mean", node.arguments, node.options)
    return node


def _another_axis(expression: Expression, scope: FormulaScope) -> Iterator[FormulaChange]:
    along = [call for call in calls(expression) if isinstance(dict(call.options).get("axis"), int)]
    for axis in dict.fromkeys(dict(call.options)["axis"] for call in along) if len(along) > 1 else ():
        rank = max(len(scope.shape(call.arguments[0]) or ()) for call in along)
        for other in range(rank):
            moved = rewrite(expression, partial(_along, axis, other))
            if axis not in (other, other - rank):
                yield moved, "another axis", expression, moved, 1.2


def _along(axis: Option, other: int, node: Expression) -> Expression:
    if isinstance(node, Call):
        options = ((key, other if (key, value) == ("axis", axis) else value) for key, value in node.options)
        return Call(node.function, node.arguments, tuple(options))
    return node
