"""What the code beside says: the lines of one layer are written like those of another.

`dW2 = dZ2 @ A1.T` beside `dW1 = dZ1` says what may be missing: with each number in a name one less, it is
`dW1 = dZ1 @ A0.T`, and of that what makes sense here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from bpdebug.verify.repair.rules.nodes import may_be_tensor
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope

ALIKE = 0.5
"""From so much likeness on, one may have been meant as the other (the ratio of `difflib`)."""
DIGITS = re.compile(r"\d+")


def written_beside(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Write it as in the line that does the same for another layer."""
    if isinstance(node, ast.Constant):
        return
    text = ast.unparse(node)
    for tree in scope.beside:
        for part in ast.walk(tree):
            if not isinstance(part, ast.BinOp | ast.Call | ast.UnaryOp | ast.Compare):
                continue
            other = ast.unparse(part)
            alike = SequenceMatcher(None, text, other).ratio()
            if other != text and (alike >= ALIKE or text in other):
                yield Replacement("written otherwise beside", part, 1.75 - 0.5 * alike, part)
            elif scope.shape(part) == scope.shape(node) and may_be_tensor(node, scope):
                yield Replacement("factor missing", ast.BinOp(part, ast.Mult(), node), 1.5, part)


def renumbered(code: str, shift: int) -> str:
    """Return code with every number at the end of a name moved: `dZ2 @ A1.T` by -1 is `dZ1 @ A0.T`."""

    def moved(found: re.Match[str]) -> str:
        return found[1] + str(max(0, int(found[2]) + shift))

    return re.sub(r"([A-Za-z_]\w*?)(\d+)\b", moved, code)


def shift_between(own: str, other: str) -> int | None:
    """Return by how much the numbers in a name differ from those in another; None for unlike names."""
    if own == other or DIGITS.sub("#", own) != DIGITS.sub("#", other):
        return None
    shifts = {int(a) - int(b) for a, b in zip(DIGITS.findall(own), DIGITS.findall(other), strict=True)}
    return shifts.pop() if len(shifts) == 1 else None


def terms_beside(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Add the term that the line for another layer has, and this one has not: `+ lam * W1`."""
    own = {ast.unparse(one) for _, one in terms(node)}
    for tree in scope.beside:
        for sign, term in terms(tree)[1:]:
            if ast.unparse(term) not in own and scope.shape(term) == scope.shape(node):
                yield Replacement("term missing", ast.BinOp(node, sign, term), 1.3, term)


def terms(tree: ast.expr) -> list[tuple[ast.operator, ast.expr]]:
    """Return what is added up in an expression, each with its sign."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub):
        return [*terms(tree.left), (tree.op, tree.right)]
    return [(ast.Add(), tree)]


RULES: tuple[Rule, ...] = (written_beside, terms_beside)
