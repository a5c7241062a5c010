"""What the rules ask of a node, and the nodes that they make."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bpdebug.engine.language.forms import Shape
from bpdebug.verify.repair.rules.replacement import Scope

REDUCED = ((0, True), (1, True), (0, False), (1, False), (-1, True), (None, False))
"""The axes that a sum goes over, and whether it keeps them."""
SUMS = ("sum", "mean")
PRODUCTS = ("dot", "matmul", "mm")


def parsed(text: str) -> ast.expr:
    """Return the tree of an expression; one that is written without places has none in the code."""
    return ast.parse(text, mode="eval").body


def call(scope: Scope, name: str, *arguments: ast.expr, axis: object = None, kept: bool = False) -> ast.expr:
    """Return a call of one of the functions of NumPy or torch; of a sum, as the code writes it."""
    options = reduction(scope, axis, kept)
    if name == "sum" and scope.sums_by_method:
        return ast.Call(ast.Attribute(arguments[0], name, ast.Load()), [], options)
    return ast.Call(parsed(f"{scope.library}.{name}"), list(arguments), options)


def misfit(node: ast.expr, scope: Scope) -> float:
    """Return how much less likely an edit is whose shape is not that of what it is stored in."""
    return 0.0 if scope.stored is None or scope.shape(node) == scope.stored else 0.1


def as_calls(node: ast.expr, function: str) -> ast.expr:
    """Return a node with calls of a function in the place of the operator of matrix products."""

    class Calling(ast.NodeTransformer):
        def visit_BinOp(self, one: ast.BinOp) -> ast.expr:
            self.generic_visit(one)
            is_product = isinstance(one.op, ast.MatMult)
            return ast.Call(parsed(function), [one.left, one.right], []) if is_product else one

    called_instead = Calling().visit(node)
    assert isinstance(called_instead, ast.expr)
    return called_instead


def reduction(scope: Scope, axis: object, kept: bool) -> list[ast.keyword]:
    """Return the options of a sum."""
    along, keeping = scope.sum_options
    named = [] if axis is None else [ast.keyword(along, parsed(str(axis)))]
    return named + ([ast.keyword(keeping, ast.Constant(True))] if kept else [])


def called(node: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def rank(node: ast.expr, scope: Scope) -> int | None:
    """Return how many axes the value of a node has; None where it is no tensor."""
    shape = scope.shape(node)
    return None if shape is None else len(shape)


def may_be_tensor(node: ast.expr, scope: Scope) -> bool:
    """Return whether a node has a value that can be multiplied, summed or added to."""
    return (
        not isinstance(node, ast.Constant | ast.Slice | ast.Tuple | ast.List)
        and scope.shape(node) is not None
    )


def fitting(node: ast.expr, scope: Scope, numbers_too: bool = False) -> Iterator[str]:
    """Yield the tensors that can stand beside a node without making its value larger, and say something."""
    shape = scope.shape(node)
    for tensor, its_shape in scope.tensors.items():
        if shape is None or (not its_shape and shape and not numbers_too) or tensor in scope.flat:
            continue
        if fits(its_shape, shape):
            yield tensor


def fits(own: Shape, beside: Shape) -> bool:
    """Whether broadcasting to one shape gives that shape."""
    if len(own) > len(beside):
        return False
    return all(one in (1, other) for one, other in zip(own[::-1], beside[::-1], strict=False))
