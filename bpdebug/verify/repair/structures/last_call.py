"""What a call keeps for the way back, and the next call of the same function writes over.

    e1 = net.forward(x1);  e2 = net.forward(x2);  net.backward(d2);  net.backward(d1)

Both ways back read what the second way forward has kept. It is seen in the data flow, and proven by computing
the way back once more, each call with what its own call had kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from bpdebug.sources.script.recorder.recomputing import recomputed
from bpdebug.sources.script.recorder.records import Frame, Node, ValueOf, same
from bpdebug.sources.script.sites import Site
from bpdebug.verify.repair.replay import Replaced

MOST_CALLS = 64
"""Of more calls nobody keeps all in one place."""


class WrittenOver(NamedTuple):
    """Calls that read what only the last of several calls has kept.

    Attributes
    ----------
    reader : Frame
        The first call that belongs to another one than the last.
    kept, last : Frame
        The call that this belongs to, and the last one.
    replaced : mapping
        The readers, each with what its own call had kept, as what a replay replaces.
    """

    reader: Frame
    kept: Frame
    last: Frame
    replaced: Replaced


def written_over(nodes: Sequence[Node], phases: Sequence[str]) -> Iterator[WrittenOver]:
    """Yield the calls that may read what belongs to others; they go back in the same order, or the other way.

    Parameters
    ----------
    nodes : sequence of Node
        All operations.
    phases : sequence of str
        For each whether it belongs to the forward pass.
    """
    own: dict[Frame, list[Node]] = defaultdict(list)
    of_function: dict[Site | None, dict[Frame, None]] = defaultdict(dict)
    readers: dict[Frame, dict[Frame, None]] = defaultdict(dict)
    for node in nodes:
        own[node.frame].append(node)
        of_function[node.frame.site][node.frame] = None
        for parent in node.parents() if phases[node.id] != "forward" else ():
            for held in _names_of(parent) if phases[parent.id] == "forward" else ():
                if held.frame is not node.frame:
                    readers[held.frame][node.frame] = None
    for last, reading in readers.items():
        backward = [one for one in reading if one.site is not None and one.time > last.time]
        is_one = len({one.site for one in backward}) == 1 and last.site is not None
        if not is_one or not 1 < len(backward) <= MOST_CALLS:
            continue
        every = [one for one in of_function[last.site] if one.time <= last.time]
        calls = [one for one in every if one is last or not readers.get(one, {}).keys() & {*backward}]
        if len(calls) != len(backward):
            continue
        for order in (calls[::-1], calls):
            pairs = [pair for pair in zip(backward, order, strict=True) if pair[1] is not last]
            twins = [_twins(own[last], own[kept]) for _, kept in pairs]
            replaced = {
                node.id: partial(_with_twins, node, twin)
                for (reader, _), twin in zip(pairs, twins, strict=True)
                for node in own[reader]
                if node.function is not same
                and any(held.id in twin for parent in node.parents() for held in _names_of(parent))
            }
            if all(twins) and replaced:
                yield WrittenOver(*pairs[0], last, replaced)


def _twins(nodes: Sequence[Node], others: Sequence[Node]) -> dict[int, Node]:
    """Return for each operation of a call that of another call; nothing if these are not the same."""
    alike = len(nodes) == len(others) and all(
        one.site is other.site for one, other in zip(nodes, others, strict=True)
    )
    return {one.id: other for one, other in zip(nodes, others, strict=True)} if alike else {}


def _with_twins(node: Node, twins: Mapping[int, Node], value_of: ValueOf) -> Any:
    def own(operand: Node) -> Any:
        return value_of(next((twins[one.id] for one in _names_of(operand) if one.id in twins), operand))

    return recomputed(node, own)


def _names_of(node: Node) -> Iterator[Node]:
    """Yield a value under its last name, and under those that it had before."""
    yield node
    while node.function is same:
        node = node.operands[0]
        yield node
