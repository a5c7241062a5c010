"""What may have been meant in the forward pass: an activation, another axis, a factor, a term."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bpdebug.verify.repair.rules import missing, written
from bpdebug.verify.repair.rules.nodes import REDUCED, call, called, fitting, may_be_tensor, parsed, rank
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope
from bpdebug.verify.repair.trees import replaced

ACTIVATIONS = ("{numpy}.tanh({x})", "{numpy}.maximum({x}, 0)", "1 / (1 + {numpy}.exp(-({x})))")
"""The activations that people write out."""
REDUCTIONS = frozenset({"sum", "mean", "max", "amax", "min", "var", "std", "softmax", "norm", "prod"})
FURTHEST = 3
"""Axes are tried up to this one."""


def missing_activations(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Apply an activation: a function of the person's, or one that is written out."""
    if not may_be_tensor(node, scope) or isinstance(node, ast.Compare | ast.BoolOp):
        return
    text = ast.unparse(node)
    for function in scope.functions:
        new: ast.expr = ast.Call(parsed(function), [node], [])
        if scope.shape(new) == scope.shape(node):
            yield Replacement("activation missing", new, 1.3, parsed(function))
    for form in ACTIVATIONS:
        new = parsed(form.format(numpy=scope.library, x=text))
        yield Replacement("activation missing", new, 1.4, parsed(form.format(numpy=scope.library, x="x")))


def missing_normalisation(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Divide by the sum, over the last axis, another one, or everything."""
    if may_be_tensor(node, scope) and rank(node, scope) != 0:
        for axis, kept in ((-1, True), (0, True), (None, False)):
            total = call(scope, "sum", node, axis=axis, kept=kept)
            yield Replacement("division missing", ast.BinOp(node, ast.Div(), total), 1.45, total)


def missing_factors(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Multiply or divide by a tensor: a gate, a mask, a spread; a number may become one."""
    tensors = list(fitting(node, scope, numbers_too=True)) if may_be_tensor(node, scope) else []
    if rank(node, scope) == 0 and not isinstance(node, ast.UnaryOp):
        tensors += [tensor for tensor, shape in scope.tensors.items() if shape]
    for tensor in tensors:
        factor = parsed(tensor)
        yield Replacement("factor missing", ast.BinOp(factor, ast.Mult(), node), 1.5, factor)
        if tensor != ast.unparse(node):
            yield Replacement("division missing", ast.BinOp(node, ast.Div(), factor), 1.7, factor)


def missing_leaks(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Multiply by the slope of the other side, as in `np.where(z > 0, z, 0.01 * z)`."""
    for leak in scope.leaks if isinstance(node, ast.Name | ast.Subscript | ast.Attribute) else ():
        factor = ast.Constant(leak)
        yield Replacement("factor missing", ast.BinOp(factor, ast.Mult(), node), 1.3, factor)


def siblings(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Multiply an element by the same one of another list or array: `w[i] * x[i]` for `x[i]`."""
    if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Constant):
        return
    held = (_container(parsed(text)) for text in scope.tensors if "[" in text)
    for name in dict.fromkeys(ast.unparse(one) for one in held if one is not None):
        factor = replaced(node, value=parsed(name))
        if ast.unparse(factor) != ast.unparse(node) and scope.shape(factor) is not None:
            yield Replacement("factor missing", ast.BinOp(factor, ast.Mult(), node), 1.3, factor)


def _container(node: ast.expr) -> ast.expr | None:
    """Return what an element is of: `w` for `w[i][j]`; None for what is no element."""
    whole = node
    while isinstance(whole, ast.Subscript):
        whole = whole.value
    return whole if whole is not node else None


def builtin_sums(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Sum over an axis where Python's own `sum` goes over the first."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "sum" and len(node.args) == 1:
        for axis, kept in REDUCED:
            yield Replacement("axis", call(scope, "sum", node.args[0], axis=axis, kept=kept), 1.1, node)


def axes(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Take another axis in what is reduced; in all of it at once, too."""
    for axis in (*range(FURTHEST), -1):
        new = parsed(str(axis))
        if isinstance(node, ast.Call) and called(node) in REDUCTIONS:
            moved = _with_axis(node, new)
            if moved is not None:
                yield Replacement("another axis", moved, 0.9, new)
        elif isinstance(node, ast.BinOp):
            yield Replacement("another axis", _everywhere(node, new), 1.1, new)


def _with_axis(node: ast.Call, axis: ast.expr) -> ast.expr | None:
    """Return a reduction over another axis; None if it names none."""
    for number, option in enumerate(node.keywords):
        if option.arg == "axis":
            keywords = [*node.keywords[:number], ast.keyword("axis", axis), *node.keywords[number + 1 :]]
            return replaced(node, keywords=keywords)
    is_method = isinstance(node.func, ast.Attribute) and len(node.args) == 1
    place = 0 if is_method and _is_axis(node.args[0]) else 1
    if len(node.args) > place and _is_axis(node.args[place]):
        return replaced(node, args=[*node.args[:place], axis, *node.args[place + 1 :]])
    return None


def _is_axis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.UnaryOp) and ast.unparse(node).lstrip("-").isdigit()


def _everywhere(node: ast.expr, axis: ast.expr) -> ast.expr:
    """Return a copy with another axis in every reduction of it."""

    class Moving(ast.NodeTransformer):
        def visit_Call(self, one: ast.Call) -> ast.AST:
            self.generic_visit(one)
            moved = _with_axis(one, axis) if called(one) in REDUCTIONS else None
            return one if moved is None else moved

    moved = Moving().visit(parsed(ast.unparse(node)))
    assert isinstance(moved, ast.expr)
    return moved


RULES: tuple[Rule, ...] = (
    axes,
    missing_activations,
    missing_normalisation,
    missing_factors,
    missing_leaks,
    siblings,
    builtin_sums,
    missing.missing_signs,
    missing.missing_terms,
    *written.RULES,
)
