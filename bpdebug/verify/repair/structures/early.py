"""Parameters that are updated too early: a gradient was computed from the new value instead of the old one.

No edit of an expression mends that. It is seen in the data flow, and proven by computing what read the new
value once more with the old one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.recorder.records import Node, ValueOf, recomputed
from bpdebug.sources.script.recording import Recording
from bpdebug.verify.repair.replay import Replaced, ancestors
from bpdebug.verify.repair.structures.text import PersonText, Structure, blocks_from, exchanged
from bpdebug.verify.repair.trials import gradient_nodes


class EarlyRead(NamedTuple):
    """A new value that the gradients of other parameters were computed from.

    Attributes
    ----------
    parameter : TrainedParameter
        What was updated too early; of the single numbers that one statement updates, the first.
    readers : tuple of Node
        What read its new value.
    replaced : mapping
        The readers with the old value in its place, as what a replay replaces.
    """

    parameter: TrainedParameter
    readers: tuple[Node, ...]
    replaced: Replaced


def early_reads(recording: Recording, parameters: tuple[TrainedParameter, ...]) -> Iterator[EarlyRead]:
    """Yield the parameters whose new values others were computed from; single numbers by their statement."""
    groups: dict[object, list[TrainedParameter]] = defaultdict(list)
    for parameter in parameters:
        is_single = bool(parameter.updates) and np.size(parameter.old.like) == 1
        groups[parameter.updates[-1].site.statement if is_single else parameter.name].append(parameter)
    for group in groups.values():
        olds = {update.new.origin.id: one.old for one in group for update in one.updates}
        others = parameters if group[1:] else [one for one in parameters if one is not group[0]]
        behind = ancestors(node for one in others for node in gradient_nodes(one))
        readers = tuple(
            node
            for node in recording.nodes
            if node.id in behind
            and node.function is not None
            and node.id not in olds
            and any(parent.origin.id in olds for parent in node.parents())
        )
        if readers:
            replaced = {node.id: partial(_with_old, node, olds) for node in readers}
            yield EarlyRead(group[0], readers, replaced)


def _with_old(node: Node, olds: Mapping[int, Node], value_of: ValueOf) -> Any:
    return recomputed(node, lambda operand: value_of(olds.get(operand.origin.id, operand)))


def early_updates(text: PersonText, early: Sequence[EarlyRead]) -> Iterator[Structure]:
    """Yield the updates that stand before what reads the old value, in the same block."""
    for one in early:
        update, name = one.parameter.updates[-1].site.statement, one.parameter.name
        lines = {node.site.line for node in one.readers if node.site and node.site.place.file == text.file}
        for block in blocks_from(text, update, lines):
            reader = block[-1].lineno
            said = f"`{name}` is updated here, before line {reader} reads it: the update belongs after that"
            yield Structure(exchanged(text, block, said), "early update", is_sure=True)
