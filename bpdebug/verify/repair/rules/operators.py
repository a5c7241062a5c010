"""How operands are joined: the operator, their order, a transpose, a sign, a comparison."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from bpdebug.verify.repair.rules.nodes import PRODUCTS, call, called, may_be_tensor, parsed, rank
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope
from bpdebug.verify.repair.trees import replaced

COMPARED_OTHERWISE: Mapping[type[ast.cmpop], ast.cmpop] = {
    ast.Gt: ast.Lt(),
    ast.Lt: ast.Gt(),
    ast.GtE: ast.LtE(),
    ast.LtE: ast.GtE(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
}
OPPOSITE_IN_PLACE = {
    "add_": ("sub_", "sign", 1.1),
    "sub_": ("add_", "sign", 1.1),
    "mul_": ("div_", "divided", 1.4),
    "div_": ("mul_", "multiplied", 1.4),
}
"""A method that writes to a tensor -> its opposite, what was wrong if that is meant, and the cost."""


def transposes(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Take a transpose away, or add one."""
    plain = _plain(node)
    if plain is not None:
        yield Replacement("transposed", plain, 1.1, plain)
    elif rank(node, scope) != 1 and may_be_tensor(node, scope):
        yield Replacement("not transposed", ast.Attribute(node, "T", ast.Load()), 1.0, node)


def operators(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Take another operator, exchange its operands, or leave one of them out."""
    if not isinstance(node, ast.BinOp):
        return
    left, right = node.left, node.right
    match node.op:
        case ast.Mult():
            yield Replacement("factor too many", left, 1.2, right)
            yield Replacement("factor too many", right, 1.3, left)
            yield Replacement("divided", ast.BinOp(left, ast.Div(), right), 1.4, right)
            yield Replacement("matrix product", ast.BinOp(left, ast.MatMult(), right), 1.3)
            yield Replacement("matrix product", ast.BinOp(right, ast.MatMult(), left), 1.4)
            yield Replacement("factor for a term", ast.BinOp(left, ast.Add(), right), 1.7, right)
            yield Replacement("outer product", call(scope, "outer", left, right), 1.5)
        case ast.Div():
            yield Replacement("division too many", left, 1.2, right)
            for text in scope.divisors_forward:
                if text != ast.unparse(right):
                    yield Replacement("another divisor", replaced(node, right=parsed(text)), 1.35, right)
            yield Replacement("multiplied", ast.BinOp(left, ast.Mult(), right), 1.4, right)
        case ast.MatMult():
            yield Replacement("operands exchanged", ast.BinOp(right, ast.MatMult(), left), 1.3)
            for first, second in _transposed_otherwise(left, right):
                yield Replacement("other transposed", ast.BinOp(first, ast.MatMult(), second), 1.2)
            yield Replacement("product of elements", ast.BinOp(left, ast.Mult(), right), 1.3)
            yield Replacement("outer product", call(scope, "outer", left, right), 1.4)
            yield Replacement(
                "operands exchanged",
                ast.BinOp(ast.Attribute(right, "T", ast.Load()), ast.MatMult(), left),
                1.5,
            )
            yield Replacement(
                "operands exchanged",
                ast.BinOp(right, ast.MatMult(), ast.Attribute(left, "T", ast.Load())),
                1.5,
            )
        case ast.Add():
            yield Replacement("sign", ast.BinOp(left, ast.Sub(), right), 1.1, right)
            yield Replacement("term too many", left, 1.3, right)
            yield Replacement("term too many", right, 1.4, left)
            yield from _squares(node)
        case ast.Sub():
            yield Replacement("sign", ast.BinOp(right, ast.Sub(), left), 1.1)
            yield Replacement("sign", ast.BinOp(left, ast.Add(), right), 1.1, right)
            yield Replacement("term too many", left, 1.3, right)
            yield Replacement("term too many", right, 1.4, left)
            yield from _squares(node)
        case ast.Pow():
            yield Replacement("power too many", left, 1.4, left)


def operators_in_place(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Take the method that writes the opposite to a tensor: `w.sub_(step)` for `w.add_(step)`."""
    match node:
        case ast.Call(ast.Attribute(owner, name), [operand, *_]) if name in OPPOSITE_IN_PLACE:
            other, kind, cost = OPPOSITE_IN_PLACE[name]
            new = replaced(node, func=ast.Attribute(owner, other, ast.Load()))
            yield Replacement(kind, new, cost, operand)


def _squares(node: ast.BinOp) -> Iterator[Replacement]:
    """Square an operand: `1 - h ** 2` for `1 - h`."""
    for side in ("right", "left"):
        operand: ast.expr = getattr(node, side)
        if not isinstance(operand, ast.Constant):
            squared = ast.BinOp(operand, ast.Pow(), ast.Constant(2))
            yield Replacement("square missing", replaced(node, **{side: squared}), 1.2, operand)


def products_by_call(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Exchange the operands of `np.dot(x, y)` and `x.dot(y)`, or take another product."""
    if not (isinstance(node, ast.Call) and called(node) in PRODUCTS and isinstance(node.func, ast.Attribute)):
        return
    if len(node.args) == 2:
        left, right = node.args

        def product(first: ast.expr, second: ast.expr) -> ast.expr:
            return replaced(node, args=[first, second])

    elif len(node.args) == 1:
        left, right = node.func.value, node.args[0]

        def product(first: ast.expr, second: ast.expr) -> ast.expr:
            function = replaced(node.func, value=first)
            return replaced(node, func=function, args=[second])

    else:
        return
    for first, second in _transposed_otherwise(left, right):
        yield Replacement("other transposed", product(first, second), 1.2)
    turned_right, turned_left = (ast.Attribute(side, "T", ast.Load()) for side in (right, left))
    yield Replacement("operands exchanged", product(right, left), 1.3)
    yield Replacement("operands exchanged", product(turned_right, left), 1.5)
    yield Replacement("operands exchanged", product(right, turned_left), 1.5)
    yield Replacement("product of elements", ast.BinOp(left, ast.Mult(), right), 1.3)
    yield Replacement("outer product", call(scope, "outer", left, right), 1.4)


def signs(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Take a minus away."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield Replacement("sign", node.operand, 1.1, node.operand)


def comparisons(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Turn a comparison round."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = COMPARED_OTHERWISE.get(type(node.ops[0]))
        if other is not None:
            yield Replacement("comparison", replaced(node, ops=[other]), 1.2, node)


def _plain(node: ast.expr) -> ast.expr | None:
    """Return what is transposed by a node; None where nothing is."""
    match node:
        case ast.Attribute(plain, "T") | ast.Call(ast.Attribute(plain, "transpose" | "t"), []):
            return plain
    return None


def _transposed_otherwise(left: ast.expr, right: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the factors of a product with the transpose at the other one: `x.T @ y` for `x @ y.T`."""
    plain = _plain(left), _plain(right)
    if plain[0] is None and plain[1] is not None:
        yield _with_plain(right, left), plain[1]
    elif plain[0] is not None and plain[1] is None:
        yield plain[0], _with_plain(left, right)


def _with_plain(node: ast.expr, plain: ast.expr) -> ast.expr:
    """Return another expression transposed as a node is."""
    if isinstance(node, ast.Call):
        return replaced(node, func=replaced(node.func, value=plain))
    return replaced(node, value=plain)


RULES: tuple[Rule, ...] = (transposes, operators, operators_in_place, products_by_call, signs, comparisons)
