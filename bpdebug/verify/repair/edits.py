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
    """A replacement at a spot of an expression, and the text of the whole with it: none is there twice."""

    spot: Spot
    replacement: Replacement
    text: str

    @property
    def cost(self) -> float:
        """How unlikely it is."""
        return self.replacement.cost


def edits(tree: ast.expr, scope: Scope, rules: Sequence[Rule] = RULES) -> list[Edit]:
    """Return the single edits of an expression, each new expression once, the likelier first."""
    found: dict[str, Edit] = {}
    unchanged = ast.unparse(tree)
    for spot in spots(tree):
        further = 0.0 if spot.node is tree else INNER
        for rule in rules:
            more = rule in missing.RULES
            for suggested in rule(spot.node, scope):
                text = ast.unparse(spot.rebuild(suggested.new))
                edit = Edit(spot, suggested._replace(cost=suggested.cost + more * further), text)
                if text != unchanged and (text not in found or found[text].cost > edit.cost):
                    found[text] = edit
    return sorted(found.values(), key=lambda edit: edit.cost)
