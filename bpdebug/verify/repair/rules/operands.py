"""What is read: another tensor, slice or index, another function, another number."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher

from bpdebug.verify.repair.rules.nodes import (
    PRODUCTS,
    REDUCED,
    SUMS,
    call,
    called,
    may_be_tensor,
    misfit,
    parsed,
    rank,
)
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope
from bpdebug.verify.repair.trees import replaced

TURNS = ("rot90", "flip", "fliplr", "flipud")


def functions(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Leave a function out, or call another one of the person's."""
    if not isinstance(node, ast.Call):
        return
    if len(node.args) != 1 or node.keywords:
        own = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        for part in (*own, *node.args):
            if may_be_tensor(part, scope) and scope.shape(part) == scope.shape(node) != ():
                yield Replacement("function too many", part, 1.4, node.func)
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
    for other in _without_a_border(node, scope):
        yield Replacement("another slice", other, 1.15, node)
    for other in (*scope.slices, *_other_ends(where)):
        if ast.dump(other) != ast.dump(where):
            yield Replacement("another slice", replaced(node, slice=other), 1.2, node)
    yield Replacement("part for the whole", node.value, 1.3, node)
    for axis, kept in REDUCED:
        summed = call(scope, "sum", node.value, axis=axis, kept=kept)
        yield Replacement("one for the sum", summed, 1.2 + misfit(summed, scope), node)
    if isinstance(where, ast.Tuple):
        yield from _moved_along(node, where)
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


def _without_a_border(node: ast.Subscript, scope: Scope) -> Iterator[ast.expr]:
    """Cut off as much before as after: `x[pad:pad + h]` for `x[:h]`, where all was cut off after."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    whole, cut = scope.shape(node.value), scope.shape(node)
    if whole is None or cut is None or len(whole) != len(cut) or len(parts) > len(cut):
        return
    borders = [
        (before - after) // 2 if _is_cut_after(part) and (before - after) % 2 == 0 else 0
        for part, before, after in zip(parts, whole, cut, strict=False)
    ]
    widths = {
        border: [*(text for text, value in scope.borders.items() if value == border), str(border)]
        for border in borders
        if border > 0
    }
    for number in range(max(map(len, widths.values()), default=0)):
        new = [
            _shifted(part, parsed(widths[border][min(number, len(widths[border]) - 1)]))
            if border > 0
            else part
            for part, border in zip(parts, borders, strict=True)
        ]
        yield replaced(node, slice=replaced(node.slice, elts=new) if len(new) > 1 else new[0])


def _is_cut_after(part: ast.expr) -> bool:
    return isinstance(part, ast.Slice) and part.lower is part.step is None and part.upper is not None


def _shifted(part: ast.expr, border: ast.expr) -> ast.Slice:
    """Return a slice without its end as one that begins after a border, and is as long."""
    assert isinstance(part, ast.Slice)
    assert part.upper is not None
    counts_back = isinstance(part.upper, ast.UnaryOp)
    return ast.Slice(
        border, ast.UnaryOp(ast.USub(), border) if counts_back else ast.BinOp(border, ast.Add(), part.upper)
    )


def _other_ends(where: ast.expr) -> Iterator[ast.expr]:
    """Leave out as many at the other end: `x[1:]` for `x[:-1]`, and the other way round."""
    if isinstance(where, ast.Tuple):
        for number, one in enumerate(where.elts):
            for other in _other_ends(one):
                yield replaced(where, elts=[*where.elts[:number], other, *where.elts[number + 1 :]])
    match where:
        case ast.Slice(lower=None, upper=ast.UnaryOp(op=ast.USub(), operand=count), step=None):
            yield ast.Slice(lower=count)
        case ast.Slice(lower=ast.expr() as count, upper=None, step=None):
            yield ast.Slice(upper=ast.UnaryOp(ast.USub(), count))


def turns(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Turn a kernel by 180 degrees over its last two axes, or leave that out."""
    if isinstance(node, ast.Call) and called(node) in TURNS and node.args:
        yield Replacement("turned", node.args[0], 1.3, node.args[0])
    elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and (rank(node, scope) or 0) > 1:
        turned = parsed(f"x[{'..., ' * (rank(node, scope) != 2)}::-1, ::-1]")
        yield Replacement("not turned", replaced(turned, value=node), 1.4, node)


