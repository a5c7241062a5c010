"""The loss where a library has gone back: each parameter is held to what it was stepped with.

`loss.backward()` says what the loss is. Where there are several, every way back begins with a 1 of its own,
and from which of them the gradient was computed that a parameter was stepped with says which losses count for
it: what was cleared before then does not. A loss that counts for some only of what it depends on, as where
two trainings take turns, is written once more, with the rest as constants:

    judge: loss_real(judge) + loss_fake(judge, maker)      maker: loss_maker(judge′, maker)
    total: loss_real(judge) + loss_fake(judge, ‹maker›) + loss_maker(‹judge′›, maker)

The new value of a parameter is a constant, too: nobody goes back through a step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce

import numpy as np

from bpdebug.sources.script.analysis.explicit_losses import GAIN_WORDS
from bpdebug.sources.script.analysis.longer import LongerRecording
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.steps import Link
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import DETACH
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.sites import Site


def stepped(graph: Graph, parameters: Sequence[TrainedParameter]) -> frozenset[int]:
    """Return the new values of the parameters."""
    return frozenset(graph.of(one.new).id for one in parameters if one.new is not None)


def with_gradients(
    graph: Graph, recording: Recording, parameters: Sequence[TrainedParameter]
) -> tuple[TrainedParameter, ...]:
    """Return the parameters, with the gradients that stood in them where their steps are made otherwise.

    A method of second order has a history: its step is no multiple of the gradient, which is judged alone.
    """
    stood = [(graph.of(leaf).id, node) for one in recording.gone_back for leaf, node in one.gradients]
    found = []
    for parameter in parameters:
        end = parameter.new.id if parameter.new is not None else len(graph.nodes)
        own = [node for leaf, node in stood if leaf == parameter.old.id and node.id < end]
        if own and len(parameter.pieces) == 1:
            (piece,) = parameter.pieces
            if all(graph.of(link.node) is not graph.of(own[-1]) for link in piece.chain):
                link = Link(own[-1], -1, is_adaptive=True)
                parameter = parameter._replace(pieces=(piece._replace(chain=(link,)),))
        found.append(parameter)
    return tuple(found)


def loss_of(
    graph: Graph, recording: Recording, parameters: Sequence[TrainedParameter]
) -> tuple[Recording, LossCandidate] | None:
    """Return the sum of all losses that count, and the recording with what was added to write it.

    None where nothing was gone back from, or no gradient was computed from that.
    """
    stop = stepped(graph, parameters)
    counting = _counting(graph, recording, parameters, stop)
    places = sorted(set().union(*counting.values()))
    if not places:
        return None
    cuts = stop | {node.id for node in graph.nodes if node.function == DETACH}
    longer = LongerRecording(recording)
    terms: list[Node] = []
    for place in places:
        own = [one.old for one in parameters if place in (counting[one.old.id] or places)]
        others = [one.old for one in parameters if one.old not in own]
        terms.append(longer.alone(recording.gone_back[place].loss, graph, own, others, cuts))
    total = reduce(longer.sum, terms)
    last = recording.gone_back[places[-1]].loss
    names = [name for one in terms for name in one.names[:1]]
    grows = any(map(GAIN_WORDS.search, names)) or float(np.ravel(total.value)[0]) < 0
    candidate = LossCandidate(
        (total,), last.site.line if last.site else 0, may_grow=grows, is_derived=True, given=stop
    )
    return (longer.recording() if len(longer.nodes) > len(recording.nodes) else recording), candidate


def _counting(
    graph: Graph, recording: Recording, parameters: Sequence[TrainedParameter], stop: Collection[int]
) -> Mapping[int, set[int]]:
    """Return for each parameter the places of the losses that its gradient was computed from."""
    begun = {graph.of(one.one).id: place for place, one in enumerate(recording.gone_back)}
    given = {graph.of(node).id for one in recording.gone_back for _, node in one.gradients}
    found = {}
    for parameter in parameters:
        ends = []
        for piece in parameter.pieces:
            links = [graph.of(link.node) for link in piece.chain]
            ends += [node for node in links if node.id in given][:1] or links[-1:]
        behind = graph.ancestors(ends, stop=stop)
        found[parameter.old.id] = {begun[number] for number in behind & begun.keys()}
    return found


def left_out(graph: Graph, recording: Recording) -> Iterator[str]:
    """Say which leaves an optimizer has no gradient of, and where what depends on them leaves the graph.

    That may be meant: nobody is blamed.
    """
    without = {
        node: {number: site for number, site in cuts.items() if number < one.loss.id}  # on the way to it
        for one in recording.gone_back
        for node, cuts in one.without.items()
    }
    moved = {graph.of(leaf).id for one in recording.gone_back for leaf, _ in one.gradients}
    names: dict[Site, list[str]] = defaultdict(list)
    cut = {one for cuts in without.values() for one in cuts if one < len(graph.nodes)}
    behind = {number: graph.ancestors([graph.nodes[number]]) for number in sorted(cut)}
    for node, cuts in without.items():
        sites = (cuts[one] for one, on in behind.items() if graph.of(node).id in on and one in cuts)
        site = next(sites, None) if graph.of(node).id not in moved and node.names else None
        if site is not None:
            names[site].append(node.names[0])
    for site, own in names.items():
        yield (
            f"no gradient comes to {', '.join(own)}, which an optimizer has: what line {site.line} computes, "
            f"`{site.code}`, is outside of the graph"
        )
