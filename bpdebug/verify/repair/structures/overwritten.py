"""What is written over in place, although it has another name, or is read later as it was."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from bpdebug.sources.script import Instance, Node, Recording, SourceRange
from bpdebug.sources.script.recorder.operations import InPlace, WrittenTo, is_in, put, put_elements
from bpdebug.sources.script.recorder.records import same
from bpdebug.verify.repair.aliases import reads
from bpdebug.verify.repair.structures.text import OVER, PersonText, Structure, blocks_from, exchanged

AUGMENTED: frozenset[Any] = frozenset(
    {operator.add, operator.sub, operator.mul, operator.truediv, operator.pow}
)


def overwritten(text: PersonText) -> Iterator[Structure]:
    """Yield what is written over, although it has another name, or belongs to a caller."""
    seen = {update.site.statement for update in text.recording.updates}
    for node in text.recording.nodes:
        instance = node.instance
        if instance is None or instance.site.place.file != text.file or not _is_in_place(node):
            continue
        statement, alias = instance.site.statement, _alias(node.operands[0])
        is_other = alias is not None and _is_read_as(text.recording, node, alias.site.code)
        if statement in seen or not (is_other or _was_read(text.recording, node, instance)):
            continue
        seen.add(statement)
        name = (instance.names or ("this",))[0]
        yield from _read_too_late(text, node, statement, name)
        if alias is not None:
            site = alias.site
            name = site.code
            said = f"this is no copy: line {statement.line} writes over `{name}`, which is needed as it was"
            yield Structure(text.rewriting(site.place, f"{name}.copy()", said), "overwritten")
        yield from _written_anew(text, statement, text.code(statement))


def _written_anew(text: PersonText, statement: SourceRange, code: str) -> Iterator[Structure]:
    """Yield the statement with a tensor of its own to write to."""
    try:
        (tree,) = ast.parse(code).body
    except (SyntaxError, ValueError):
        return
    match tree:
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            plain = ast.unparse(ast.Assign([ast.Name(name)], ast.BinOp(ast.Name(name), op, value), lineno=0))
            yield Structure(text.rewriting(statement, plain, OVER.format(name)), "overwritten")
        case (
            ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))])
            | ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)))
        ):
            own = f"{name} = {name}.copy()\n{' ' * statement.column}{code}"
            yield Structure(text.rewriting(statement, own, OVER.format(name)), "overwritten")


def written_elsewhere(text: PersonText) -> Iterator[Structure]:
    """Yield `np.multiply(x, y, out=h)`: the result has no array of its own."""
    for node in ast.walk(text.tree):
        kept = [one for one in node.keywords if one.arg != "out"] if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Call) and len(kept) < len(node.keywords):
            out = next(ast.unparse(one.value) for one in node.keywords if one.arg == "out")
            correction = ast.unparse(ast.Call(node.func, node.args, kept))
            said = OVER.format(out)
            yield Structure(text.rewriting(text.place(node), correction, said), "overwritten")


def _is_in_place(node: Node) -> bool:
    if not isinstance(node.like, np.ndarray) or not node.operands or type(node.operands[0]) is not Node:
        return False
    is_written = node.function in (put, put_elements) or isinstance(node.function, InPlace | WrittenTo)
    augments = node.site is not None and node.site.kind == "augment"
    return is_written or (augments and is_in(node.function, AUGMENTED))


def _was_read(recording: Recording, node: Node, instance: Instance) -> bool:
    """Whether others have read what is written over: room that is filled was read by nobody."""
    before = node.operands[0].origin
    own = instance.site.statement
    return before.function is not None and any(
        other.site is not None and other.site.statement != own
        for other in recording.nodes[before.id + 1 : node.id]
        if other.function is not same and any(parent.origin is before for parent in other.parents())
    )


def _is_read_as(recording: Recording, node: Node, name: str) -> bool:
    """Whether what was written over is read later by the name that it had before."""
    return any(
        other.site is not None and reads(other.site.code, name)
        for other in recording.nodes[node.id + 1 :]
        if other.function is not same and any(parent.origin is node for parent in other.parents())
    )


def _alias(node: Node) -> Instance | None:
    """Return the statement that gave a tensor its second name."""
    is_named = node.function is same and node.instance is not None and node.instance.site.role == "assign"
    return node.instance if is_named else None


def _read_too_late(text: PersonText, node: Node, statement: SourceRange, name: str) -> Iterator[Structure]:
    """Yield what reads a tensor in the same block after it was written over."""
    readers = (
        one
        for one in text.recording.nodes[node.id + 1 :]
        if any(parent.origin is node for parent in one.parents())
    )
    lines = {one.site.line for one in readers if one.site is not None and one.site.statement != statement}
    for line in sorted(lines):
        for block in blocks_from(text, statement, {line}):
            said = f"`{name}` is written over here, before line {line} reads it as it was"
            yield Structure(exchanged(text, block, said), "overwritten")
