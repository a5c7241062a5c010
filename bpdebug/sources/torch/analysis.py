"""One call of a custom Function, as what the check of a person's own code judges.

The gradients are those of `Σ output · incoming gradient`, derived from the recorded forward. Where something
in it is opaque, torch derives them instead, from the same `forward` run once more; a function that is known
to compute the same may stand in for it. No factor is a convention here: a gradient is the derived one, or it
is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from bpdebug.engine.program.program import Program
from bpdebug.errors import BpdebugError
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.explanation import Explanation
from bpdebug.sources.script.analysis.functions import FunctionAnalysis
from bpdebug.sources.script.analysis.losses import LossCandidate
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.readings import ZERO, multiple, tolerance_of
from bpdebug.sources.script.analysis.standard import Standard
from bpdebug.sources.script.analysis.steps import Link, Piece
from bpdebug.sources.script.analysis.verdicts import GradientVerdict, GradientVerdicts
from bpdebug.sources.script.conversion.forward import ForwardWriter
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import Node, ValueOf
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.reference import Reference, recorded, reference_of
from bpdebug.sources.torch.tensors import array_of

EXACT = {2: 1e-2, 4: 1e-4, 8: 1e-7}
"""The bytes of an element -> how far a gradient may lie from the derived one, of the largest element."""


OF_TORCH = {torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""The same for what NumPy computes with more bits."""
STEP, BY_DIFFERENCES = 1e-5, 1e-6
"""The steps of differences, and how far what they give may lie off."""
MOST_DIFFERENCES = 2000
"""Inputs of more elements have no differences taken."""


class Exact(Standard):
    """Holds every gradient to the derived one, and to no multiple of it.

    `is_whole` says that all of the forward was derived: what has no gradient has 0.
    """

    def __init__(
        self, parameters: Sequence[TrainedParameter], tolerance: float | None, is_whole: bool = False
    ) -> None:
        super().__init__(parameters)
        self.own_tolerance, self.is_whole = tolerance, is_whole

    def verdicts(self, value_of: ValueOf, gradients: Mapping[int, Any]) -> GradientVerdicts:
        """Judge."""
        scale = max((_size(one) for one in gradients.values()), default=0.0)
        each = tuple(
            self._verdict(one, value_of, gradients.get(one.old.id), scale) for one in self.parameters
        )
        return GradientVerdicts(1.0, 1.0, each)

    def _verdict(
        self, parameter: TrainedParameter, value_of: ValueOf, reference: Any, scale: float
    ) -> GradientVerdict:
        node = parameter.pieces[0].chain[0].node if parameter.pieces else None
        if reference is None and self.is_whole:  # the forward has no derivative with respect to it but 0
            reference = np.zeros(parameter.old.shape)
        if reference is None:
            return GradientVerdict("unknown", node)
        is_zero = _size(reference) <= ZERO * scale
        value = 0.0 * reference if node is None else np.asarray(value_of(node), dtype=float)
        if np.shape(value) != np.shape(reference):
            return GradientVerdict("wrong", node)
        tolerance = self.own_tolerance or EXACT.get(np.asarray(parameter.old.like).dtype.itemsize, 1e-7)
        off = _size(value - reference)
        if off <= tolerance * max(_size(reference), ZERO * scale) or (is_zero and off <= tolerance * scale):
            return GradientVerdict("right", node, 1.0, is_zero=is_zero)
        ratio = multiple(value, reference, tolerance_of(parameter.old.like))
        return GradientVerdict("wrong" if ratio is None else "factor", node, ratio)


def _size(value: Any) -> float:
    return float(np.max(np.abs(value), initial=0.0))


