"""Edits: the small ways in which a formula is written wrongly.

Each kind of mistake is one rule, and a mistake anywhere in a formula is that rule applied at every node.
An edit carries its plausibility as a cost, so that the most likely of several explanations comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.nodes import (
    Call,
    Expression,
    Name,
    Number,
    Option,
    calls,
    names,
    replace,
    rewrite,
)
from bpdebug.verify.diagnosis.rules import RULES
from bpdebug.verify.diagnosis.scope import Replacement, Scope


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a formula.

    Attributes
    ----------
    expression : Expression
        The whole formula after the change.
    kind : str
        What kind of change it is; a key of the table of explanations.
    old, new : Expression
        What was replaced by what.
    cost : float
        How implausible it is, from 1.
    """

    expression: Expression
    kind: str
    old: Expression
    new: Expression
    cost: float


def single_edits(expression: Expression, scope: Scope) -> Iterator[Edit]:
    """Yield every formula that differs from the right one by a single edit."""
    for node, rebuild in places(expression):
        for rule in RULES:
            for new, kind, cost in rule(node, scope):
                if new != node:
                    yield Edit(rebuild(new), kind, node, new, cost)
    for cut in scope.one_example:
        new = replace(expression, cut)
        if new != expression:
            yield Edit(new, "one example only", expression, new, 1.2)
    yield from _edits_in_all_places(expression, scope)


def _edits_in_all_places(expression: Expression, scope: Scope) -> Iterator[Edit]:
    """Yield what is written wrongly wherever it occurs: one mistake in several places of a formula."""
    for old, name in ((name, Name(name)) for name in names(expression)):
        several = sum(node == name for node, _ in places(expression)) > 1
        for new_name, kind, cost in _in_all_places(old, scope):
            if several or kind == "miscounted":
                yield Edit(replace(expression, {name: new_name}), kind, name, new_name, cost)
        is_gradient = any(gradient_name(tensor) == old for tensor in scope.tensors)
        remaining = _without(expression, name) if several and is_gradient else None
        if remaining is not None and remaining != expression:
            yield Edit(remaining, "taken as constant", name, remaining, 0.9)
    averaged = rewrite(expression, _averaged)
    if averaged != expression:
        yield Edit(averaged, "averaged", expression, averaged, 1.1)
    along = [call for call in calls(expression) if isinstance(dict(call.options).get("axis"), int)]
    for axis in dict.fromkeys(dict(call.options)["axis"] for call in along) if len(along) > 1 else ():
        rank = max(len(scope.shape(call.arguments[0]) or ()) for call in along)
        for other in range(rank):
            moved = rewrite(expression, partial(_along, axis, other))
            if axis not in (other, other - rank):
                yield Edit(moved, "another axis", expression, moved, 1.2)


def _without(node: Expression, name: Name) -> Expression | None:
    """Leave out the terms that a name is a factor of; None if nothing is left."""
    if not isinstance(node, Call):
        return None if node == name else node
    parts = [_without(argument, name) for argument in node.arguments]
    if node.function in ("add", "subtract"):
        first, second = parts
        if second is None:
            return first
        if first is None:
            return second if node.function == "add" else Call("negative", (second,))
    kept = tuple(part for part in parts if part is not None)
    return Call(node.function, kept, node.options) if len(kept) == len(parts) else None


def _along(axis: Option, other: int, node: Expression) -> Expression:
    if isinstance(node, Call):
        options = ((key, other if (key, value) == ("axis", axis) else value) for key, value in node.options)
        return Call(node.function, node.arguments, tuple(options))
    return node


def _averaged(node: Expression) -> Expression:
    if isinstance(node, Call) and node.function == "sum":
        return Call("mean", node.arguments, node.options)
    return node


def _in_all_places(name: str, scope: Scope) -> Iterator[Replacement]:
    """Yield what may stand for a tensor wherever a formula reads it; a number may be off by one."""
    shape = scope.shapes.get(name)
    for other in scope.tensors:
        if other != name and scope.shapes[other] == shape:
            yield Name(other), "another tensor", 1.4 if other in scope.near else 2.2
    if name in scope.counters:
        for function in ("add", "subtract"):
            yield Call(function, (Name(name), Number(1))), "miscounted", 1.2


def places(expression: Expression) -> Iterator[tuple[Expression, Callable[[Expression], Expression]]]:
    """Yield every node of a tree, with a function that returns the tree with that node replaced."""
    yield expression, lambda new: new
    if isinstance(expression, Call):
        for position, argument in enumerate(expression.arguments):
            for node, rebuild in places(argument):
                yield node, _rebuilder(expression, position, rebuild)


def _rebuilder(
    call: Call, position: int, rebuild: Callable[[Expression], Expression]
) -> Callable[[Expression], Expression]:
    def put(new: Expression) -> Expression:
        arguments = list(call.arguments)
        arguments[position] = rebuild(new)
        return Call(call.function, tuple(arguments), call.options)

    return put


def updated_parameter(expression: Expression, scope: Scope) -> Iterator[tuple[Expression, str]]:
    """Yield the formula with a parameter replaced by its gradient: what an early update adds to it."""
    for name in names(expression):
        if gradient_name(name) in scope.shapes and scope.shapes[gradient_name(name)] == scope.shapes[name]:
            for node, rebuild in places(expression):
                if node == Name(name):
                    yield rebuild(Name(gradient_name(name))), name
