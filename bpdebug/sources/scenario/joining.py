"""The layers of a file joined to a network: each with the shapes of what comes in, and under its names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from bpdebug.engine.language.forms import Shape, written
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.network.layers import Layout
from bpdebug.engine.network.layers.kind import INPUT_ROLE, Generated, input_roles
from bpdebug.engine.network.layers.layer import Layer, make_layer
from bpdebug.errors import ShapeError
from bpdebug.limits import LIMITS, at_most
from bpdebug.sources.problems import KeyPath, ProblemReport, RefusalError, shortened
from bpdebug.sources.scenario.graph import LayerGraph, chain, read_graph
from bpdebug.sources.scenario.layers import LayerEntry
from bpdebug.sources.scenario.shapes import UNKNOWN, check_layer, misshapen, results, unknown_shape, with_axes
from bpdebug.sources.scenario.tensors import AnyTensor, GeneratedTensor

INPUT = "a0"
"""What the network's input is called in its program."""


class Network(NamedTuple):
    """The layers of a file, put together as far as they are sound.

    Attributes
    ----------
    layers : mapping
        By number, in an order in which they can run.
    results : mapping
        The shapes of what the last layer of the file computes forwards, by name, as far as they are known.
    generated : mapping
        What layers are given besides their parameters, by name, with its key path.
    """

    layers: Mapping[int, Layer]
    results: Mapping[str, Shape]
    generated: Mapping[str, tuple[KeyPath, AnyTensor]]

    @property
    def forward(self) -> list[Statement]:
        """The forward pass."""
        return [statement for layer in self.layers.values() for statement in layer.forward]


def put_together(
    entries: Sequence[LayerEntry | None], layout: Layout, data: Shape | None, report: ProblemReport
) -> Network:
    """Join the layers, and hold the shapes of all of them against each other.

    Parameters
    ----------
    entries : sequence of LayerEntry or None
        The layers; None where one is not known.
    layout : Layout
        How their tensors are laid out.
    data : tuple of int, optional
        The shape of what goes into the network; None if it is not known.
    report : ProblemReport
        Takes what is wrong.
    """
    graph = _graph(entries, report)
    if graph is None:
        return Network({}, {}, {})
    layers: dict[int, Layer] = {}
    generated: dict[str, tuple[KeyPath, AnyTensor]] = {}
    computed: dict[int, dict[str, Shape]] = {0: {INPUT: data} if data is not None else {}}
    steps = 0
    for number in graph.order:
        entry = entries[number - 1]
        computed[number] = {}
        if entry is None:
            continue
        incoming = [computed[source].get(f"a{source}") for source in graph.sources[number]]
        owner = entries[graph.owners.get(number, number) - 1] or entry
        shapes = _check_layer(entry, owner, graph.sources[number], incoming, layout, report)
        if shapes is None:
            continue
        if entry.kind.unrolled is not None:
            steps += shapes[INPUT_ROLE][entry.kind.unrolled]
            if steps > LIMITS.time_steps:
                report.add(entry.place.key(), *_too_long(steps))
                continue
        layer = layer_of(entry, owner.number, shapes, graph.sources[number], layout)
        layers[number] = layer
        for made in entry.kind.generated:
            generated[layer.given[made.name]] = _made(entry, made, shapes[made.name], report)
        try:
            computed[number] = results(layer, shapes)
        except ShapeError as error:
            if not any(UNKNOWN in shape for shape in shapes.values()):
                report.add(entry.place.key(), *_clash(entry, graph.sources[number], incoming, entries, error))
    return Network(layers, computed.get(len(entries), {}), generated)


def _made(
    entry: LayerEntry, made: Generated, shape: Shape, report: ProblemReport
) -> tuple[KeyPath, AnyTensor]:
    """Return what is generated for a layer, or what the file gives in its place."""
    given = entry.given.get(made.name)
    if given is None or made.refusal is None:
        return ("layers",), GeneratedTensor(shape, partial(made.values, entry.settings, shape))
    path = entry.place.key(made.name)
    if wrong := misshapen(given.shape, shape, "must have the shape of what comes in"):
        report.add(path, *wrong)
    else:
        try:
            message = made.refusal(entry.settings, given.array())
        except RefusalError as refusal:
            message = refusal.message
        if message:
            report.add(path, message)
    return path, given