@dataclass(frozen=True)
class OfOneCall(Reference):
    """The gradients of the inputs of one call.

    Attributes
    ----------
    call : FunctionCall
        The call.
    computed : callable
        Gives the outputs of the call from its arguments.
    """

    call: FunctionCall
    computed: Callable[..., Any]

    def outputs(self, arguments: Sequence[Any]) -> Iterator[tuple[torch.Tensor, Node]]:
        """Yield each output for some arguments that a gradient comes in for, with that gradient."""
        out = self.computed(*arguments)
        outputs = out if isinstance(out, tuple) else (out,)
        for one, node in zip(outputs, self.call.incoming, strict=False):
            if node is not None and isinstance(one, torch.Tensor):
                yield one, node


@dataclass(frozen=True)
class ByAutograd(OfOneCall):
    """Gradients that torch derives, from a function of the inputs."""

    def gradients(self, value_of: ValueOf = recorded) -> dict[int, Any]:
        """Return the gradients of the inputs."""
        leaves: dict[int, torch.Tensor] = {}
        arguments = []
        for argument, node, wanted in zip(
            self.call.arguments, self.call.inputs, self.call.wanted, strict=True
        ):
            if node is not None:
                value = torch.from_numpy(np.array(value_of(node))).to(argument.dtype)
                if wanted:
                    value = leaves.setdefault(self.forward.graph.of(node).id, value.requires_grad_())
                arguments.append(value)
            else:
                arguments.append(argument)
        with torch.enable_grad():
            total = sum(
                (one * torch.from_numpy(np.array(value_of(node))).to(one.dtype)).sum()
                for one, node in self.outputs(arguments)
                if one.requires_grad
            )
        if not isinstance(total, torch.Tensor):  # nothing of it has a derivative other than 0
            return {number: np.zeros(tuple(leaf.shape)) for number, leaf in leaves.items()}
        found = torch.autograd.grad(total, [*leaves.values()], allow_unused=True)
        return {
            number: np.zeros(tuple(leaf.shape)) if one is None else array_of(one)
            for (number, leaf), one in zip(leaves.items(), found, strict=True)
        }


@dataclass(frozen=True)
class ByDifferences(OfOneCall):
    """Gradients by central differences of the forward, which torch does not see into."""

    def gradients(self, value_of: ValueOf = recorded) -> dict[int, Any]:
        """Return the gradients of the inputs."""
        given = [None if node is None else np.array(value_of(node)) for node in self.call.inputs]
        incoming = {node.id: np.asarray(value_of(node)) for node in self.call.incoming if node is not None}

        def total() -> float:
            arguments = [
                one if value is None else torch.from_numpy(value.copy()).to(one.dtype)
                for one, value in zip(self.call.arguments, given, strict=True)
            ]
            with torch.no_grad():
                return sum(
                    float(np.sum(array_of(one) * incoming[node.id])) for one, node in self.outputs(arguments)
                )

        found: dict[int, Any] = {}
        for value, node, wanted in zip(given, self.call.inputs, self.call.wanted, strict=True):
            if value is None or node is None or not wanted or value.size > MOST_DIFFERENCES:
                continue
            gradient = np.zeros(value.shape)
            for place in np.ndindex(value.shape):
                held = value[place]
                step = STEP * max(1.0, abs(float(held)))
                value[place] = held + step
                over = total()
                value[place] = held - step
                gradient[place] = (over - total()) / (2 * step)
                value[place] = held
            number = self.forward.graph.of(node).id
            found[number] = found.get(number, 0.0) + gradient
        return found


class Context(SimpleNamespace):
    """What `forward` gets as its context where nobody goes back through it."""

    def __init__(self) -> None:
        super().__init__(needs_input_grad=(True,) * 64)

    def _ignore(self, *arguments: Any) -> None:
        """Keep nothing."""

    save_for_backward = save_for_forward = mark_dirty = mark_non_differentiable = _ignore
    set_materialize_grads = _ignore


def forward_again(call: FunctionCall, has_setup: bool) -> Callable[..., Any]:
    """Return the `forward` of a call as a function of its inputs."""
    forward: Any = call.function.forward  # type: ignore[attr-defined]
    return forward if has_setup else lambda *inputs: forward(Context(), *inputs)


