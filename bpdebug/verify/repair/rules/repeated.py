"""What stands at several places of a formula: another thing is meant at all of them, or at some."""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from collections.abc import Collection, Iterator

from bpdebug.verify.repair.rules.nodes import SUMS, called, fits, may_be_tensor, parsed
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope

MOST_PLACES = 6
"""What stands at more places is not exchanged at some of them: there are too many choices."""


def everywhere(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Change what stands at more than one place at all of them: `f(a) * (1 - f(a))` to `a * (1 - a)`."""
    for text in (text for text, count in _counted(node, scope).items() if count > 1):
        repeated = parsed(text)
        if isinstance(repeated, ast.Call) and len(repeated.args) == 1 and called(repeated) not in SUMS:
            argument = repeated.args[0]
            yield Replacement("function too many", _at(node, text, argument), 1.2, repeated.func)
        shape = scope.shape(repeated)
        for other, its_shape in scope.tensors.items():
            if other != text and its_shape == shape:
                yield Replacement("another tensor", _at(node, text, parsed(other)), 1.45, repeated)


def at_some_places(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Read another tensor of the same formula at some of the places of one: `q` for `p`, twice of three."""
    counted = _counted(node, scope)
    read = {text: scope.tensors[text] for text in counted if text in scope.tensors}
    for text in (text for text in read if 2 < counted[text] <= MOST_PLACES):
        others = [
            other for other in read if other != text and fits(scope.tensors[other], scope.tensors[text])
        ]
        for other, size in itertools.product(others, range(2, counted[text])):
            for places in itertools.combinations(range(counted[text]), size):
                yield Replacement("another tensor", _at(node, text, parsed(other), places), 1.6, parsed(text))


def _counted(node: ast.expr, scope: Scope) -> Counter[str]:
    """Return how often each tensor, and each call that gives one, stands in a formula."""
    if not isinstance(node, ast.BinOp):
        return Counter()
    return Counter(
        ast.unparse(one)
        for one in ast.walk(node)
        if isinstance(one, ast.Name | ast.Attribute | ast.Subscript | ast.Call) and may_be_tensor(one, scope)
    )


def _at(node: ast.expr, text: str, new: ast.expr, places: Collection[int] | None = None) -> ast.expr:
    """Return a copy of a node with another expression at some places of one, or at every place."""
    numbers = itertools.count()

    class Replacing(ast.NodeTransformer):
        def visit(self, one: ast.AST) -> ast.AST:
            if isinstance(one, ast.expr) and ast.unparse(one) == text:
                return new if places is None or next(numbers) in places else one
            return self.generic_visit(one)

    replacing = Replacing().visit(parsed(ast.unparse(node)))
    assert isinstance(replacing, ast.expr)
    return replacing


RULES: tuple[Rule, ...] = (everywhere, at_some_places)
