"""The parameters: what updates change, what they are called, and the chain of each step.

Not everything that gets `c · old + delta` is a parameter. What itself depends on another that is updated is a
value of the forward pass (`x = x + f(x)`), and so is what the others read only after it was changed, and what
is moved by nothing but itself (`x = x - mean(x)`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from bpdebug.sources.script.analysis.chains import Chains
from bpdebug.sources.script.analysis.steps import Piece
from bpdebug.sources.script.analysis.unmoved import unmoved
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.branches import Test, is_within, sides
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.updates import SCALE, SCATTERED, Update, is_plain_sum
from bpdebug.sources.script.sites import SourceRange


class TrainedParameter(NamedTuple):
    """What training changes.

    Attributes
    ----------
    name : str
        As it is written: `W1`, `self.weights[-1]`, `params["b2"]`.
    old : Node
        Its value before the iteration.
    new : Node or None
        Its value after it; None where nothing updates it, and only its gradient was computed.
    updates : tuple of Update
        The steps, more than one where its elements are updated by themselves.
    pieces : tuple of Piece
        For each step the part that it changes, and the chain down to its gradient.
    """

    name: str
    old: Node
    new: Node | None
    updates: tuple[Update, ...]
    pieces: tuple[Piece, ...]

    @property
    def is_updated(self) -> bool:
        """Whether an update was recorded; if not, its gradient was only computed."""
        return self.new is not None

    @property
    def line(self) -> int:
        """The line of its last update; 0 where there is none."""
        return self.updates[-1].site.line if self.updates else 0


def parameters_of(
    graph: Graph, updates: Sequence[Update], tests: Sequence[Test], leaves: Collection[int] = ()
) -> tuple[TrainedParameter, ...]:
    """Return the parameters among what was updated, in the order of their first updates.

    Parameters
    ----------
    graph : Graph
        The operations.
    updates : sequence of Update
        The steps that were recorded.
    tests : sequence of Test
        What branches were decided by: what was computed in one may be a gradient, though of data alone.
    leaves : collection of int
        What a library has computed gradients of: a step of that is one of a parameter.
    """
    groups: dict[int, list[Update]] = {}
    for update in updates:
        groups.setdefault(graph.of(update.old).id, []).append(update)
    kept = _kept(graph, list(groups.values()), leaves)
    depends = _depending(graph, [graph.of(group[0].old) for group in kept], tests)
    kept += [[update] for update in unmoved(graph, kept, depends)]
    olds = [graph.of(group[0].old) for group in kept]
    chains = Chains(graph, _depending(graph, olds, tests))
    names = _names(graph, kept)
    found = []
    for group, old, name in zip(kept, olds, names, strict=True):
        pieces = []
        before = group[0].old
        for update in group:
            is_added = update.new.origin.function in SCATTERED
            pieces.append(Piece(index_of(update), chains.of(before, update.new, update.deltas), is_added))
            before = update.new
        found.append(TrainedParameter(name, old, group[-1].new, tuple(group), tuple(pieces)))
    return tuple(found)


def _depending(graph: Graph, olds: Sequence[Node], tests: Sequence[Test]) -> Sequence[int]:
    """Return for each node whether (not 0) it, or that it was computed at all, depends on a parameter."""
    depends = graph.reached(olds)
    within = decided(graph, depends, tests)
    return graph.reached([*olds, *within]) if within else depends


def decided(graph: Graph, depends: Sequence[int], tests: Sequence[Test]) -> list[Node]:
    """Return what was computed in branches whose tests depended on a parameter.

    Parameters
    ----------
    graph : Graph
        The operations.
    depends : sequence of int
        For each node, whether (not 0) it depends on a parameter.
    tests : sequence of Test
        What branches were decided by.
    """
    deciding: dict[SourceRange, Test] = {}
    for test in tests:
        if test.site.is_branch and any(depends[graph.of(side).id] for side in sides(test)):
            deciding.setdefault(test.site.statement, test)
    return [node for node in graph.nodes if any(is_within(node, test) for test in deciding.values())]


def index_of(update: Update) -> object:
    """Return the part that an update changes, with values in the place of nodes; None for the whole."""
    node = update.new.origin
    is_part = node.function is put or node.function in SCATTERED
    return filled(node.operands[1]) if is_part else None


def filled(index: object) -> object:
    """Return an index with the recorded values of the nodes in it."""
    if type(index) is Node:
        return index.value
    if isinstance(index, tuple | list):
        return type(index)(map(filled, index))
    if isinstance(index, slice):
        return slice(filled(index.start), filled(index.stop), filled(index.step))
    return index


def _kept(graph: Graph, groups: list[list[Update]], leaves: Collection[int]) -> list[list[Update]]:
    """Leave out what is no parameter."""
    olds = [graph.of(group[0].old) for group in groups]
    news = [graph.of(group[-1].new) for group in groups]
    deltas = [[delta for update in group for _, delta in update.deltas] for group in groups]
    on_old, on_new = graph.reached(olds), graph.reached(news)
    everything = (1 << len(groups)) - 1
    read_new = [0] * len(groups)  # bit i: the deltas of group i read it
    for place, held in enumerate(deltas):
        for delta in held:
            for other in range(len(groups)):
                if on_new[graph.of(delta).id] >> other & 1:
                    read_new[other] |= 1 << place
    kept = []
    for place, group in enumerate(groups):
        own = 1 << place
        if olds[place].id in leaves:
            kept.append(group)
            continue
        if on_old[olds[place].id] & everything & ~own:
            continue  # it depends on another parameter
        others = read_new[place] & ~own
        if others and _only_after(graph, olds[place], news[place], deltas, others):
            continue
        last = group[-1]
        if others and is_plain_sum(last.new.origin, last.deltas):
            continue  # `x = x + f(x)`, and the others read that: a residual
        if not others and not _is_scaled(last) and _moves_itself(graph, olds[place], deltas[place]):
            continue
        kept.append(group)
    return kept


def _is_scaled(update: Update) -> bool:
    """Whether a step is the multiple of something by a number: by a rate."""
    steps = [delta.origin for _, delta in update.deltas]
    return any(
        step.function in SCALE and any(np.ndim(getattr(one, "like", one)) == 0 for one in step.operands)
        for step in steps
    )


def _only_after(graph: Graph, old: Node, new: Node, deltas: list[list[Node]], others: int) -> bool:
    """Whether those that read the new value depend on the old one through nothing else."""
    held = [delta for place, own in enumerate(deltas) if others >> place & 1 for delta in own]
    return old.id not in graph.ancestors(held, stop=(new.id,))


def _moves_itself(graph: Graph, old: Node, deltas: list[Node]) -> bool:
    """Whether a step depends on nothing but the value itself and numbers."""
    behind = graph.ancestors([old])
    for number in graph.ancestors(deltas) - behind:
        node = graph.nodes[number]
        is_source = not graph.parents(node)
        if is_source and not (node.function is None and node.shape == ()):
            return False
    return True


def _names(graph: Graph, groups: list[list[Update]]) -> list[str]:
    """Return what parameters are called: by the slot of the update, unless that serves several of them."""
    slots = Counter(slot for group in groups for slot in {update.slot for update in group})
    candidates = []
    aliases: dict[int, list[str]] = {}
    for node in graph.nodes:
        if node.names:
            aliases.setdefault(graph.of(node).id, []).extend(node.names)
    for group in groups:
        known = aliases.get(graph.of(group[0].old).id, [])
        slot = group[-1].slot
        own = [name for name in known if "[" in name or "." in name]
        is_loose = slots[slot] > 1 or not slot
        candidates.append((own or known or [slot or "parameter"])[0] if is_loose else slot)
    return numbered(candidates)


def numbered(names: Sequence[str]) -> list[str]:
    """Tell equal names apart: `w`, `w ·2`, `w ·3`."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ·{seen[name]}")
    return found
