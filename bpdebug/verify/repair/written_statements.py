"""The statements of a person's files as they are written: where each stands, its form, its expressions."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

from bpdebug.sources.script import SourceRange


class WrittenStatement(NamedTuple):
    """A statement of a function, and where it stands."""

    tree: ast.stmt
    function: str
    place: SourceRange


def form_of(tree: ast.stmt) -> str:
    """Return how a statement is written, whatever the names in it."""
    return ast.unparse(_Unnamed().visit(copy.deepcopy(tree))) if isinstance(tree, ast.Assign) else ""


class _Unnamed(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name("_", node.ctx)


def renamed(tree: ast.stmt, other: ast.stmt) -> dict[str, str]:
    """Return which name stands in one statement where another stands in the other; none if that varies."""
    pairs = [
        (one.id, two.id)
        for one, two in zip(ast.walk(tree), ast.walk(other), strict=True)
        if isinstance(one, ast.Name) and isinstance(two, ast.Name)
    ]
    names = dict(pairs)
    return names if all(names[one] == two for one, two in pairs) and any(a != b for a, b in pairs) else {}


def is_at(node: ast.AST, place: SourceRange) -> bool:
    """Whether an expression stands at a place."""
    return isinstance(node, ast.expr) and place_of(node, place.file) == place


def statements_in(tree: ast.AST, file: str, function: str) -> Iterator[WrittenStatement]:
    """Yield the statements in a tree with the function that each stands in, as the sites name it."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from statements_in(child, file, f"{function}.{child.name}" if function else child.name)
        elif isinstance(child, ast.stmt):
            yield WrittenStatement(child, function, place_of(child, file))
            yield from statements_in(child, file, function)
        elif isinstance(child, ast.excepthandler | ast.match_case):
            yield from statements_in(child, file, function)


def place_of(node: ast.stmt | ast.expr, file: str) -> SourceRange:
    """Return where a statement or an expression stands."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return SourceRange(file, node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)


def head_of(code: str, tree: ast.stmt) -> str:
    """Return the text of a statement: of a loop its first line."""
    return code.partition("\n")[0] if isinstance(tree, ast.For) else code


def have_same_target(one: ast.For, other: ast.stmt) -> bool:
    """Whether two loops count in the same variables."""
    return isinstance(other, ast.For) and ast.dump(one.target) == ast.dump(other.target)


def expressions_of(tree: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a statement whose values it uses."""
    match tree:
        case ast.Assign(targets=targets, value=value):
            yield value
            for target in targets:
                yield from _positions(target)
        case ast.AugAssign(target=target, value=value):
            yield value
            yield from _positions(target)
        case ast.Expr(value=value) | ast.AnnAssign(value=ast.expr() as value):
            yield value
        case ast.Return(value=ast.expr() as value):
            yield value
        case ast.For(iter=value) | ast.If(test=value) | ast.While(test=value):
            yield value


def _positions(target: ast.expr) -> Iterator[ast.expr]:
    """Yield the positions in what is stored to: `i` and `j + 1` of `x[i, j + 1:]`."""
    if isinstance(target, ast.Subscript):
        index = target.slice
        for part in index.elts if isinstance(index, ast.Tuple) else [index]:
            ends = [part.lower, part.upper] if isinstance(part, ast.Slice) else [part]
            yield from (end for end in ends if end is not None)
