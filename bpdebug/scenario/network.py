"""The layers of a file: checked one by one, held against each other, and put together to a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.nodes import Statement
from bpdebug.engine.layers import LAYER_KINDS, LayerKind, Layout
from bpdebug.engine.program import Layer, Program, make_layer, with_backward
from bpdebug.scenario.draft import Draft
from bpdebug.scenario.gradient import GRADIENT, read_gradient
from bpdebug.scenario.model import Document, Inputs, check, check_kind, layer_model
from bpdebug.scenario.problems import KeyPath, Report
from bpdebug.scenario.shapes import check_layer, misshapen, results, unknown_shape
from bpdebug.scenario.tensors import AnyTensor

if TYPE_CHECKING:
    from bpdebug.engine.losses import Objective

INPUT = "a0"


@dataclass(frozen=True, slots=True)
class LayerEntry:
    """One of the file's `[[layers]]`, as far as it is sound."""

    number: int
    kind: LayerKind
    name: str
    settings: Mapping[str, str]
    tensors: Mapping[str, AnyTensor]

    @property
    def title(self) -> str:
        """What a listing calls the layer."""
        title = self.kind.title(self.settings)
        return f"{self.name}: {title}" if self.name else title

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of its tensors."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}


def read_network(table: Mapping[str, Any], report: Report) -> Draft:
    """Check a file that has `[[layers]]`.

    Parameters
    ----------
    table : mapping
        What the file says.
    report : Report
        Takes what is wrong.
    """
    document = check(Document, table, (), report)
    inputs = check(Inputs, document["inputs"], ("inputs",), report) if "inputs" in document else {}
    tables = document.get("layers", ())
    entries = [read_layer(number, table, report) for number, table in enumerate(tables, start=1)]
    data: AnyTensor | None = inputs.get(INPUT)
    layout = Layout(document.get("layout", "columns"), document["weight_shape"])
    results = check_shapes(entries, layout, data.shape if data else None, report)
    incoming = document["gradient"]
    gradient = (
        {} if incoming is None or not entries else read_gradient(incoming, len(entries), results, report)
    )
    layers = [entry for entry in entries if entry]
    tensors = dict(_tensors(data, layers, gradient))

    def place_of(statement: Statement) -> KeyPath:
        return ("layers", statement.layer - 1) if statement.layer <= len(layers) else ("loss",)

    objective = None
    if document["loss"] is not None:
        from bpdebug.scenario.loss import ONE, read_loss  # start-up without it is quicker

        if incoming is not None:
            message = "two ways to begin the backward pass: found [gradient] and [loss], expected one of them"
            report.add((GRADIENT,), message, "the gradient follows from the loss")
        parameters = [f"{name}{entry.number}" for entry in layers for name in entry.tensors]
        read = read_loss(document["loss"], layout, parameters, results.get(f"a{len(entries)}"), report)
        if read is not None:
            objective, target = read
            tensors[objective.target] = (("loss", "target"), target)
            tensors["dloss"] = (("loss",), ONE)

    def build_program() -> Program:
        assert data is not None
        seed = next(iter(gradient), "").removeprefix("d")
        target = tensors[objective.target][1].shape if objective else ()
        return build(layers, layout, data.shape, seed, objective, target)

    return Draft(document, tensors, build_program, place_of)


def _tensors(
    data: AnyTensor | None, layers: Sequence[LayerEntry], gradient: Mapping[str, AnyTensor]
) -> Iterator[tuple[str, tuple[KeyPath, AnyTensor]]]:
    """Yield every tensor of the file under its name in the program, with its key path."""
    if data:
        yield INPUT, (("inputs", INPUT), data)
    for layer in layers:
        for name, tensor in layer.tensors.items():
            yield f"{name}{layer.number}", (("layers", layer.number - 1, name), tensor)
    for name, tensor in gradient.items():
        yield name, ((GRADIENT, name), tensor)


def read_layer(number: int, table: Mapping[str, Any], report: Report) -> LayerEntry | None:
    """Check the table of one layer; None is returned where the kind of the layer is not known."""
    path = ("layers", number - 1)
    kind = check_kind(LAYER_KINDS, table, path, report)
    if kind is None:
        return None
    values = check(layer_model(kind.name), table, path, report)
    settings = {setting.name: values[setting.name] for setting in kind.settings}
    tensors = {
        parameter.name: values[parameter.name] for parameter in kind.parameters if values.get(parameter.name)
    }
    return LayerEntry(number, kind, values["name"] or "", settings, tensors)


def check_shapes(
    entries: Sequence[LayerEntry | None], layout: Layout, data: Shape | None, report: Report
) -> dict[str, Shape]:
    """Hold the shapes of all layers against each other.

    Parameters
    ----------
    entries : sequence of LayerEntry or None
        The layers; None where one is not known.
    layout : Layout
        How their tensors are laid out.
    data : tuple of int, optional
        The shape of what goes into the network; None if it is not known.
    report : Report
        Takes what is wrong.

    Returns
    -------
    dict
        The shapes of what the last layer computes forwards, by name, as far as they are known.
    """
    computed: dict[str, Shape] = {}
    incoming = data
    for entry in entries:
        if entry is None:
            computed, incoming = {}, None
            continue
        path = ("layers", entry.number - 1)
        unknown = unknown_shape(entry.kind.input(layout))
        wrong = misshapen(incoming, unknown) if incoming is not None else None
        if wrong:
            report.add(("inputs", INPUT) if entry.number == 1 else path, *wrong)
        given = unknown if wrong or incoming is None else incoming
        expected, mismatches = check_layer(entry.number, entry.kind, layout, entry.shapes, given)
        for mismatch in mismatches:
            report.add((*path, mismatch.parameter), mismatch.message, mismatch.hint)
        computed = results(entry.number, entry.kind, entry.settings, layout, expected)
        incoming = computed[f"a{entry.number}"]
    return computed


def build(
    entries: Sequence[LayerEntry],
    layout: Layout,
    data: Shape,
    seed: str,
    objective: Objective | None = None,
    target: Shape = (),
) -> Program:
    """Put sound layers together.

    Parameters
    ----------
    entries : sequence of LayerEntry
        The layers.
    layout : Layout
        How their tensors are laid out.
    data : tuple of int
        The shape of what goes in.
    seed : str
        The tensor whose gradient comes in; empty for a forward pass only, or where there is a loss.
    objective : Objective, optional
        The loss.
    target : tuple of int
        The shape of its target.
    """
    layers = [layer_of(entry, layout) for entry in entries]
    statements = [
        statement
        for entry in entries
        for statement in entry.kind.forward(entry.number, entry.settings, tuple(entry.tensors), layout)
    ]
    parameters = {f"{name}{entry.number}": shape for entry in entries for name, shape in entry.shapes.items()}
    inputs = {INPUT: data, **parameters}
    batch_axes = {INPUT: layout.batch_axis}
    if objective is not None:
        from bpdebug.scenario.loss import build_with_loss

        return build_with_loss(objective, inputs, target, statements, layers, tuple(parameters), batch_axes)
    if not seed:
        return Program(
            inputs,
            tuple(statements),
            tuple(layers),
            parameters=frozenset(parameters),
            batch_axes=batch_axes,
        )
    return with_backward(inputs, statements, seed, layers, parameters, batch_axes)


def layer_of(entry: LayerEntry, layout: Layout) -> Layer:
    """Return the layer as the program lists it, under the name that the file gives it."""
    layer = make_layer(entry.number, entry.kind, entry.settings, tuple(entry.tensors), layout)
    return replace(layer, title=entry.title)
