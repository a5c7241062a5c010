"""Weighted sums that nobody adds up: an actor's loss, half its critic's, less a hundredth of an entropy.

    step = −rate · (∂ actor + 0.5 · ∂ critic − 0.01 · ∂ entropy)

The gradients are added on the way back, with weights that stand there. Each of the numbers that the script
computes has known gradients; the weights follow from all steps at once, and fit exactly or not at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.explanation import Explanation
from bpdebug.sources.script.analysis.longer import LongerRecording
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.numbering import Graph

MOST_TERMS, MOST_TRIED = 3, 12
"""So many losses are added up at most, of so many."""
PER_WEIGHT = 8
"""So many numbers must speak for each weight."""
EXACT = 1e-9
"""How far the sum may be off, relatively: by rounding alone."""


def fitted_sums(
    longer: LongerRecording, graph: Graph, terms: Sequence[Explanation]
) -> Iterator[LossCandidate]:
    """Yield weighted sums of losses that are computed, by which all steps are what they are.

    What the script adds up itself is no sum of these: there its own weights are meant.

    Parameters
    ----------
    longer : LongerRecording
        To which the sums are added.
    graph : Graph
        The operations.
    terms : sequence of Explanation
        Losses that are computed, also with something in them as a constant.
    """
    terms = [one for one in terms if one.candidate.is_explicit]
    terms = sorted(terms, key=_likeliness)[:MOST_TRIED]
    steps = _steps(terms[0].standard.parameters) if terms else None
    if steps is None:
        return
    columns = [np.concatenate([np.ravel(one) for one in _gradients(term)]) for term in terms]
    behind = [graph.ancestors(_written(one)) for one in terms]
    for count in range(2, MOST_TERMS + 1):
        for places in itertools.combinations(range(len(terms)), count):
            own = [terms[place] for place in places]
            if not (own[0].candidate.is_named and _are_apart(own, [behind[place] for place in places])):
                continue
            if any(_adds_up(other, whole, own) for other, whole in zip(terms, behind, strict=True)):
                continue
            weights = _weights(np.stack([columns[place] for place in places], axis=1), steps)
            if weights is not None:
                yield _sum(longer, own, [weight / weights[0] for weight in weights])


def _likeliness(term: Explanation) -> tuple[bool, bool, int]:
    """Return by what losses are put in order: first what is called one."""
    loss = term.candidate
    line = loss.line if loss.is_named else -loss.line  # the nearer the end, the less a part of another
    return not loss.is_named, not loss.is_named and bool(loss.constants), line


def _steps(parameters: Sequence[TrainedParameter]) -> Any:
    """Return all steps, or what goes into adaptive ones, one after the other; None where that is unknown."""
    found = []
    for parameter in parameters:
        piece = parameter.pieces[0] if len(parameter.pieces) == 1 else None
        if piece is None or not piece.chain or piece.index is not None:
            return None
        chain = piece.chain
        link = next((one for one in chain if one.is_adaptive), chain[0])
        value = link.reference(
            link.factor(lambda node: node.value) * np.asarray(link.node.value, dtype=float)
        )
        if np.size(value) != np.size(parameter.old.like):
            return None
        found.append(np.ravel(value))
    return np.concatenate(found)


def _gradients(term: Explanation) -> Iterator[Any]:
    for parameter in term.standard.parameters:
        gradient = term.gradients.get(parameter.old.id)
        yield np.zeros(np.shape(parameter.old.like)) if gradient is None else gradient


def _written(term: Explanation) -> list[Any]:
    """Return what a loss is in the script, whatever was taken as a constant in it."""
    return [root for one in term.candidate.parts or (term.candidate,) for root in one.roots]


def _are_apart(terms: Sequence[Explanation], behind: Sequence[set[int]]) -> bool:
    """Whether none of some losses is computed of another."""
    roots = [{root.id for root in _written(one)} for one in terms]
    return all(not roots[i] & behind[j] for i, j in itertools.permutations(range(len(terms)), 2))


def _adds_up(other: Explanation, whole: set[int], terms: Sequence[Explanation]) -> bool:
    """Whether the script adds up some losses itself, and calls that a loss."""
    within = [one for one in terms if {root.id for root in _written(one)} <= whole]
    return other not in terms and other.candidate.is_named and len(within) > 1


def _weights(columns: Any, steps: Any) -> list[float] | None:
    """Return how many times each loss counts in the steps; None where they do not fit, or one counts not."""
    if len(steps) < PER_WEIGHT * columns.shape[1] or not np.all(np.isfinite(columns)):
        return None
    weights, _, rank, _ = np.linalg.lstsq(columns, steps, rcond=None)
    size = float(np.linalg.norm(steps))
    if rank < columns.shape[1] or np.linalg.norm(columns @ weights - steps) > EXACT * size:
        return None
    counts = np.abs(weights) * np.linalg.norm(columns, axis=0)
    return [float(one) for one in weights] if np.all(counts > 1e-6 * size) else None


def _sum(longer: LongerRecording, terms: Sequence[Explanation], weights: Sequence[float]) -> LossCandidate:
    """Add losses up with weights."""
    each = [one.candidate for one in terms]
    roots = [
        longer.times(one.roots[0], float(f"{weight:.9g}")) for one, weight in zip(each, weights, strict=True)
    ]
    return LossCandidate(
        (reduce(longer.sum, roots),),
        each[-1].line,
        parts=tuple(
            part._replace(times=float(f"{weight:.9g}"))
            for one, weight in zip(each, weights, strict=True)
            for part in one.parts or (one,)
        ),
        constants=tuple(dict.fromkeys(node for one in each for node in one.constants)),
        is_named=True,
    )
