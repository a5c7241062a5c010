"""What is summed, and over which axis; options that are true or false."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from bpdebug.verify.repair.rules.nodes import REDUCED, SUMS, called, may_be_tensor, rank, reduction
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope
from bpdebug.verify.repair.trees import replaced

KEEPING = ("keepdims", "keepdim")


def sums(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Sum over another axis, exchange sum and mean, or leave the sum out."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if called(node) not in SUMS:
        return
    by_method = not node.args or may_be_tensor(node.func.value, scope)
    summed = node.func.value if by_method else node.args[0]
    yield Replacement("sum too many", summed, 1.3, summed)
    has_kept = any(option.arg in KEEPING for option in node.keywords)
    for axis, kept in {(axis, kept) for axis, _ in REDUCED for kept in (False, True)}:
        if axis is None and kept:
            continue
        args = [] if by_method else node.args[:1]
        new = replaced(node, args=args, keywords=reduction(scope, axis, kept))
        yield Replacement("axis", new, 1.1 + 0.1 * (kept != has_kept), node)
    yield from _as_many_axes(node, rank(summed, scope))
    other = SUMS[1 - SUMS.index(node.func.attr)]
    kind = "mean for a sum" if other == "sum" else "sum for a mean"
    yield Replacement(kind, replaced(node, func=replaced(node.func, attr=other)), 1.25, node)


def _as_many_axes(node: ast.Call, dimensions: int | None) -> Iterator[Replacement]:
    """Sum over as many axes, but others: `axis=(0, 2, 3)` for `axis=(0, 1, 2)`."""
    for number, option in enumerate(node.keywords):
        if option.arg == "axis" and isinstance(option.value, ast.Tuple):
            for axes in itertools.combinations(range(dimensions or 0), len(option.value.elts)):
                other = ast.keyword("axis", ast.Tuple([ast.Constant(axis) for axis in axes], ast.Load()))
                keywords = [*node.keywords[:number], other, *node.keywords[number + 1 :]]
                yield Replacement("axis", replaced(node, keywords=keywords), 1.1, node)


def options(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Negate an option that is true or false."""
    if not isinstance(node, ast.Call):
        return
    for number, argument in enumerate(node.args):
        if _is_truth(argument):
            args = [*node.args[:number], _opposite(argument), *node.args[number + 1 :]]
            yield Replacement("option", replaced(node, args=args), 1.1, argument)
    for number, option in enumerate(node.keywords):
        if _is_truth(option.value) and option.arg not in KEEPING:
            turned = ast.keyword(option.arg, _opposite(option.value))
            keywords = [*node.keywords[:number], turned, *node.keywords[number + 1 :]]
            yield Replacement("option", replaced(node, keywords=keywords), 1.1, option.value)


def _is_truth(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _opposite(node: ast.expr) -> ast.expr:
    assert isinstance(node, ast.Constant)
    return ast.Constant(not node.value)


RULES: tuple[Rule, ...] = (sums, options)
