"""A file of the person's as it ran, and the rewritings of how its statements stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from bpdebug.sources.script import Recording, SourceRange
from bpdebug.verify.repair.report import Kind
from bpdebug.verify.repair.reruns import Rewriting

OVER = "`{}` is written over here, and is needed as it was"

RETURNED = "returned"
"""What a value is called that is computed before a `return`."""


class Structure(NamedTuple):
    """A rewriting of how statements stand.

    Attributes
    ----------
    rewriting : Rewriting
        What would stand there.
    kind : str
        What kind of fault it would mend.
    is_sure : bool
        Whether what stands there can be nothing but a fault.
    """

    rewriting: Rewriting
    kind: Kind
    is_sure: bool = False


class PersonText(NamedTuple):
    """A file of the person's, as it ran."""

    recording: Recording
    file: str
    tree: ast.Module

    def code(self, place: SourceRange) -> str:
        """Return what stands at a place."""
        source = self.recording.source(self.file)
        assert source is not None
        return source.code(place)

    def place(self, node: ast.expr | ast.stmt, last: ast.expr | ast.stmt | None = None) -> SourceRange:
        """Return where a node stands, or all from it to another."""
        end = last or node
        assert end.end_lineno is not None
        assert end.end_col_offset is not None
        return SourceRange(self.file, node.lineno, end.end_lineno, node.col_offset, end.end_col_offset)

    def rewriting(self, place: SourceRange, correction: str, explanation: str) -> Rewriting:
        """Return what would stand at a place instead."""
        return Rewriting(place, self.code(place), correction, explanation, 1.0)


def blocks_from(text: PersonText, first: SourceRange, lines: Set[int]) -> Iterator[list[ast.stmt]]:
    """Yield the statements of a block from one of them to the last that stands on one of some lines.

    A statement in a loop moves with the loop.
    """
    for block in blocks(text.tree):
        begin = [at for at, one in enumerate(block) if _goes_with(one, text.place(one), first)]
        ends = [
            at
            for at, one in enumerate(block)
            if any(one.lineno <= line <= (one.end_lineno or 0) for line in lines)
        ]
        if begin and ends and max(ends) > begin[0]:
            yield block[begin[0] : max(ends) + 1]


def _goes_with(statement: ast.stmt, place: SourceRange, other: SourceRange) -> bool:
    """Whether a statement is the one at a place, or a loop that holds it."""
    is_within = place.line <= other.line and other.end_line <= place.end_line
    return place == other or (isinstance(statement, ast.For | ast.While) and is_within)


def exchanged(text: PersonText, block: Sequence[ast.stmt], said: str) -> Rewriting:
    """Return the last statement of a block put before all others; of a `return`, what it returns."""
    place, last = text.place(block[0], block[-1]), block[-1]
    indent = " " * block[0].col_offset
    rest = text.code(text.place(block[0], block[-2]))
    if isinstance(last, ast.Return) and last.value is not None:
        value = text.code(text.place(last.value))
        correction = f"{RETURNED} = {value}\n{indent}{rest}\n{indent}return {RETURNED}"
    else:
        correction = f"{text.code(text.place(last))}\n{indent}{rest}"
    return text.rewriting(place, correction, said)


def blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of statements in a tree."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block
