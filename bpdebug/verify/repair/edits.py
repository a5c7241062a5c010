"""Edits of a person's expression: each the opposite of a mistake that people make, the likelier first.

A rule looks at one node and yields what might have been meant there, as a node that takes its place. It
knows nothing of gradients: whether an edit is a correction, only computing everything again can tell. To add
a kind of mistake, write its rule in `rules` and name it in the table there; its sentence goes into `wording`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple

from bpdebug.verify.repair.rules import beside, missing, written
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope
from bpdebug.verify.repair.trees import Spot, spots

INNER = 0.15
"""What is missing is more often missing from the whole than from a part."""
RULES = (*written.RULES, *beside.RULES, *missing.RULES)
"""Every rule for a backward pass."""


class Edit(NamedTuple):
    """A replacement at a spot of an expression."""

    spot: Spot
    replacement: Replacement

    @property
    def cost(self) -> float:
        """How unlikely it is."""
        return self.replacement.cost

    @property
    def expression(self) -> ast.expr:
        """The whole expression with the replacement in it."""
        return self.spot.rebuild(self.replacement.new)


def edits(tree: ast.expr, scope: Scope, rules: Sequence[Rule] = RULES) -> list[Edit]:
    """Return the single edits of an expression, each new expression once, the likelier first."""
    found: dict[str, Edit] = {}
    unchanged = ast.dump(tree)
    for spot in spots(tree):
        further = 0.0 if spot.node is tree else INNER
        for rule in rules:
            more = rule in missing.RULES
            for suggested in rule(spot.node, scope):
                edit = Edit(spot, suggested._replace(cost=suggested.cost + more * further))
                key = ast.dump(edit.expression)
                if key != unchanged and (
                    key not in found or found[key].replacement.cost > edit.replacement.cost
                ):
                    found[key] = edit
    return sorted(found.values(), key=lambda edit: edit.cost)
