"""Losses with constants in them: each is written once more, as if nobody could go back through some tensors.

    td = q[a] - target;  loss = td ** 2            loss′ = (q[a] - detach(target)) ** 2

Where two losses are descended at once and never added up, as by an actor and its critic, their sum is
written, each as many times as its own gradients say.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import reduce
from operator import itemgetter
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.sources.script.analysis.errors import Dependence
from bpdebug.sources.script.analysis.explanation import Explanation
from bpdebug.sources.script.analysis.longer import LongerRecording
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.analysis.losses import implied_losses, terms_of
from bpdebug.sources.script.analysis.readings import near
from bpdebug.sources.script.analysis.stop_gradients import Constants, constants_of
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import DETACH, InLanguage
from bpdebug.sources.script.recorder.records import Node

MOST_PAIRS = 4
"""So many sums of two losses are tried."""
FEWER = 3
"""Where fewer than one in so many gradients are right, it is a chance that they are."""
Explain = Callable[[Sequence[LossCandidate]], list[Explanation]]


def with_constants(
    known: Dependence,
    longer: LongerRecording,
    tried: Sequence[Explanation],
    parts: Sequence[LossCandidate],
    explain: Explain,
) -> list[Explanation]:
    """Return the losses with constants, or sums of two, if they explain more than those that were tried.

    Parameters
    ----------
    known : Dependence
        What depends on the parameters.
    longer : LongerRecording
        To which the losses are added.
    tried : sequence of Explanation
        The losses as they stand, the best first; under none of them all gradients are right.
    parts : sequence of LossCandidate
        What the script computes and may be one of several losses.
    explain : callable
        What candidates explain, each by itself.
    """
    roots = {one.candidate.roots for one in tried}
    parts = [one for one in parts if one.is_named and one.roots not in roots]
    explicit = [*(one.candidate for one in tried if one.candidate.is_explicit), *parts]
    written = [*parts, *_written(known, longer, explicit)]
    found = explain(written)
    computed = [
        one
        for one in (*tried, *found)
        if one.candidate.is_explicit and one.candidate.is_named and not one.candidate.is_part
    ]
    found = [one for one in found if not _is_contradicted(one, computed)]
    found.sort(key=lambda one: (len(right_of(one)), one.rank, -len(one.candidate.constants)), reverse=True)
    right = right_of(tried[0]) if tried else frozenset[str]()
    best = found[0] if found else None
    if best is None or not best.verdicts.are_right:
        pairs = _pairs([*found, *(one for one in tried if not _is_contradicted(one, computed))])
        sums = [(pair, list(_sums(longer, *pair))) for pair in pairs]
        for (one, other), own in sums:
            for whole in explain(own):
                if right_of(whole) >= right_of(one) | right_of(other):
                    return [whole, *found]
    lost = _reached(tried[0]) if tried else set()
    apart = [one for one in found if one.candidate.constants and lost <= _reached(one)]
    if apart and (right_of(apart[0]) > right or FEWER * len(right) < len(known.parameters)):
        return apart
    return []


def right_of(explanation: Explanation) -> frozenset[str]:
    """Return the parameters whose gradients are right under a loss, and not 0 by nature.

    Or those that are wrong by one and the same factor, where they are more: a sign is lost at the beginning.
    """
    judged = [*zip(explanation.standard.parameters, explanation.verdicts.each, strict=True)]
    right = frozenset(one.name for one, verdict in judged if verdict.is_right and not verdict.is_zero)
    off = [(one.name, verdict.ratio) for one, verdict in judged if verdict.kind == "factor"]
    tolerance = explanation.standard.tolerance
    alike = [
        frozenset(name for name, other in off if ratio and other and near(other, ratio, tolerance))
        for _, ratio in off
    ]
    return max(right, *(own for own in alike if len(own) > 1), right, key=len)


def _is_contradicted(implied: Explanation, computed: Sequence[Explanation]) -> bool:
    """Whether a loss that is computed has to do with what an implied one explains, and says otherwise.

    A loss that reaches a parameter whatever is taken as a constant is about that parameter.
    """
    own = right_of(implied)
    if implied.candidate.is_explicit or any(own & right_of(one) for one in computed):
        return False
    about: dict[int, set[str]] = {}
    for one in computed:
        about[one.candidate.line] = about.get(one.candidate.line, set(own)) & _reached(one)
    return any(about.values())


def _written(
    known: Dependence, longer: LongerRecording, explicit: Sequence[LossCandidate]
) -> Iterator[LossCandidate]:
    """Write the losses with each of the sets of constants that they depend on."""
    graph, seen = known.graph, set[Any]()
    for constants in constants_of(known):
        apart = Dependence(graph, known.parameters, constants)
        implied = [each for one in implied_losses(apart) for each in (one, *_weighted(graph, one, constants))]
        for candidate in (*explicit, *implied):
            held = [one for error in candidate.errors for one in (error.target, error.weight)]
            held = [one for one in held if type(one) is Node and known.on[graph.of(one).id]]
            ends = held if candidate.kind is not None else candidate.roots
            own = frozenset(graph.ancestors(ends) & constants)
            key = candidate.kind, own, *(one.id for one in (*candidate.roots, *held))
            if own and key not in seen:
                seen.add(key)
                yield _with(longer, graph, candidate, own, {graph.of(one).id for one in held})


def _weighted(graph: Graph, candidate: LossCandidate, constants: Constants) -> Iterator[LossCandidate]:
    """Weight a loss by a single number that comes in on the way back, and is not made of the errors."""
    errors = {graph.of(one.node).id for one in candidate.errors}
    for number in sorted(constants):
        weight = graph.nodes[number]
        if np.size(weight.like) > 1 or errors & graph.ancestors([weight]):
            continue
        if all(one.weight is None for one in candidate.errors):
            yield candidate._replace(errors=tuple(one._replace(weight=weight) for one in candidate.errors))


def _with(
    longer: LongerRecording,
    graph: Graph,
    candidate: LossCandidate,
    constants: Constants,
    held: Collection[int],
) -> LossCandidate:
    """Write a loss once more, with some constants: of an implied one with its targets and weights."""
    if candidate.kind is None:
        root = longer.with_constants(candidate.roots[0], graph, constants)
    else:
        root = root_in(longer, candidate, lambda node: graph.of(node).id in held)
    return candidate._replace(
        roots=(root,),
        kind=None,
        parts=(candidate,),
        constants=tuple(graph.nodes[number] for number in sorted(constants)),
    )


def root_in(
    longer: LongerRecording, candidate: LossCandidate, is_constant: Callable[[Node], bool] = lambda _: False
) -> Node:
    """Return the scalar of a loss: one that is only implied is added, as what it is computed with."""
    if candidate.kind is None:
        return candidate.roots[0]
    bound: dict[str, Any] = {}

    def name_of(value: Any) -> Expression:
        name = f"v{len(bound)}"
        is_cut = type(value) is Node and is_constant(value)
        bound[name] = longer.add(DETACH, (value,), value.value) if is_cut else value
        return Name(name)

    def add(expression: Expression) -> Any:
        if isinstance(expression, Name):
            return bound[expression.id]
        if isinstance(expression, Number):
            return expression.value
        assert isinstance(expression, Call)
        function = InLanguage(expression.function, tuple(expression.options))
        operands = tuple(map(add, expression.arguments))
        values = [one.value if type(one) is Node else one for one in operands]
        return longer.add(function, operands, function(*values))

    terms: list[Node] = [add(term) for term in terms_of(candidate, name_of)]
    for term in terms:
        term.site = candidate.errors[0].node.site
    return reduce(longer.sum, terms)


def _pairs(found: Sequence[Explanation]) -> list[tuple[Explanation, Explanation]]:
    """Return the pairs of losses that explain more together than each by itself, the best first."""
    pairs: dict[tuple[int, int], tuple[tuple[int, ...], Explanation, Explanation]] = {}
    for one, other in itertools.combinations(found, 2):
        rights, lines = (right_of(one), right_of(other)), (one.candidate.line, other.candidate.line)
        both = (one.candidate, other.candidate)
        if any(own.is_part for own in both) or not (
            rights[0] - _reached(other) and rights[1] - _reached(one)
        ):
            continue
        # What is right by one of them is best not reached by the other.
        spoiled = (rights[0] & _reached(other)) | (rights[1] & _reached(one))
        rank = len(rights[0] | rights[1]), -len(spoiled), sum(own.is_explicit for own in both)
        if lines not in pairs or pairs[lines][0] < rank:
            pairs[lines] = rank, one, other
    best = sorted(pairs.values(), key=itemgetter(0), reverse=True)[:MOST_PAIRS]
    return [(one, other) for _, one, other in best]


def _reached(explanation: Explanation) -> set[str]:
    """Return the parameters that a loss depends on."""
    judged = zip(explanation.standard.parameters, explanation.verdicts.each, strict=True)
    return {one.name for one, verdict in judged if verdict.kind != "unknown"}


def _sums(longer: LongerRecording, one: Explanation, other: Explanation) -> Iterator[LossCandidate]:
    """Add two losses, the second as many times as its steps are, or its gradients, beside the first's."""
    candidates = (one.candidate, other.candidate)
    roots = [root_in(longer, own) for own in candidates]
    last = max(candidates, key=lambda own: own.line)
    sizes = [(own.verdicts.factor or 1.0, own.verdicts.ratio or 1.0) for own in (one, other)]
    for times in dict.fromkeys(second / first for first, second in zip(*sizes, strict=True)):
        yield LossCandidate(
            (longer.sum(roots[0], longer.times(roots[1], times)),),
            last.line,
            tuple(error for own in candidates for error in own.errors),
            may_grow=any(own.may_grow for own in candidates),
            parts=tuple(part for own in candidates for part in own.parts or (own,)),
            constants=tuple(dict.fromkeys(node for own in candidates for node in own.constants)),
            is_named=any(own.is_named for own in candidates),
        )
