"""Edits of a person's expression: each the opposite of a mistake that people make, the likelier first.

A rule looks at one node and yields what might have been meant there, as a node that takes its place. It
knows nothing of gradients: whether an edit is a correction, only computing everything again can tell. To add
a kind of mistake, write its rule in `rules` and name it in the table there; its sentence goes into `wording`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bpdebug.verify.repair.rules import beside, missing, written
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope
from bpdebug.verify.repair.trees import Spot, spots

INNER = 0.15
"""What is missing is more often missing from the whole than from a part."""
RULES = (*written.RULES, *beside.RULES, *missing.RULES)
"""Every rule for a backward pass."""


@dataclass(frozen=True)
class Edit:
    """A replacement at a spot of an expression."""

    spot: Spot
    replacement: Replacement

    @cached_property
    def text(self) -> str:
        """The text of the whole with it: to write it takes longer than to find it, so it waits to be read."""
        return ast.unparse(self.spot.rebuild(self.replacement.new))

    @property
    def cost(self) -> float:
        """How unlikely it is."""
        return self.replacement.cost


def edits(tree: ast.expr, scope: Scope, rules: Sequence[Rule] = RULES) -> Iterator[Edit]:
    """Yield the single edits of an expression, each new expression once, the likelier first.

    Parameters
    ----------
    tree : ast.expr
        The expression.
    scope : Scope
        What can be written there.
    rules : sequence of callable
        What is tried.
    """
    yield from distinct(tree, suggested(tree, scope, rules))


def suggested(tree: ast.expr, scope: Scope, rules: Sequence[Rule] = RULES) -> list[Edit]:
    """Return what the rules suggest for an expression, the likelier first; some may write the same."""
    found = []
    for spot in spots(tree):
        further = 0.0 if spot.node is tree else INNER
        for rule in rules:
            more = further * (rule in missing.RULES)
            for one in rule(spot.node, scope):
                found.append(Edit(spot, one._replace(cost=one.cost + more) if more else one))
    return sorted(found, key=lambda one: one.cost)


def distinct(
    tree: ast.expr, found: Sequence[Edit], least: float = 0.0, most: float = math.inf
) -> Iterator[Edit]:
    """Yield edits that cost at least so much, and less than that, each new expression once."""
    seen = {ast.unparse(tree)}
    for edit in found:
        if least <= edit.cost < most and edit.text not in seen:
            seen.add(edit.text)
            yield edit
