"""Parameters that are updated too early: a gradient was computed from the new value instead of the old one.

No edit of an expression mends that. It is seen in the data flow, and proven by computing what read the new
value once more with the old one.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.recorder.recomputing import recomputed
from bpdebug.sources.script.recorder.records import Node, ValueOf
from bpdebug.verify.repair.constants import last_name
from bpdebug.verify.repair.places import frames_from
from bpdebug.verify.repair.replay import Replaced, ancestors
from bpdebug.verify.repair.reruns import Rewriting
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


def early_reads(analysis: Analysis) -> Iterator[EarlyRead]:
    """Yield the parameters whose new values others were computed from; single numbers by their statement.

    Where the loss itself is computed of a new value, as where trainings take turns, that is not too early.
    """
    recording, parameters, graph = analysis.recording, analysis.parameters, analysis.graph
    groups: dict[object, list[TrainedParameter]] = defaultdict(list)
    for parameter in parameters:
        if parameter.new is not None and graph.of(parameter.new).id in analysis.given:
            continue
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
        # Where a function reads it, also where that is called.
        places = {frame.caller for node in one.readers for frame in frames_from(node.frame)}
        places |= {(node.site.place.file, node.site.line) for node in one.readers if node.site is not None}
        lines = {line for file, line in places if file == text.file}
        for block in blocks_from(text, update, lines):
            reader = block[-1].lineno
            said = f"`{name}` is updated here, before line {reader} reads it: the update belongs after that"
            yield Structure(exchanged(text, block, said), "early update", is_sure=True)
            kept = _kept(
                text, block, f"`{name}` is updated here, and line {reader} needs it as it was before"
            )
            if kept is not None:
                yield Structure(kept, "early update", is_sure=True)


def _kept(text: PersonText, block: Sequence[ast.stmt], said: str) -> Rewriting | None:
    """Let what comes after an update read what was kept before it: two may read what the other updates.

    None where the old value is not read under the name that is updated.
    """
    match block[0]:
        case ast.AugAssign(target=target):
            copied = ".copy()"
        case ast.Assign(targets=[target]):
            copied = "" if isinstance(target, ast.Name) else ".copy()"
        case _:
            return None
    owner: ast.expr = target
    while isinstance(owner, ast.Subscript):
        owner = owner.value
    updated, name = ast.unparse(target), f"{last_name(owner)}_before"
    reads = [
        text.place(node)
        for statement in block[1:]
        for node in ast.walk(statement)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        if isinstance(node.ctx, ast.Load) and ast.unparse(node) == updated
    ]
    place = text.place(block[0], block[-1])
    if not reads or any(read.line == place.line or read.end_line > read.line for read in reads):
        return None
    rows = text.code(place).encode().split(b"\n")
    for read in sorted(reads, reverse=True):
        row = rows[read.line - place.line]
        rows[read.line - place.line] = row[: read.column] + name.encode() + row[read.end_column :]
    indent = " " * block[0].col_offset
    rest = b"\n".join(rows).decode()
    return text.rewriting(place, f"{name} = {updated}{copied}\n{indent}{rest}", said)
