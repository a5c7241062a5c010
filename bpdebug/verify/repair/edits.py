"""Edits of a person's expression: each the opposite of a mistake that people make, the likelier first.

A rule looks at one node and yields what might have been meant there, as a node that takes its place. It
knows nothing of gradients: whether an edit is a correction, only computing everything again can tell. To add
a kind of mistake, write its rule in `rules` and name it in the table there; its sentence goes into `wording`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpdebug.verify.repair.rules import beside, missing, written
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope
from bpdebug.verify.repair.trees import Spot, spots

INNER = 0.15
"""What is missing is more often missing from the whole than from a part."""
RULES = (*written.RULES, *beside.RULES, *missing.RULES)
"""Every rule for a backward pass."""


class Edit(NamedTuple):
    """A replacement at a spot of an expression, and the text of the whole with it: none is there twice."""

    spot: Spot
    replacement: Replacement
    text: str

    @property
    def cost(self) -> float:
        """How unlikely it is."""
        return self.replacement.cost


def edits(
    tree: ast.expr, scope: Scope, rules: Sequence[Rule] = RULES, least: float = 0.0, most: float = math.inf
) -> Iterator[Edit]:
    """Yield the single edits of an expression, each new expression once, the likelier first.

    Parameters
    ----------
    tree : ast.expr
        The expression.
    scope : Scope
        What can be written there.
    rules : sequence of callable
        What is tried.
    least, most : float
        Only the edits that cost at least so much, and less than that.
    """
    found = []
    for spot in spots(tree):
        further = 0.0 if spot.node is tree else INNER
        for rule in rules:
            more = further * (rule in missing.RULES)
            for suggested in rule(spot.node, scope):
                if least <= suggested.cost + more < most:
                    found.append((spot, suggested._replace(cost=suggested.cost + more)))
    found.sort(key=lambda one: one[1].cost)
    seen = {ast.unparse(tree)}
    for spot, suggested in found:  # to write a tree takes longer than to find it: only what is asked for is
        text = ast.unparse(spot.rebuild(suggested.new))
        if text not in seen:
            seen.add(text)
            yield Edit(spot, suggested, text)
