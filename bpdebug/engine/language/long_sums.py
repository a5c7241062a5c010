"""Sums of very many terms as they are shown: a few of the first, an ellipsis, and the last.

A tensor that a whole chain shares has a gradient with a term for each use of it. To write thousands of them
takes longer than a key may, and nobody reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import TypeVar

from bpdebug.engine.language.nodes import Call, Expression, Name, with_arguments

MOST_SHOWN = 40
"""A sum of more terms is shortened."""
FIRST = 3
ELLIPSIS = "…"
"""The name that stands for the terms that are not shown."""

Summand = TypeVar("Summand")


def shortened(pieces: Sequence[Summand], gap: Summand) -> Sequence[Summand]:
    """Return a row of pieces, with a gap in the place of most of them if there are very many."""
    return pieces if len(pieces) <= MOST_SHOWN else [*pieces[:FIRST], gap, pieces[-1]]


def abbreviated(expression: Expression) -> Expression:
    """Return an expression as it is shown: the same one if none of its sums is long."""
    if not isinstance(expression, Call):
        return expression
    if expression.function == "add":
        terms = tuple(_terms(expression))
        if len(terms) > MOST_SHOWN:
            return reduce(lambda x, y: Call("add", (x, y)), shortened(terms, Name(ELLIPSIS)))
    return with_arguments(expression, [abbreviated(argument) for argument in expression.arguments])


def _terms(expression: Expression) -> Iterator[Expression]:
    """Yield the terms of a sum in their order, however deep it nests."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Call) and node.function == "add":
            waiting.extend(reversed(node.arguments))
        else:
            yield node
