"""A text with its syntax tree: what stands where, and the text with one part of it replaced."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

BINDING = {
    ast.Add: 1,
    ast.Sub: 1,
    ast.Mult: 2,
    ast.Div: 2,
    ast.MatMult: 2,
    ast.FloorDiv: 2,
    ast.Mod: 2,
    ast.Pow: 4,
}
"""How strongly an operator binds; 3 is a sign, and 0 everything that binds less."""
SCOPES = ast.FunctionDef | ast.Lambda | ast.Module
SLOPE = re.compile(
    r"\b1(\.0?)? ?- |[a-z_](prime|deriv\w*|slope|grad)\(|2deriv|> 0|np\.(cos|sign)\(|\.slope|positive"
)
RATE = re.compile(r"\b(lr|eta|alpha|l_rate|learn_rate|learning_rate|step_size|rate|0\.\d+)\b")
NUMBERS = re.compile(r"[-\d.e, ]+|len\(.*\)|[\w.]+\.(shape|size)(\[\d\])?|\w+ // \w+.*")
LOSS = re.compile(r"\b(\w*(loss|cost|err|error|entropy|logp\w*)|J|mse|diff)\b")


def binding(node: ast.AST) -> int:
    """How strongly the parts of an expression hold together."""
    if isinstance(node, ast.BinOp):
        return BINDING[type(node.op)]
    if isinstance(node, ast.UnaryOp):
        return 3
    return 0 if isinstance(node, ast.Compare | ast.BoolOp | ast.IfExp | ast.Lambda) else 5


def names(node: ast.AST) -> set[str]:
    """All names in a node."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


class Edit(NamedTuple):
    """A text with one mistake in it, and the lines any of which may be called the faulty one."""

    source: str
    lines: tuple[int, ...]


class Text:
    """A file of a script."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = source.splitlines(keepends=True)
        self.tree = ast.parse(source)
        self.texts: dict[ast.AST, str] = {}
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def of(self, node: ast.AST) -> str:
        """The text of a node, without parentheses around it."""
        if node not in self.texts:
            self.texts[node] = ast.get_source_segment(self.source, node) or ""
        return self.texts[node]

    def operand(self, node: ast.AST, beside: int = 5) -> str:
        """The text of a node as it may stand beside an operator that binds so strongly."""
        return f"({self.of(node)})" if binding(node) < beside else self.of(node)

    def instead(self, node: ast.AST, place: ast.AST) -> str:
        """The text of a node as it may stand in the place of another one."""
        parent = self.parents[place]
        if isinstance(parent, ast.BinOp | ast.UnaryOp):
            right = isinstance(parent, ast.BinOp) and place is parent.right
            return self.operand(node, binding(parent) + right)
        held = isinstance(parent, ast.Attribute | ast.Subscript) and place is parent.value
        return self.operand(node) if held else self.of(node)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node stands in."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def scope(self, node: ast.AST) -> ast.AST:
        """The function that a node stands in, or else the module."""
        while not isinstance(node, SCOPES):
            node = self.parents[node]
        return node

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside, up to its statement."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
            yield node

    def at_top(self, line: int) -> bool:
        """Whether the statement on a line stands in no function."""
        return any(
            isinstance(node, ast.stmt) and node.lineno == line and isinstance(self.scope(node), ast.Module)
            for node in ast.walk(self.tree)
        )

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements beside a statement, itself among them."""
        parent = self.parents[statement]
        for field in ("body", "orelse", "finalbody"):
            block = getattr(parent, field, None)
            if isinstance(block, list) and statement in block:
                return block
        return [statement]

    def in_index(self, node: ast.AST) -> bool:
        """Whether a node stands between the brackets of a subscript."""
        inside = node
        for around in self.ancestors(node):
            if isinstance(around, ast.Subscript) and inside is around.slice:
                return True
            inside = around
        return False

    def in_range(self, node: ast.AST) -> bool:
        """Whether a node says over what a loop counts."""
        calls = [around for around in self.ancestors(node) if isinstance(around, ast.Call)]
        return any(self.of(call.func) == "range" for call in calls)

    @functools.cached_property
    def sizes(self) -> set[str]:
        """The names that are no tensors: counts, numbers, and the variables of loops over a range."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.For) and "range(" in self.of(node.iter):
                found |= names(node.target)
            elif isinstance(node, ast.arguments):
                defaults = node.args[len(node.args) - len(node.defaults) :]
                found |= {argument.arg for argument in defaults}
            elif isinstance(node, ast.Assign) and NUMBERS.fullmatch(self.of(node.value)):
                found |= names(node.targets[0])
        return found

    def is_update(self, node: ast.AST) -> bool:
        """Whether the statement moves a parameter by a rate."""
        statement = self.statement(node)
        if isinstance(statement, ast.AugAssign):
            return bool(RATE.search(self.of(statement.value)))
        if isinstance(statement, ast.Assign):
            target = self.of(statement.targets[0]).split("[")[0]
            return target in self.of(statement.value) and bool(RATE.search(self.of(statement.value)))
        return False

    def position(self, line: int, column: int) -> int:
        """A place as an index into the text; columns count bytes, as those of `ast` do."""
        before = self.lines[line - 1].encode()[:column].decode()
        return sum(map(len, self.lines[: line - 1])) + len(before)

    def replaced(self, node: ast.expr | ast.stmt, text: str) -> Edit:
        """The text with a node replaced; the faulty lines are those of the node."""
        start = self.position(node.lineno, node.col_offset)
        end = self.position(node.end_lineno or node.lineno, node.end_col_offset or 0)
        lines = tuple(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return Edit(self.source[:start] + text + self.source[end:], lines)

    def moved(self, statement: ast.stmt, before: ast.stmt) -> Edit:
        """The text with a statement moved before another one of its block; either line is the faulty one."""
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        own, rest = self.lines[first - 1 : last], self.lines[: first - 1] + self.lines[last:]
        at = before.lineno - 1
        number = before.lineno + len(own)
        reader = range(number, number + (before.end_lineno or before.lineno) - before.lineno + 1)
        return Edit("".join(rest[:at] + own + rest[at:]), (*range(before.lineno, number), *reader))

    def blanked(self, statement: ast.stmt) -> Edit:
        """The text without a statement, its lines left empty; either neighbour may be called faulty too."""
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        lines = [*self.lines[: first - 1], *["\n"] * (last - first + 1), *self.lines[last:]]
        block = self.block(statement)
        at = block.index(statement)
        beside = block[max(at - 1, 0) : at + 2]
        return Edit(
            "".join(lines), tuple(n for s in beside for n in range(s.lineno, (s.end_lineno or s.lineno) + 1))
        )
