"""Two names of one object: after `b = a`, what reads `a` cannot be told from what reads `b`.

A recording follows objects, so after `b = a` both names stand for the node of that line. Where the line is
edited, `b` becomes another tensor and `a` does not: which of them an operation reads is said by its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

from bpdebug.sources.script import Instance, Node, Recording, recomputed
from bpdebug.sources.script.recorder.records import same
from bpdebug.verify.repair.replay import ValueOf


def read_before(recording: Recording, instance: Instance) -> Iterator[tuple[int, Callable[[ValueOf], Any]]]:
    """Yield the readers of a value that mean the name it had before a statement gave it another.

    Parameters
    ----------
    recording : Recording
        What ran.
    instance : Instance
        The statement: `b = a`.

    Yields
    ------
    (int, callable)
        The number of the reader, and what it gives with the old value, as what a replay replaces.
    """
    node = instance.node
    if node is None or node.function is not same:
        return
    before = node.operands[0]
    old, new = _texts(before), {target.text for target in instance.site.targets}
    for reader in recording.nodes[node.id + 1 :] if old - new else ():
        if reader.site is None or reader.function is None or all(one is not node for one in reader.parents()):
            continue
        code = reader.site.code
        if any(reads(code, name) for name in old - new) and not any(reads(code, name) for name in new):
            yield reader.id, partial(_with, reader, node, before)


def _texts(node: Node) -> set[str]:
    """Return the names of a tensor, and of what it is itself another name of."""
    targets = node.instance.site.targets if node.instance is not None else ()
    found = {*node.names, *(target.text for target in targets)}
    return found | (_texts(node.operands[0]) if node.function is same else set())


def _with(reader: Node, node: Node, before: Node, value_of: ValueOf) -> Any:
    return recomputed(reader, lambda operand: value_of(before if operand is node else operand))


def reads(text: str, name: str) -> bool:
    """Whether an expression reads a name, written as it is."""
    return bool(_whole(name).search(text))


@lru_cache(maxsize=256)
def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
