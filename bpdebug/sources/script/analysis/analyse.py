"""How it is found out what a recording is a training of.

Nothing of it is asked of the person. Every candidate for the loss is tried: its gradients are derived from
the forward part, and the one under which most of the hand-written gradients are right, all with one factor,
is it. A loss that the script computes is preferred where two explain equally much.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.computed import computed_only
from bpdebug.sources.script.analysis.detached import right_of, with_constants
from bpdebug.sources.script.analysis.errors import Dependence, errors_of
from bpdebug.sources.script.analysis.explanation import (
    Explanation,
    contradicts,
    explained,
    meant,
    needs_no_other,
)
from bpdebug.sources.script.analysis.explicit_losses import FEW, explicit_losses
from bpdebug.sources.script.analysis.gone_back import left_out, loss_of, with_gradients
from bpdebug.sources.script.analysis.held_losses import held_in_losses
from bpdebug.sources.script.analysis.longer import LongerRecording
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.analysis.losses import candidates
from bpdebug.sources.script.analysis.parameters import TrainedParameter, parameters_of
from bpdebug.sources.script.analysis.penalties import lacks_penalty
from bpdebug.sources.script.analysis.several_losses import Parameters, TrainedRecording, at_once, by_turns
from bpdebug.sources.script.analysis.told import Told, hold_gradients, only, refuse_loss
from bpdebug.sources.script.conversion.forward import ForwardWriter
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.branches import sides
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.sites import line_text


def analyse(recording: Recording, told: Told = Told()) -> Analysis:  # noqa: B008 (a constant)
    """Find parameters, gradients and the loss of a recording.

    Parameters
    ----------
    recording : Recording
        Of one iteration.
    told : Told
        What the person says.

    Raises
    ------
    BpdebugError
        If the person names what is not there.
    """
    graph = _graph(recording)
    hold_gradients(graph, told.gradients)
    parameters = _parameters(graph, recording, told)
    if not parameters:
        note = "nothing was trained: no `w -= rate * gradient` ran, and nothing is called a gradient"
        return Analysis(recording, graph, (), None, notes=(note,))
    known = None if told.loss else loss_of(graph, recording, parameters)
    if known is not None:
        longer, candidate = known
        whole = graph if longer is recording else _graph(longer)
        for loss in _explained(longer, whole, parameters, [candidate]):
            notes = (*_opaque_notes(loss), *left_out(graph, recording))
            return Analysis(longer, whole, parameters, loss, notes=notes)
    every = list(_explanations(recording, graph, parameters, told))
    explicit = [one for one in every if one.candidate.is_explicit and not one.candidate.is_part]
    tried = [
        one
        for one in every
        if not any(contradicts(one, other) or lacks_penalty(one, other) for other in explicit)
    ]
    tried.sort(key=lambda one: one.rank, reverse=True)
    best = meant(tried)
    tried.sort(key=lambda one: one is not best)
    if not (tried and tried[0].verdicts.are_right):
        found = None if told.loss else _by_several(recording, graph, parameters, tried)
        found = found or _with_constants(recording, graph, parameters, told, tried)
        if found is not None:
            return found
    if not tried and told.loss:
        refuse_loss(Dependence(graph, parameters), told.loss)
    if not tried:
        note = "no loss was found: no number depends on the parameters, and no output stands beside a target"
        if any(Dependence(graph, parameters).is_measured):
            note = "the gradients are measured, by losses with a parameter shifted: there is no backward pass"
        return Analysis(recording, graph, parameters, None, notes=(note,))
    return Analysis(recording, graph, parameters, tried[0], tuple(tried[1:]), tuple(_opaque_notes(tried[0])))


def _by_several(
    recording: Recording,
    graph: Graph,
    parameters: tuple[TrainedParameter, ...],
    tried: Sequence[Explanation],
) -> Analysis | None:
    """Hold each parameter to a loss of its own, where there are several and that explains more."""

    def candidates_of(known: Dependence) -> list[LossCandidate]:
        return [*candidates(known, *_told_apart(graph, recording))]

    def explain(own: Recording, some: Parameters, each: Iterable[LossCandidate]) -> list[Explanation]:
        return [*_explained(own, graph if own is recording else _graph(own), tuple(some), each)]

    training = TrainedRecording(recording, graph, parameters, _graph, explain)
    found = by_turns(training, candidates_of)
    if found is None:
        losses = explicit_losses(Dependence(graph, parameters), *_told_apart(graph, recording), FEW)
        own = [one for one in losses if one.is_named and not one.is_part]
        found = at_once(training, own, tried)
    if found is None or (tried and not right_of(found) >= right_of(tried[0])):
        return None
    whole, notes = found.reference.forward.graph, tuple(_opaque_notes(found))
    return Analysis(replace(recording, nodes=whole.nodes), whole, parameters, found, notes=notes)


def _with_constants(
    recording: Recording,
    graph: Graph,
    parameters: tuple[TrainedParameter, ...],
    told: Told,
    tried: Sequence[Explanation],
) -> Analysis | None:
    """Take what the backward pass does not go back through as constants, where that explains more."""
    known, longer = Dependence(graph, parameters), LongerRecording(recording)
    parts = [] if told.loss else explicit_losses(known, *_told_apart(graph, recording), FEW)

    def explain(own: Sequence[LossCandidate]) -> list[Explanation]:
        written = longer.recording()
        whole = _graph(written)
        return [each for one in own for each in _explained(written, whole, parameters, [one])]

    found = with_constants(known, longer, tried, parts, explain)
    if not found:
        return None
    best, whole = found[0], found[0].reference.forward.graph
    others, notes = (*found[1:], *tried), tuple(_opaque_notes(best))
    return Analysis(longer.recording(), whole, parameters, best, others, notes)


def _graph(recording: Recording) -> Graph:
    return Graph(recording.nodes, {update.old.origin.id for update in recording.updates}, recording.path)


def _parameters(graph: Graph, recording: Recording, told: Told) -> tuple[TrainedParameter, ...]:
    """Return what is updated, and what only has a gradient; a target has none."""
    stood = [pair for one in recording.gone_back for pair in one.gradients]
    leaves, gradients = ({graph.of(pair[place]).id for pair in stood} for place in (0, 1))
    updated = parameters_of(graph, recording.updates, recording.tests, leaves)
    updated = tuple(one for one in updated if one.old.id not in gradients)  # a sum of gradients is no step
    updated = with_gradients(graph, recording, updated)
    used = Dependence(graph, updated).behind_updates
    found = (*updated, *computed_only(graph, updated, used, told.gradients, not stood))
    replaced = {one.old.id for one in found if not one.is_updated}
    found = tuple(one for one in found if not (one.is_updated and one.old.id in replaced))
    targets = [one.target for one in itertools.chain(*errors_of(Dependence(graph, found)))]
    behind = graph.ancestors([one for one in targets if type(one) is Node])
    found = tuple(
        one for one in found if one.is_updated or one.name in told.gradients or one.old.id not in behind
    )
    return only(found, told.parameters)


def _explanations(
    recording: Recording, graph: Graph, parameters: tuple[TrainedParameter, ...], told: Told
) -> Iterator[Explanation]:
    """Try the candidates."""
    tried = candidates(Dependence(graph, parameters), *_told_apart(graph, recording), told.loss)
    return _explained(recording, graph, parameters, tried)


def _told_apart(graph: Graph, recording: Recording) -> tuple[Mapping[int, Sequence[str]], set[int]]:
    """Return which functions returned a node, or objects hold it, and the nodes that decided a branch."""
    returned: dict[int, list[str]] = defaultdict(list)
    for instance in recording.instances:
        if instance.site.role == "return" and instance.node is not None:
            returned[graph.of(instance.node).id].append(instance.site.function)
    for node, name in held_in_losses(recording):
        returned[graph.of(node).id].append(name)
    return returned, {graph.of(side).id for test in recording.tests for side in sides(test)}


def _explained(
    recording: Recording,
    graph: Graph,
    parameters: tuple[TrainedParameter, ...],
    tried: Iterable[LossCandidate],
) -> Iterator[Explanation]:
    """Explain the gradients by each of some candidates, until one needs no other."""
    olds, titles = [one.old for one in parameters], {one.old.id: one.name for one in parameters}
    writer_of = cache(lambda given: ForwardWriter(graph, olds, titles, given))
    for candidate in tried:
        writer = writer_of(candidate.given)
        for explanation in explained(candidate, writer, parameters, recording.objects.other is not None):
            yield explanation
            if needs_no_other(explanation):
                return


def _opaque_notes(loss: Explanation) -> Iterator[str]:
    script = loss.reference.forward.graph.script
    each = Counter((node.site and node.site.place, what) for node, what in loss.reference.forward.opaque)
    for (place, what), count in each.items():
        where, times = (
            f"{line_text(place, script)}: " if place else "",
            f", {count} times" if count > 1 else "",
        )
        yield f"{where}{what} is opaque{times}: its value is recorded, and no gradient is derived through it"