class _Longer:
    """The nodes of a recording, and more behind them."""

    def __init__(self, recording: Recording) -> None:
        self.nodes, self.frame = list(recording.nodes), recording.frames[0]

    def add(
        self, function: Callable[..., Any] | None, operands: tuple[Any, ...], value: Any, **options: Any
    ) -> Node:
        """Add a node."""
        node = Node(len(self.nodes), None, function, operands, options, value, self.frame)
        self.nodes.append(node)
        return node


def _total(longer: _Longer, call: FunctionCall) -> tuple[Node | None, dict[int, Node]]:
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


def _as_shaped(longer: _Longer, gradient: Node, shape: tuple[int, ...]) -> Node:
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


def _parameters(longer: _Longer, call: FunctionCall) -> tuple[TrainedParameter, ...]:
    """Return the inputs of a call whose gradients are asked for; one that is given twice has their sum."""
    found: dict[int, TrainedParameter] = {}
    for name, node, wanted, gradient in zip(
        call.names, call.inputs, call.wanted, (*call.gradients, *(None,) * len(call.inputs)), strict=False
    ):
        if node is None or not wanted:
            continue
        old, before = node.origin, found.get(node.origin.id)
        if gradient is not None and gradient.shape != old.shape:
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
    free: Collection[int] = (),
    tolerance: float | None = None,
    computed: Callable[..., Any] | None = None,
) -> FunctionAnalysis | None:
    """Return what a call is, with the derived gradients of its inputs; None where no output has a gradient.

    Parameters
    ----------
    recording : Recording
        In which the call was made; while the call is cut out of it.
    call : FunctionCall
        The call, gone back through.
    free : collection of int
        The inputs, by their nodes, for which the backward may return None: they are not judged then.
    tolerance : float, optional
        How far a gradient may lie from the derived one, of the largest element.
    computed : callable, optional
        What computes the outputs from the inputs in a way that torch can derive; by default the recorded
        forward is derived, and torch derives `forward` where something in it is opaque.
    """
    longer = _Longer(recording)
    total, constants = _total(longer, call)
    if total is None:
        return None
    asked = _parameters(longer, call)
    parameters = tuple(one for one in asked if one.pieces or one.old.id not in free)
    unjudged = tuple(one.name for one in asked if not one.pieces and one.old.id in free)
    recording = replace(recording, nodes=longer.nodes)
    graph = Graph(recording.nodes, {one.old.id for one in parameters})
    parameters = tuple(one._replace(old=graph.of(one.old)) for one in parameters)
    titles = {one.old.id: one.name for one in parameters}
    forward = ForwardWriter(graph, [one.old for one in parameters], titles).write((total,))
    line = total.site.line if total.site else 0
    dtypes = {one.dtype for one in call.arguments if isinstance(one, torch.Tensor)}
    reference = _derived(forward, graph.of(total), parameters) if computed is None else None
    is_whole = reference is not None
    least = max((OF_TORCH.get(dtype, 0.0) for dtype in dtypes), default=0.0)
    if reference is None:
        by_torch = computed or forward_again(call, not _takes_context(call))
        is_seen = computed is not None or bool(
            graph.reached([one.old for one in parameters])[graph.of(total).id]
        )
        kind = ByAutograd if is_seen else ByDifferences
        least = least if is_seen else max(least, BY_DIFFERENCES)
        reference = kind(forward, Program({}, ()), call, by_torch)
    standard = Exact(parameters, tolerance or least or None, is_whole)
    try:
        gradients = reference.gradients()
    except Exception:
        gradients = {}
    verdicts = standard.verdicts(recorded, gradients)
    loss = Explanation(LossCandidate((graph.of(total),), line), reference, gradients, standard, verdicts)
    analysis = Analysis(recording, graph, parameters, loss)
    return FunctionAnalysis(call, recording, analysis, unjudged, constants)


def _takes_context(call: FunctionCall) -> bool:
    function: Any = call.function
    return bool(function.setup_context is torch.autograd.Function.setup_context)


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
