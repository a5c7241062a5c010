"""Two names of one object: after `b = a`, what reads `a` cannot be told from what reads `b`.

A recording follows objects, so after `b = a` both names stand for the node of that line. Where the line is
edited, `b` becomes another tensor and `a` does not: which of them an operation reads is said by its text.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

from bpdebug.sources.script import Instance, Node, Recording, recomputed
from bpdebug.sources.script.recorder.records import ValueOf, same


def read_before(recording: Recording, instance: Instance) -> Iterator[tuple[int, Callable[[ValueOf], Any]]]:
    """Yield the readers of a value that mean the name it had before a statement gave it another.

    Parameters
    ----------
    recording : Recording
        What ran.
    instance : Instance
        The statement: `b = a`. What a function returns is meant by whoever reads it.

    Yields
    ------
    (int, callable)
        The number of the reader, and what it gives with the old value, as what a replay replaces.
    """
    node = instance.node
    if node is None or node.function is not same or not instance.site.targets:
        return
    before = node.operands[0]
    new = {target.text for target in instance.site.targets}
    old = _texts(before) - new
    for reader in recording.nodes[node.id + 1 :] if old else ():
        if reader.site is None or reader.function is None or all(one is not node for one in reader.parents()):
            continue
        meant = _operands_as_written(reader.site.code, len(reader.operands))
        places = {place for place, text in enumerate(meant) if text in old}
        code = reader.site.code
        if not places and any(reads(code, one) for one in old) and not any(reads(code, one) for one in new):
            places = set(range(len(reader.operands)))
        if places:
            yield reader.id, partial(recomputed, _with(reader, node, before, places))


def _texts(node: Node) -> set[str]:
    """Return the names of a tensor, and of what it is itself another name of."""
    targets = node.instance.site.targets if node.instance is not None else ()
    found = {*node.names, *(target.text for target in targets)}
    return found | (_texts(node.operands[0]) if node.function is same else set())


def _with(reader: Node, node: Node, before: Node, places: set[int]) -> Node:
    """Return an operation with another tensor at some places, where it reads a certain one."""
    other = copy.copy(reader)
    other.operands = tuple(
        before if one is node and place in places else one for place, one in enumerate(reader.operands)
    )
    return other


@lru_cache(maxsize=4096)
def _operands_as_written(code: str, count: int) -> Sequence[str]:
    """Return so many operands of an operation as they are written: `a` and `b.T` of `a @ b.T`."""
    try:
        tree = ast.parse(f"({code}\n)", mode="eval").body
    except (SyntaxError, RecursionError):
        return ()
    parts: list[ast.expr] = []
    match tree:
        case ast.BinOp(left=left, right=right):
            parts = [left, right]
        case ast.Call(func=ast.Attribute(value=owner), args=arguments) if len(arguments) < count:
            parts = [owner, *arguments]  # of a method
        case ast.Call(args=arguments):
            parts = arguments
    return tuple(map(ast.unparse, parts)) if len(parts) == count else ()


def reads(text: str, name: str) -> bool:
    """Whether an expression reads a name, written as it is."""
    return bool(_whole(name).search(text))


@lru_cache(maxsize=256)
def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
