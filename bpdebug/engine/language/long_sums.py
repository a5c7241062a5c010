"""Sums of very many terms: trees that are not too deep to walk, and shown by a few of their terms.

A tensor that a whole chain shares has a gradient with a term for each use of it, and a penalty has one for
each weight. To write thousands of them takes longer than a key may, and nobody reads them: the first few are
shown, an ellipsis, and the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import TypeVar

from bpdebug.engine.language.nodes import Call, Expression, Name, with_arguments

MOST_SHOWN = 40
"""A sum of more terms is shortened."""
MOST_IN_A_ROW = 32
"""More terms than these are added by halves: one after the other, each is a level of the tree."""
FIRST = 3
ELLIPSIS = "…"
"""The name that stands for the terms that are not shown."""

Summand = TypeVar("Summand")


def sum_of(terms: Sequence[Expression]) -> Expression:
    """Add terms in their order; very many by halves, because a tree must not be too deep to walk."""
    if len(terms) > MOST_IN_A_ROW:
        middle = len(terms) // 2
        return Call("add", (sum_of(terms[:middle]), sum_of(terms[middle:])))
    return reduce(lambda x, y: Call("add", (x, y)), terms)


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