def _moved_along(node: ast.Subscript, where: ast.Tuple) -> Iterator[Replacement]:
    """Take the element before or after along each axis: `x[i, j]` for `x[i - 1, j]`."""
    for number, one in enumerate(where.elts):
        moved: list[ast.expr] = []
        if isinstance(one, ast.BinOp):
            moved = [one.left]
        elif isinstance(one, ast.Name):
            moved = [_moved(one, 1), _moved(one, -1)]
        for other in moved:
            new = replaced(where, elts=[*where.elts[:number], other, *where.elts[number + 1 :]])
            yield Replacement("another index", replaced(node, slice=new), 1.1, node)


def other_tensors(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Read another tensor: the more alike its name, and of the same shape, the likelier."""
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript) or not may_be_tensor(node, scope):
        return
    text, shape = ast.unparse(node), scope.shape(node)
    for other, its_shape in scope.tensors.items():
        if other != text and (its_shape or not shape):  # a number may stand for a number alone
            unlike = 1 - SequenceMatcher(None, text, other).ratio()
            same_rank = shape is None or len(its_shape) == len(shape)
            cost = 1.3 + 0.2 * unlike + 0.2 * (its_shape != shape) + 0.4 * (not same_rank)
            yield Replacement("another tensor", parsed(other), cost, node)


def numbers_in_products(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Read a number for a tensor beside another: `rate * w` for `w * w`."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
        return
    for side, beside in (("left", node.right), ("right", node.left)):
        operand: ast.expr = getattr(node, side)
        if may_be_tensor(operand, scope) and scope.shape(operand) and scope.shape(beside):
            for number in (text for text, shape in scope.tensors.items() if not shape):
                new = replaced(node, **{side: parsed(number)})
                yield Replacement("another tensor", new, 1.45, operand)


def exchanged_names(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Exchange two names."""
    if not isinstance(node, ast.Subscript | ast.BinOp | ast.Call):
        return
    used = sorted({one.id for one in ast.walk(node) if isinstance(one, ast.Name)})
    positions = {
        one.slice.id
        for one in ast.walk(node)
        if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Name)
    }
    known = [name for name in used if name in scope.tensors or name in scope.counts or name in positions]
    for number, first in enumerate(known):
        for second in known[number + 1 :]:
            if scope.tensors.get(first) == scope.tensors.get(second):
                kind = "indices exchanged" if {first, second} <= positions else "names exchanged"
                yield Replacement(kind, _exchanged(node, first, second), 1.35, node)


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


def _moved(index: ast.expr, distance: int) -> ast.expr:
    if isinstance(index, ast.Constant) and isinstance(index.value, int):
        return parsed(str(index.value + distance))
    match index:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=ast.Constant(value=int(by))):
            by = distance + (by if isinstance(sign, ast.Add) else -by)
            return _moved(left, by) if by else left
    operator = ast.Add() if distance > 0 else ast.Sub()
    return ast.BinOp(index, operator, ast.Constant(abs(distance)))


def _exchanged(node: ast.expr, first: str, second: str) -> ast.expr:
    other = {first: second, second: first}

    class Exchanging(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.Name:
            return ast.Name(other.get(name.id, name.id), name.ctx)

    exchanged = Exchanging().visit(parsed(ast.unparse(node)))
    assert isinstance(exchanged, ast.expr)
    return exchanged


RULES: tuple[Rule, ...] = (
    functions,
    subscripts,
    turns,
    other_tensors,
    numbers_in_products,
    exchanged_names,
    numbers,
)
