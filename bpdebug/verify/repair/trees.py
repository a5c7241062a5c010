"""The person's expression as a tree whose text is kept: what an edit leaves alone stays as it was written.

An edit replaces one node of Python's own syntax tree. The nodes below it that stay keep their places in the
source, and the new text is put together from theirs: spaces, line breaks and the person's way to write a
product survive. Parentheses are set where the text would otherwise mean something else, and nowhere else.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

Rebuild = Callable[[ast.expr], ast.expr]
Tree = TypeVar("Tree", bound=ast.AST)
PLACEHOLDER = "__part_{}__"
ATOMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Call)
"""What needs no parentheses anywhere: those that stood around what it takes the place of can go."""


class Spot(NamedTuple):
    """A node of an expression.

    Attributes
    ----------
    node : ast.expr
        The node.
    rebuild : callable
        Gives the whole expression with another node in its place.
    """

    node: ast.expr
    rebuild: Rebuild


class Code:
    """An expression of the person's.

    Parameters
    ----------
    text : str
        Its text, as it stands between the columns of its place.

    Attributes
    ----------
    tree : ast.expr
        Its tree.
    """

    def __init__(self, text: str) -> None:
        # In parentheses, because an expression may go over several lines without any of its own.
        self.text = text
        self._lines = f"({text}\n)".encode().split(b"\n")
        self.tree = ast.parse(f"({text}\n)", mode="eval").body
        self._own = {id(node) for node in ast.walk(self.tree)}

    def segment(self, node: ast.expr) -> str:
        """Return the text of one of its nodes."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        rows = self._lines[node.lineno - 1 : node.end_lineno]
        rows[-1] = rows[-1][: node.end_col_offset]
        rows[0] = rows[0][node.col_offset :]
        return b"\n".join(rows).decode()

    def is_own(self, node: ast.AST) -> bool:
        """Whether a node stands in it as it is."""
        return id(node) in self._own

    def with_replaced(self, spot: Spot, new: ast.expr) -> str:
        """Return the text with another node in a spot."""
        wanted = ast.dump(spot.rebuild(new))
        text = self.written(new)
        first, last = self._span(spot.node)
        whole = b"\n".join(self._lines)
        before, after = whole[1:first].decode(), whole[last:-2].decode()
        if isinstance(new, ATOMS) and before.endswith("(") and after.startswith(")"):
            unenclosed = f"{before[:-1]}{text}{after[1:]}"
            if _means(unenclosed, wanted):
                return unenclosed
        bare = f"{before}{text}{after}"
        return bare if _means(bare, wanted) else f"{before}({text}){after}"

    def _span(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node begins and ends in all lines together, in bytes."""
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line) + 1)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    def written(self, tree: ast.expr) -> str:
        """Write another tree, with the text of every part that is its own."""
        if self.is_own(tree):
            return self.segment(tree)
        parts: list[ast.expr] = []
        template = ast.unparse(_with_placeholders(tree, self, parts))
        texts = [self.segment(part) for part in parts]
        wanted = ast.dump(tree)
        enclosed = [f"({text})" for text in texts]
        for number, text in enumerate(texts):
            tried = [*enclosed[:number], text, *enclosed[number + 1 :]]
            if _means(_filled(template, tried), wanted):
                enclosed = tried
        return _filled(template, enclosed)


def spots(tree: ast.expr) -> Iterator[Spot]:
    """Yield every node of an expression that an edit may replace, the whole first.

    What is called is no value of its own: of `x.sum()` it is `x` that may be replaced, not `x.sum`.
    """
    yield from _spots(tree, lambda new: new)


def _spots(node: ast.expr, rebuild: Rebuild) -> Iterator[Spot]:
    if not _is_slice(node):
        yield Spot(node, rebuild)
    if isinstance(node, ast.Lambda):
        return  # its names have values of their own
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        # So have theirs: only what is gone through first is of the names around.
        yield from _spots(node.generators[0].iter, partial(_with_iterated, node, rebuild))
        return
    for field, value in ast.iter_fields(node):
        if isinstance(node, ast.Call) and field == "func":
            if isinstance(value, ast.Attribute):
                yield from _spots(value.value, partial(_with_owner, node, value, rebuild))
        elif isinstance(value, ast.expr):
            yield from _spots(value, partial(_with_field, node, field, rebuild))
        elif isinstance(value, list):
            for number, part in enumerate(value):
                yield from _spots_of_part(node, rebuild, field, value, number, part)


def _is_slice(node: ast.expr) -> bool:
    """Whether a node is no value, but says which part of one."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(isinstance(part, ast.Slice) for part in parts)


def _with_owner(call: ast.Call, function: ast.Attribute, rebuild: Rebuild, new: ast.expr) -> ast.expr:
    return rebuild(replaced(call, func=replaced(function, value=new)))


def _with_iterated(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, rebuild: Rebuild, new: ast.expr
) -> ast.expr:
    first, *others = node.generators
    return rebuild(replaced(node, generators=[replaced(first, iter=new), *others]))


def _with_field(node: ast.expr, field: str, rebuild: Rebuild, new: ast.expr) -> ast.expr:
    return rebuild(replaced(node, **{field: new}))


def _spots_of_part(
    node: ast.expr, rebuild: Rebuild, field: str, values: list[ast.AST], number: int, part: ast.AST
) -> Iterator[Spot]:
    def with_part(new: ast.AST) -> ast.expr:
        return rebuild(replaced(node, **{field: [*values[:number], new, *values[number + 1 :]]}))

    if isinstance(part, ast.expr):
        yield from _spots(part, with_part)
    elif isinstance(part, ast.keyword):
        yield from _spots(part.value, lambda new: with_part(ast.keyword(part.arg, new)))


def replaced(node: Tree, **fields: object) -> Tree:
    """Return a node with some of its fields replaced."""
    new = copy.copy(node)
    for field, value in fields.items():
        setattr(new, field, value)
    return new


def is_selection(code: str) -> bool:
    """Whether an expression only takes what is there, or a part of it."""
    try:
        return isinstance(
            ast.parse(f"({code}\n)", mode="eval").body, ast.Name | ast.Attribute | ast.Subscript
        )
    except SyntaxError:
        return False


def _with_placeholders(tree: ast.expr, code: Code, parts: list[ast.expr]) -> ast.expr:
    """Return a copy of a tree in which each part that is the code's own is a name."""

    class Placing(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if isinstance(node, ast.expr) and code.is_own(node) and not _is_slice(node):
                parts.append(node)
                return ast.Name(PLACEHOLDER.format(len(parts) - 1), ast.Load())
            lists = {field: [*value] for field, value in ast.iter_fields(node) if isinstance(value, list)}
            return self.generic_visit(replaced(node, **lists))

    placed = Placing().visit(tree)
    assert isinstance(placed, ast.expr)
    return ast.fix_missing_locations(placed)


def _filled(template: str, texts: list[str]) -> str:
    for number, text in enumerate(texts):
        template = template.replace(PLACEHOLDER.format(number), text)
    return template


def _means(text: str, wanted: str) -> bool:
    try:
        return ast.dump(ast.parse(f"({text}\n)", mode="eval").body) == wanted
    except SyntaxError:
        return False
