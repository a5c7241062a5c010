"""Edits: the small ways in which a formula is written wrongly.

Each kind of mistake is one rule, and a mistake anywhere in a formula is that rule applied at every node.
An edit carries its plausibility as a cost, so that the most likely of several explanations comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bpdebug.engine.language.nodes import Call, Expression, Name, names
from bpdebug.verify.diagnosis.everywhere import changes_in_all_places, in_between
from bpdebug.verify.diagnosis.rules import RULES
from bpdebug.verify.diagnosis.scope import FormulaScope


@dataclass(frozen=True, slots=True)
class FormulaEdit:
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


def single_edits(expression: Expression, scope: FormulaScope) -> Iterator[FormulaEdit]:
    """Yield every formula that differs from the right one by a single edit."""
    between = in_between(expression, scope.index)
    for node, rebuild in places(expression):
        if node is not expression and not between.isdisjoint(names(node)):
            continue
        for rule in RULES:
            for new, kind, cost in rule(node, scope):
                if new != node:
                    yield FormulaEdit(rebuild(new), kind, node, new, cost)
    for change in changes_in_all_places(expression, scope):
        yield FormulaEdit(*change)


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


def updated_parameter(expression: Expression, scope: FormulaScope) -> Iterator[tuple[Expression, str]]:
    """Yield the formula with a parameter replaced by its gradient: what an early update adds to it."""
    for name in names(expression):
        gradient = scope.index.gradient_of.get(name) if name in scope.parameters else None
        if gradient and scope.shapes[gradient] == scope.shapes[name]:
            for node, rebuild in places(expression):
                if node == Name(name):
                    yield rebuild(Name(gradient)), name
