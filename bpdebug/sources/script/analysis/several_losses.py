"""Several losses: each parameter is held to the one that it is stepped with.

Trainings take turns, or step at once:

    judge, judge′ = judge − rate · ∂ loss_judge(judge, maker)
    maker, maker′ = maker − rate · ∂ loss_maker(judge′, maker)

A turn begins where a loss is computed of what has been stepped: there the new values are given. The sum of
all losses is judged, each written as a function of its own parameters, with the rest as constants.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import NamedTuple

from bpdebug.sources.script.analysis.detached import right_of, root_in
from bpdebug.sources.script.analysis.errors import Dependence
from bpdebug.sources.script.analysis.explanation import Explanation, meant
from bpdebug.sources.script.analysis.gone_back import stepped
from bpdebug.sources.script.analysis.longer import LongerRecording
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recording import Recording

FEWEST = 2
"""So many gradients, at least, a loss must explain by itself: one may be right by chance."""
Parameters = Sequence[TrainedParameter]
Candidates = Callable[[Dependence], Sequence[LossCandidate]]
Explain = Callable[[Recording, Parameters, Sequence[LossCandidate]], Sequence[Explanation]]
"""(recording, parameters, candidates) -> what each candidate explains of the parameters."""
GraphOf = Callable[[Recording], Graph]


class TrainedRecording(NamedTuple):
    """What is trained, and how it is explained.

    Attributes
    ----------
    recording : Recording
        Of one iteration.
    graph : Graph
        Its operations.
    parameters : sequence of TrainedParameter
        What is stepped.
    graph_of : callable
        Gives the operations of a longer recording.
    explain : callable
        What candidates explain, each by itself.
    """

    recording: Recording
    graph: Graph
    parameters: Parameters
    graph_of: GraphOf
    explain: Explain


def by_turns(training: TrainedRecording, candidates: Candidates) -> Explanation | None:
    """Return the sum of the losses of all turns; None where there is but one turn.

    Parameters
    ----------
    training : TrainedRecording
        In any number of turns.
    candidates : callable
        Gives what may be the loss, of what depends on the parameters of a turn.
    """
    graph, parameters = training.graph, training.parameters
    turns = _turns(graph, parameters, candidates)
    if len(turns) < 2:
        return None
    found: list[Explanation] = []
    for own, tried in turns:
        best = meant(_ranked(training.explain(training.recording, own, tried)))
        if best is None:
            return None
        found.append(best)
    given = stepped(graph, parameters)
    return _added_up(training, [own for own, _ in turns], found, given)


def at_once(
    training: TrainedRecording, losses: Sequence[LossCandidate], explained: Sequence[Explanation]
) -> Explanation | None:
    """Return the sum of two losses that step different parameters at once; None where there are none.

    Both must be computed and be called losses, and each must explain what the other does not; or what one
    leaves unexplained was computed on a way back of its own. What neither explains is held to the one whose
    gradients it has most in common with.

    Parameters
    ----------
    training : TrainedRecording
        With all its parameters.
    losses : sequence of LossCandidate
        What is computed and called a loss.
    explained : sequence of Explanation
        What some of them explain, the best first.
    """
    if len(losses) < 2:
        return None
    parameters = training.parameters
    behind = _behind(training.graph, parameters, losses)

    def way_back(names: Iterable[str]) -> set[int]:
        return set().union(*(behind[name] for name in names))

    known = {one.candidate.roots: one for one in reversed(explained)}
    new = [one for one in losses if one.roots not in known]
    for one in reversed(_ranked(training.explain(training.recording, parameters, new))):
        known[one.candidate.roots] = one
    tried = [known[one.roots] for one in losses if one.roots in known]
    for one, other in sorted(itertools.permutations(tried, 2), key=_most_right, reverse=True):
        right, rest = right_of(one), behind.keys() - right_of(one)
        own = right_of(other) if len(right_of(other)) >= FEWEST else rest
        is_apart = len(own) >= FEWEST and (own is not rest or not way_back(own) & way_back(right))
        if len(right) >= FEWEST and is_apart and not own & right:
            ways = way_back(right), way_back(own)
            groups: tuple[list[TrainedParameter], ...] = [], []
            for each in parameters:
                shared = [len(behind[each.name] & way) for way in ways]
                groups[each.name in own or (each.name not in right and shared[1] > shared[0])].append(each)
            return _added_up(training, groups, (one, other))
    return None


def _behind(graph: Graph, parameters: Parameters, losses: Sequence[LossCandidate]) -> dict[str, set[int]]:
    """Return for each parameter what its gradient was computed of on the way back from the outputs.

    An output is the last tensor before a loss that the backward pass reads.
    """
    before = [graph.ancestors(one.roots) for one in losses]
    forward = set().union(*before)
    behind = {
        one.name: graph.ancestors(link.node for piece in one.pieces for link in piece.chain) - forward
        for one in parameters
    }
    read = {
        parent.id for number in set().union(*behind.values()) for parent in graph.parents(graph.nodes[number])
    }
    outputs = [graph.nodes[max(read & one)] for one in before if read & one]
    on = graph.reached(outputs)
    return {name: {number for number in own if on[number]} for name, own in behind.items()}


def _most_right(pair: Sequence[Explanation]) -> int:
    return len(right_of(pair[0]) | right_of(pair[1]))


def _added_up(
    training: TrainedRecording,
    groups: Sequence[Parameters],
    found: Sequence[Explanation],
    given: frozenset[int] = frozenset(),
) -> Explanation | None:
    """Explain all gradients by the sum of the losses, each of its own group of parameters."""
    longer = LongerRecording(training.recording)
    roots = [root_in(longer, one.candidate) for one in found]
    whole = training.graph_of(longer.recording())
    total = _sum(longer, whole, groups, found, roots)._replace(given=given)
    tried = training.explain(longer.recording(), training.parameters, [total])
    return next(iter(_ranked(tried)), None)


def _ranked(tried: Iterable[Explanation]) -> list[Explanation]:
    return sorted(tried, key=lambda one: one.rank, reverse=True)


def _turns(
    graph: Graph, parameters: Parameters, candidates: Candidates
) -> list[tuple[Parameters, list[LossCandidate]]]:
    """Return the parameters of each turn, with what may be its loss."""
    known = Dependence(graph, parameters)
    inner = [one for one in parameters if one.new is None]
    order = sorted((one for one in parameters if one.new is not None), key=_when)
    turns: list[tuple[Parameters, list[LossCandidate]]] = []
    begin = 0
    own: list[LossCandidate] = []
    for place in range(1, len(order)):
        first, last = _when(order[place - 1]) + 1, _when(order[place])
        if not any(known.on_new[number] for number in range(first, last)):
            continue
        given = stepped(graph, order[:place])
        later = Dependence(graph, order[place:], given=given)
        within = [
            one._replace(given=given)
            for one in candidates(later)
            if all(first <= root.id < last for root in one.roots) and graph.ancestors(one.roots) & given
        ]
        if within:
            turns.append((order[begin:place], own))
            begin, own = place, within
    if not turns:
        return []
    end = _when(turns[0][0][-1])
    earliest = [one for one in candidates(Dependence(graph, turns[0][0])) if one.roots[0].id < end]
    turns[0] = (turns[0][0], earliest)
    return [] if inner else [*turns, (order[begin:], own)]


def _when(parameter: TrainedParameter) -> int:
    """Return when a parameter has its new value."""
    assert parameter.new is not None
    return parameter.new.id


def _sum(
    longer: LongerRecording,
    graph: Graph,
    groups: Sequence[Parameters],
    found: Sequence[Explanation],
    roots: Sequence[Node],
) -> LossCandidate:
    """Add losses up, each as a function of its own parameters."""
    cuts = stepped(graph, [*itertools.chain(*groups)])
    terms = []
    for own, root in zip(groups, roots, strict=True):
        others = [one.old for group in groups for one in group if group is not own]
        terms.append(longer.alone(root, graph, [one.old for one in own], others, cuts))
    each = [one.candidate for one in found]
    return LossCandidate(
        (reduce(longer.sum, terms),),
        each[-1].line,
        tuple(error for one in each for error in one.errors),
        may_grow=any(one.may_grow for one in each),
        parts=tuple(each),
        is_named=any(one.is_named for one in each),
        groups=tuple(frozenset(one.name for one in own) for own in groups),
    )
