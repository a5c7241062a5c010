"""One call of a function with a backward of its own, as what the check of a person's own code judges.

The gradients are those of `Σ output · incoming gradient`, derived from the recorded forward. Where something
in it is opaque, the library derives them instead, from the same forward run once more; a function that is
known to compute the same may stand in for it. No factor is a convention here: a gradient is the derived one,
or it is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.program.program import Program
from bpdebug.errors import BpdebugError
from bpdebug.sources.libraries.exact import Exact
from bpdebug.sources.libraries.references import (
    BY_DIFFERENCES,
    MOST_DIFFERENCES,
    STEP,
    WIDE_STEP,
    ByDifferences,
)
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.explanation import Explanation
from bpdebug.sources.script.analysis.functions import FunctionAnalysis
from bpdebug.sources.script.analysis.longer import LongerRecording
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.steps import Link, Piece
from bpdebug.sources.script.analysis.verdicts import GradientVerdicts
from bpdebug.sources.script.conversion.forward import Forward, ForwardWriter
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.reference import Reference, recorded, reference_of

SUMS_UP = frozenset({"torch"})
"""The libraries that sum a gradient over the axes that its input does not have; others refuse it."""


SMOOTH, ROUGH = 1e-5, 0.1
"""So far the differences of two steps are apart where the digits suffice for both, and for none."""
DERIVATIVE = 1e-2
"""So near it is what was derived that differences give: no others need be taken."""


class ByLibrary(NamedTuple):
    """Gradients that are not derived from what was recorded, and how far they may lie off at least."""

    reference: Reference
    tolerance: float = 0.0


def by_differences(
    forward: Forward, call: FunctionCall, computed: Callable[[Sequence[Any]], Sequence[Any]]
) -> Iterator[ByLibrary]:
    """Yield the gradients by differences of a function of arrays; see `ByDifferences`.

    Where the steps are too small for the digits that it computes, as those of a search for a root that ends
    early, the gradients by wider steps follow: how far those of both are apart says how sure they are.
    """
    narrow, wide = (
        ByDifferences(forward, Program({}, ()), call, computed, step) for step in (STEP, WIDE_STEP)
    )
    yield ByLibrary(narrow, BY_DIFFERENCES)
    apart = _apart(_gradients(narrow), _gradients(wide))
    if SMOOTH < apart < ROUGH:
        yield ByLibrary(wide, min(10 * apart, ROUGH))


def _apart(gradients: Mapping[int, Any], others: Mapping[int, Any]) -> float:
    """Return by how much gradients differ from others, of their largest elements."""
    return max(
        (
            float(np.max(np.abs(gradients[number] - other)) / max(np.max(np.abs(other)), 1e-300))
            for number, other in others.items()
            if number in gradients and other.size
        ),
        default=0.0,
    )


def _total(longer: LongerRecording, call: FunctionCall) -> tuple[Node | None, dict[int, Node]]:
    """Add `Σ output · incoming`, with the incoming gradients taken as constants; return these too."""
    total: Node | None = None
    constants: dict[int, Node] = {}
    for out, incoming in zip(call.outputs, call.incoming, strict=False):
        if out is None or incoming is None or out.like.dtype.kind != "f" or out.shape != incoming.shape:
            continue
        held = longer.add(None, (), incoming.value)
        constants[held.id] = incoming
        each = longer.add(np.multiply, (out, held), out.value * held.value)
        part = longer.add(np.sum, (each,), np.asarray(np.sum(each.value)))
        if total is None:
            total = part
        else:
            total = longer.add(np.add, (total, part), np.asarray(total.value + part.value))
    return total, constants


def _as_shaped(longer: LongerRecording, gradient: Node, shape: tuple[int, ...]) -> Node:
    """Return a gradient as autograd hands it on: summed over the axes that the input does not have.

    What cannot be summed up to the shape stays as it is: autograd refuses it.
    """
    more = len(gradient.shape) - len(shape)
    wide = (1,) * more + shape
    if more < 0 or any(wanted not in (1, own) for own, wanted in zip(gradient.shape, wide, strict=True)):
        return gradient
    axes = tuple(
        axis for axis, (own, wanted) in enumerate(zip(gradient.shape, wide, strict=True)) if own != wanted
    )
    value = np.sum(gradient.value, axis=axes, keepdims=True).reshape(shape)
    summed = longer.add(np.sum, (gradient,), value.reshape(wide), axis=axes, keepdims=True)
    return longer.add(np.reshape, (summed, shape), value)


def _parameters(longer: LongerRecording, call: FunctionCall) -> tuple[TrainedParameter, ...]:
    """Return the inputs of a call whose gradients are asked for; one that is given twice has their sum."""
    found: dict[int, TrainedParameter] = {}
    for name, node, wanted, gradient in zip(
        call.names, call.inputs, call.wanted, (*call.gradients, *(None,) * len(call.inputs)), strict=False
    ):
        if node is None or not wanted:
            continue
        old, before = node.origin, found.get(node.origin.id)
        if gradient is not None and gradient.shape != old.shape and call.library in SUMS_UP:
            gradient = _as_shaped(longer, gradient, old.shape)
        if before is not None and before.pieces and gradient is not None:
            first = before.pieces[0].chain[0].node
            gradient = longer.add(np.add, (first, gradient), first.value + gradient.value)
        elif before is not None and gradient is None:
            continue
        chain = () if gradient is None else (Piece(None, (Link(gradient, -1, is_adaptive=True),)),)
        found[old.id] = TrainedParameter(before.name if before else name, old, None, (), chain)
    return tuple(found.values())


def analysis_of(
    recording: Recording,
    call: FunctionCall,
    by_library: Callable[[Forward, bool], Iterable[ByLibrary]],
    free: Collection[int] = (),
    tolerance: float | None = None,
    least: float = 0.0,
    is_derived: bool = True,
) -> FunctionAnalysis | None:
    """Return what a call is, with the derived gradients of its inputs; None where no output has a gradient.

    Parameters
    ----------
    recording : Recording
        In which the call was made; while the call is cut out of it.
    call : FunctionCall
        The call, gone back through.
    by_library : callable
        (forward, whether operations were seen between its inputs and its outputs) -> the gradients by other
        means. Where the derivative is another than what differences give, the latter are believed: what
        bisection or a search gives depends on the input otherwise than each of its steps does.
    free : collection of int
        The inputs, by their nodes, for which the backward may return None: they are not judged then.
    tolerance : float, optional
        How far a gradient may lie from the derived one, of the largest element.
    least : float
        How far it may lie off where nothing is said: the library may compute with fewer bits than NumPy.
    is_derived : bool
        Whether to derive the recorded forward at all.
    """
    longer = LongerRecording(recording)
    total, constants = _total(longer, call)
    if total is None:
        return None
    asked = _parameters(longer, call)
    parameters = tuple(one for one in asked if one.pieces or one.old.id not in free)
    unjudged = tuple(one.name for one in asked if not one.pieces and one.old.id in free)
    recording = longer.recording()
    graph = Graph(recording.nodes, {one.old.id for one in parameters}, recording.path)
    parameters = tuple(one._replace(old=graph.of(one.old)) for one in parameters)
    titles = {one.old.id: one.name for one in parameters}
    forward = ForwardWriter(graph, [one.old for one in parameters], titles).write((total,))
    line = total.site.line if total.site else 0
    derived = _derived(forward, graph.of(total), parameters) if is_derived else None
    is_seen = bool(graph.reached([one.old for one in parameters])[graph.of(total).id])
    chosen: tuple[Reference, Mapping[int, Any], Exact, GradientVerdicts] | None = None
    is_small = all(math.prod(one.old.shape) <= MOST_DIFFERENCES for one in parameters)
    for reference, off in _references(derived, by_library(forward, is_seen)):
        if off and not is_small and chosen is not None and chosen[1]:
            break  # differences for some inputs alone do not show all gradients to be right
        standard = Exact(parameters, tolerance, reference is derived, max(least, off))
        gradients = _gradients(reference)
        verdicts = standard.verdicts(recorded, gradients)
        if chosen is None or not chosen[1] or verdicts.are_right:
            chosen = reference, gradients, standard, verdicts
        is_near = bool(off) and chosen[0] is derived and _apart(chosen[1], gradients) < DERIVATIVE
        if verdicts.are_right or is_near:
            break
    assert chosen is not None, "there is always one reference"
    loss = Explanation(LossCandidate((graph.of(total),), line), *chosen)
    analysis = Analysis(recording, graph, parameters, loss)
    return FunctionAnalysis(call, recording, analysis, unjudged, constants)


def _references(derived: Reference | None, others: Iterable[ByLibrary]) -> Iterator[ByLibrary]:
    """Yield what may say which gradients are right; what can be derived, the library does not derive."""
    if derived is not None:
        yield ByLibrary(derived)
    yield from (one for one in others if derived is None or one.tolerance)


def _gradients(reference: Reference) -> dict[int, Any]:
    """Return the gradients of the inputs; none where the person's own code raises."""
    try:
        return reference.gradients()
    except Exception:
        return {}


def _derived(forward: Any, total: Node, parameters: Sequence[TrainedParameter]) -> Reference | None:
    """Return the gradients derived from the recorded forward; None where they cannot be, or not wholly."""
    loss = forward.names.get(total.id)
    wanted = [
        forward.names[one.old.id] for one in parameters if forward.names.get(one.old.id) in forward.inputs
    ]
    if forward.opaque or loss is None or not wanted or loss not in {one.name for one in forward.statements}:
        return None
    try:
        return reference_of(forward, loss, wanted)
    except BpdebugError:
        return None
