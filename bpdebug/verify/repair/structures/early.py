"""Parameters that are updated too early: a gradient was computed from the new value instead of the old one.

No edit of an expression mends that. It is seen in the data flow, and proven by computing what read the new
value once more with the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

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
        What was updated too early.
    readers : tuple of Node
        What read its new value.
    replaced : mapping
        The readers with the old value in its place, as what a replay replaces.
    """

    parameter: TrainedParameter
    readers: tuple[Node, ...]
    replaced: Replaced


def early_reads(recording: Recording, parameters: tuple[TrainedParameter, ...]) -> Iterator[EarlyRead]:
    """Yield the parameters whose new values others were computed from."""
    for parameter in parameters:
        news = {update.new.origin.id for update in parameter.updates}
        others = [node for other in parameters if other is not parameter for node in gradient_nodes(other)]
        behind = ancestors(others)
        readers = tuple(
            node
            for node in recording.nodes
            if node.id in behind
            and node.function is not None
            and node.id not in news
            and any(parent.origin.id in news for parent in node.parents())
        )
        if readers:
            replaced = {node.id: partial(_with_old, node, news, parameter.old) for node in readers}
            yield EarlyRead(parameter, readers, replaced)


def _with_old(node: Node, news: set[int], old: Node, value_of: ValueOf) -> Any:
    return recomputed(node, lambda operand: value_of(old if operand.origin.id in news else operand))


def early_updates(text: PersonText, early: Sequence[EarlyRead]) -> Iterator[Structure]:
    """Yield the updates that stand before what reads the old value, in the same block."""
    for one in early:
        update, name = one.parameter.updates[-1].site.statement, one.parameter.name
        lines = {node.site.line for node in one.readers if node.site and node.site.place.file == text.file}
        for block in blocks_from(text, update, lines):
            reader = block[-1].lineno
            said = f"`{name}` is updated here, before line {reader} reads it: the update belongs after that"
            yield Structure(exchanged(text, block, said), "early update", is_sure=True)
