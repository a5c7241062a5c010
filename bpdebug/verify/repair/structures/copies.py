"""Copies that are none: a list of one array many times, a copy of the container alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.evaluation import evaluated
from bpdebug.sources.script.recorder.operations import Method, is_in
from bpdebug.verify.repair.rules.nodes import called
from bpdebug.verify.repair.structures.text import PersonText, Structure

COPIES = frozenset({"copy", "array", "list", "dict", "asarray"})
COPIED: frozenset[Any] = frozenset({np.copy, np.array, np.asarray, Method("copy")})
ROOM = frozenset({"zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "array"})
LATER = 20
"""So many of the lines after a copy are asked what was copied."""
ITEMS = ("part", "item", "one")


def repeated_items(text: PersonText) -> Iterator[Structure]:
    """Yield `[np.zeros(n)] * 3`: three times the same array."""
    for node in ast.walk(text.tree):
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
            continue
        for held, count in ((node.left, node.right), (node.right, node.left)):
            if isinstance(held, ast.List) and len(held.elts) == 1 and _is_room(held.elts[0]):
                item, times = (text.code(text.place(one)) for one in (held.elts[0], count))
                said = f"all items are the same `{item}`: what is written to one is written to all"
                correction = f"[{item} for _ in range({times})]"
                yield Structure(text.rewriting(text.place(node), correction, said), "overwritten")


def _is_room(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.ListComp) or (isinstance(node, ast.Call) and called(node) in ROOM)


def shallow_copies(text: PersonText) -> Iterator[Structure]:
    """Yield `np.copy(net)`, `list(net)`, `net[:]` of a container: what it holds is shared."""
    arrays = {
        node.site.place
        for node in text.recording.nodes
        if node.site is not None and is_in(node.function, COPIED)
    }
    for node in ast.walk(text.tree):
        held = _copied(node)
        if held is None or not isinstance(node, ast.expr) or text.place(node) in arrays:
            continue
        name = text.code(text.place(held))
        value = _value_after(text, node.lineno, name)
        if isinstance(value, list | dict | tuple) and value:
            deep = "copy.deepcopy({})" if "import copy" in ast.unparse(text.tree) else ""
            correction = deep.format(name) or copy_of(name, value)
            said = f"this copies the container only: the tensors in it are those of `{name}`"
            yield Structure(text.rewriting(text.place(node), correction, said), "overwritten")


def _copied(node: ast.AST) -> ast.expr | None:
    """Return what an expression copies; None where it copies nothing."""
    match node:
        case ast.Call(args=[ast.Name() | ast.Attribute() | ast.Subscript() as held]) if (
            called(node) in COPIES
        ):
            return held
        case ast.Call(func=ast.Attribute(attr="copy", value=held), args=[]):
            return held
        case ast.Subscript(slice=ast.Slice(lower=None, upper=None, step=None), value=held):
            return held
    return None


def copy_of(text: str, value: Any, names: Sequence[str] = ITEMS) -> str:
    """Write a copy of a container and of the arrays in it."""
    if isinstance(value, np.ndarray):
        return f"{text}.copy()"
    if not names or not isinstance(value, list | dict | tuple) or not value:
        return text
    name, *others = names
    parts = [copy_of(name, part, others) for part in (value.values() if isinstance(value, dict) else value)]
    # Of parts of several kinds only those are copied that all can be.
    part = parts[0] if len({*parts}) == 1 else name
    if isinstance(value, dict):
        return f"{{key: {part} for key, {name} in {text}.items()}}"
    return f"[{part} for {name} in {text}]"


def _value_after(text: PersonText, line: int, expression: str) -> Any:
    """Return what an expression is worth where one of the next lines ran that know its names."""
    after = [
        one for one in text.recording.instances if one.site.place.file == text.file and one.site.line >= line
    ]
    for instance in sorted(after, key=lambda one: one.site.line)[:LATER]:
        try:
            return evaluated(text.recording, instance, expression)
        except Exception:  # noqa: S112 (another function, in which the names mean nothing)
            continue
    return None