def _too_long(steps: int) -> tuple[str, str]:
    message = (
        f"too many time steps: found {steps:,} up to here, expected {at_most('time_steps', 'in all layers')}"
    )
    return message, "each time step is a row of statements of its own"


def _graph(entries: Sequence[LayerEntry | None], report: ProblemReport) -> LayerGraph | None:
    known = [entry.place for entry in entries if entry]
    if len(known) == len(entries):
        return read_graph(known, report) if known else None
    is_chain = all(place.inputs is None and not place.share for place in known)
    return chain(len(entries)) if is_chain else None


def _check_layer(
    entry: LayerEntry,
    owner: LayerEntry,
    sources: Sequence[int],
    incoming: Sequence[Shape | None],
    layout: Layout,
    report: ProblemReport,
) -> dict[str, Shape] | None:
    """Return the shapes of what a layer is given, by role; None where one is missing or cannot be used."""
    kind, place = entry.kind, entry.place
    if layout.name not in kind.layouts:
        expected = " or ".join(f'"{name}"' for name in kind.layouts)
        message = f'another layout: found {kind.name} in a network of layout "{layout.name}"'
        report.add(place.key("kind"), f"{message}, expected layout = {expected}")
        return None
    if kind.looks_up and sources != (0,):
        message = (
            f"not whole numbers: found the result of another layer, {kind.name} expects the network's input"
        )
        report.add(place.key(), message, "only the input holds the numbers of rows")
        return None
    pattern = kind.input(layout)
    usable: list[Shape | None] = []
    for index, (source, shape) in enumerate(zip(sources, incoming, strict=True)):
        axes = unknown_shape(with_axes(pattern, len(shape) if shape is not None else 0))
        wrong = misshapen(shape, axes) if shape is not None else None
        if wrong:
            named = place.key("inputs", index) if place.inputs is not None else place.key()
            report.add(named if source else ("inputs", INPUT), *wrong)
        usable.append(None if wrong else shape)
    if len(usable) > 1 and None in usable:
        return None
    first = usable[0] if usable[0] is not None else unknown_shape(with_axes(pattern, 0))
    expected_shapes, mismatches = check_layer(sources[0], kind, layout, owner.shapes, first)
    for mismatch in mismatches:
        if owner is entry:
            report.add(place.key(mismatch.parameter), mismatch.message, mismatch.hint)
        else:
            message = f"{mismatch.parameter} of {owner.place.place}: {mismatch.message}"
            report.add(place.key("share"), message, mismatch.hint)
    others = {role: shape for role, shape in zip(input_roles(len(usable)), usable, strict=True) if shape}
    return {**others, **expected_shapes}


def _clash(
    entry: LayerEntry,
    sources: Sequence[int],
    incoming: Sequence[Shape | None],
    entries: Sequence[LayerEntry | None],
    error: ShapeError,
) -> tuple[str, str]:
    """Say which of the tensors that come in do not fit together, and where each comes from."""
    if len(sources) == 1 or len(error.operands) == 1:
        return f"does not fit: {error}", ""

    def name(source: int) -> str:
        found = entries[source - 1] if source else None
        return f"'{shortened(found.place.name)}'" if found and found.place.name else f"layers[{source - 1}]"

    ends = ", ".join(
        f"input {index} comes from {name(source) if source else 'the network input'} with {written(shape)}"
        for index, (source, shape) in enumerate(zip(sources, incoming, strict=True), start=1)
        if shape is not None
    )
    return f"shapes clash in {entry.place.place}: {ends}", ""


def layer_of(
    entry: LayerEntry, owner: int, shapes: Mapping[str, Shape], sources: Sequence[int], layout: Layout
) -> Layer:
    """Return the layer as the program lists it, under the name that the file gives it.

    Where it does not simply follow the layer before, its title says what it reads.

    Parameters
    ----------
    entry : LayerEntry
        What the file says of it.
    owner : int
        The number of the layer whose parameters it uses; its own where it does not share.
    shapes : mapping
        Role -> shape of the tensors that it is given.
    sources : sequence of int
        The numbers of the layers that it reads; 0 is the network's input.
    layout : Layout
        How its tensors are laid out.
    """
    incoming = [f"a{source}" for source in sources]
    layer = make_layer(entry.number, entry.kind, entry.settings, shapes, layout, incoming, owner)
    reads = "" if incoming == [f"a{entry.number - 1}"] else f" ← {', '.join(incoming)}"
    return replace(layer, title=entry.title + reads)
