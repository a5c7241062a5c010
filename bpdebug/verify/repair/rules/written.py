"""What is there, and should be otherwise: an operator, an operand, an axis, an index, a number."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from bpdebug.verify.repair.rules.nodes import REDUCED, call, called, may_be_tensor, parsed, rank, reduction
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope
from bpdebug.verify.repair.trees import replaced

SUMS = ("sum", "mean")
PRODUCTS = ("dot", "matmul")
KEEPING = ("keepdims", "keepdim")
COMPARED_OTHERWISE: Mapping[type[ast.cmpop], ast.cmpop] = {
    ast.Gt: ast.Lt(),
    ast.Lt: ast.Gt(),
    ast.GtE: ast.LtE(),
    ast.LtE: ast.GtE(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
}


def transposes(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Take a transpose away, or add one."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield Replacement("transposed", node.value, 1.1, node.value)
    elif _is_method(node, "transpose"):
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Attribute)
        yield Replacement("transposed", node.func.value, 1.1, node.func.value)
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
            yield Replacement("multiplied", ast.BinOp(left, ast.Mult(), right), 1.4, right)
        case ast.MatMult():
            yield Replacement("operands exchanged", ast.BinOp(right, ast.MatMult(), left), 1.3)
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
    other = SUMS[1 - SUMS.index(node.func.attr)]
    kind = "mean for a sum" if other == "sum" else "sum for a mean"
    yield Replacement(kind, replaced(node, func=replaced(node.func, attr=other)), 1.25, node)


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


def functions(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Leave a function out, or call another one of the person's."""
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return
    if called(node) in SUMS or called(node) in PRODUCTS:
        return
    yield Replacement("function too many", node.args[0], 1.4, node.func)
    for function in scope.functions:
        if function != ast.unparse(node.func):
            new = ast.Call(parsed(function), node.args, [])
            yield Replacement("another function", new, 1.3, parsed(function))


def subscripts(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Take another slice or index, the whole for a part, or the sum for one example."""
    if not isinstance(node, ast.Subscript):
        return
    where = node.slice
    if isinstance(where, ast.Constant) and isinstance(where.value, str):
        return
    for other in scope.slices:
        if ast.dump(other) != ast.dump(where):
            yield Replacement("another slice", replaced(node, slice=other), 1.2, node)
    yield Replacement("part for the whole", node.value, 1.3, node)
    for axis, kept in REDUCED:
        summed = call(scope, "sum", node.value, axis=axis, kept=kept)
        yield Replacement("one for the sum", summed, 1.2, node)
    if isinstance(where, ast.Slice | ast.Tuple):
        return
    for distance in (1, 2):
        for sign in (1, -1):
            yield Replacement(
                "another index",
                replaced(node, slice=_moved(where, sign * distance)),
                0.9 + 0.2 * distance,
                node,
            )
    if isinstance(where, ast.BinOp):
        yield Replacement("another index", replaced(node, slice=where.left), 1.1, node)


def other_tensors(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Read another tensor: the more alike its name, and of the same shape, the likelier."""
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript) or not may_be_tensor(node, scope):
        return
    text, shape = ast.unparse(node), scope.shape(node)
    for other, its_shape in scope.tensors.items():
        if other != text and (its_shape or not shape):  # a number may stand for a number alone
            unlike = 1 - SequenceMatcher(None, text, other).ratio()
            same_rank = shape is None or len(its_shape) == len(shape)
            cost = 1.3 + 0.3 * unlike + 0.2 * (its_shape != shape) + 0.4 * (not same_rank)
            yield Replacement("another tensor", parsed(other), cost, node)


def exchanged_names(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Exchange two names."""
    if not isinstance(node, ast.Subscript | ast.BinOp | ast.Call):
        return
    used = sorted({one.id for one in ast.walk(node) if isinstance(one, ast.Name)})
    known = [name for name in used if name in scope.tensors or name in scope.counts]
    for number, first in enumerate(known):
        for second in known[number + 1 :]:
            if scope.tensors.get(first) == scope.tensors.get(second):
                yield Replacement("names exchanged", _exchanged(node, first, second), 1.35, node)


def everywhere(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Change what stands at more than one place at all of them: `f(a) * (1 - f(a))` to `a * (1 - a)`."""
    if not isinstance(node, ast.BinOp):
        return
    counted = Counter(
        ast.unparse(one)
        for one in ast.walk(node)
        if isinstance(one, ast.Name | ast.Attribute | ast.Subscript | ast.Call) and may_be_tensor(one, scope)
    )
    for text in (text for text, count in counted.items() if count > 1):
        repeated = parsed(text)
        if isinstance(repeated, ast.Call) and len(repeated.args) == 1 and called(repeated) not in SUMS:
            argument = repeated.args[0]
            yield Replacement("function too many", _at_all(node, text, argument), 1.2, repeated.func)
        shape = scope.shape(repeated)
        for other, its_shape in scope.tensors.items():
            if other != text and its_shape == shape:
                yield Replacement("another tensor", _at_all(node, text, parsed(other)), 1.45, repeated)


def numbers(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Write another number."""
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return
    value = node.value
    assert isinstance(value, int | float)
    at_ends = [0, -1] if isinstance(value, int) else []
    others = [*at_ends, value + 1, value - 1, -value, 2 * value, value / 2, *([1 / value] if value else [])]
    for other in dict.fromkeys(others):
        if other != value:
            whole = int(other) if isinstance(value, int) and other == int(other) else other
            new = ast.Constant(whole) if whole >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-whole))
            yield Replacement("number", new, 1.5, node)


def _is_method(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and not node.args and called(node) == name


def _is_truth(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _opposite(node: ast.expr) -> ast.expr:
    assert isinstance(node, ast.Constant)
    return ast.Constant(not node.value)


def _moved(index: ast.expr, distance: int) -> ast.expr:
    if isinstance(index, ast.Constant) and isinstance(index.value, int):
        return parsed(str(index.value + distance))
    operator = ast.Add() if distance > 0 else ast.Sub()
    return ast.BinOp(index, operator, ast.Constant(abs(distance)))


def _at_all(node: ast.expr, text: str, new: ast.expr) -> ast.expr:
    """Return a copy of a node with another expression at every place of one."""

    class Replacing(ast.NodeTransformer):
        def visit(self, one: ast.AST) -> ast.AST:
            if isinstance(one, ast.expr) and ast.unparse(one) == text:
                return new
            return self.generic_visit(one)

    replacing = Replacing().visit(parsed(ast.unparse(node)))
    assert isinstance(replacing, ast.expr)
    return replacing


def _exchanged(node: ast.expr, first: str, second: str) -> ast.expr:
    other = {first: second, second: first}

    class Exchanging(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.Name:
            return ast.Name(other.get(name.id, name.id), name.ctx)

    exchanged = Exchanging().visit(parsed(ast.unparse(node)))
    assert isinstance(exchanged, ast.expr)
    return exchanged


RULES: tuple[Rule, ...] = (
    transposes,
    operators,
    products_by_call,
    signs,
    comparisons,
    sums,
    options,
    functions,
    subscripts,
    other_tensors,
    exchanged_names,
    everywhere,
    numbers,
)
