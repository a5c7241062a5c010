"""The layers of a file: checked one by one, held against each other, and put together to a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bpdebug.engine.language.forms import Shape, written
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.network import losses
from bpdebug.engine.network.layers import Layout
from bpdebug.engine.network.layers.layout import IMAGE_AXES
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.sources.problems import KeyPath, ProblemReport, RefusalError
from bpdebug.sources.scenario import loss
from bpdebug.sources.scenario.channels import AXES, IMAGES, turned, turned_parameter
from bpdebug.sources.scenario.draft import Draft, Incoming
from bpdebug.sources.scenario.gradient import GRADIENT, ONE, read_gradient
from bpdebug.sources.scenario.indices import check_indices
from bpdebug.sources.scenario.joining import INPUT, Network, put_together
from bpdebug.sources.scenario.layers import LayerEntry, read_layer
from bpdebug.sources.scenario.model import Inputs, NetworkDocument, check
from bpdebug.sources.scenario.shapes import TRANSPOSED
from bpdebug.sources.scenario.tensors import AnyTensor


def read_network(table: Mapping[str, Any], report: ProblemReport) -> Draft:
    """Check a file that has `[[layers]]`.

    Parameters
    ----------
    table : mapping
        What the file says.
    report : ProblemReport
        Takes what is wrong.
    """
    document = check(NetworkDocument, table, (), report)
    inputs = check(Inputs, document["inputs"], ("inputs",), report) if "inputs" in document else {}
    tables = document.get("layers", ())
    entries = [read_layer(number, table, report) for number, table in enumerate(tables, start=1)]
    data: AnyTensor | None = inputs.get(INPUT)
    layout = Layout(document.get("layout", "columns"), document["weight_shape"], inputs.get(AXES, "nchw"))
    if layout.images == "nhwc":
        data, entries = _with_channels_first(data, entries, report)
    network = _joined(entries, layout, data.shape if data else None, report)
    if data is not None:
        check_row_numbers(entries, network, data, document["dtype"], report)
    incoming = document["gradient"]
    gradient = (
        None
        if incoming is None or not entries
        else read_gradient(incoming, len(entries), network.results, layout, report)
    )
    layers = [entry for entry in entries if entry]
    tensors = dict(_tensors(data, layers, network))
    given = frozenset(tensors)

    def place_of(statement: Statement) -> KeyPath:
        return ("layers", statement.layer - 1) if statement.layer <= len(layers) else ("loss",)

    objective = None
    if document["loss"] is not None:
        if incoming is not None:
            message = "two ways to begin the backward pass: found [gradient] and [loss], expected one of them"
            report.add((GRADIENT,), message, "the gradient follows from the loss")
        parameters = {
            f"{parameter.name}{entry.number}": parameter.is_bias
            for entry in layers
            for parameter in entry.kind.parameters
            if parameter.name in entry.tensors
        }
        output = network.results.get(f"a{len(entries)}")
        read = loss.read_loss(document["loss"], layout, parameters, output, document["dtype"], report)
        if read is not None:
            objective, target = read
            loss.check_applied_once(objective, network.forward, network.layers, report)
            tensors[objective.target] = (("loss", "target"), target)
            gradient = Incoming(losses.LOSS, ("loss",), ONE)

    def build_program() -> Program:
        assert data is not None
        seed = gradient.tensor if gradient else ""
        inputs = {name: tensor.shape for name, (_, tensor) in tensors.items() if name in given}
        target = tensors[objective.target][1].shape if objective else ()
        return build(network, inputs, layout, seed, objective, target)

    return Draft(document, tensors, gradient, build_program, place_of)


def _with_channels_first(
    data: AnyTensor | None, entries: Sequence[LayerEntry | None], report: ProblemReport
) -> tuple[AnyTensor | None, list[LayerEntry | None]]:
    """Return the network's input and its layers as those of a program that has the channels first."""
    if data is not None and len(data.shape) != IMAGE_AXES:
        message = f"no images: found inputs.{INPUT} of shape {written(data.shape)}, expected n × h × w × c"
        report.add(("inputs", AXES), message)
        return data, [*entries]
    return turned(data, IMAGES) if data else None, [
        entry
        and entry._replace(
            tensors={role: turned_parameter(tensor) for role, tensor in entry.tensors.items()},
            given={role: turned(tensor, IMAGES) for role, tensor in entry.given.items()},
        )
        for entry in entries
    ]


def _joined(
    entries: Sequence[LayerEntry | None], layout: Layout, data: Shape | None, report: ProblemReport
) -> Network:
    """Put the layers together; where all weights fit the other way round, what is wrong says so."""
    own = ProblemReport(report.file, report.folder)
    network = put_together(entries, layout, data, own)
    problems = own.problems
    if any(problem.hint == TRANSPOSED for problem in problems):
        other = layout._replace(weight_shape="in_out" if layout.weight_shape == "out_in" else "out_in")
        trial = ProblemReport(report.file, report.folder)
        put_together(entries, other, data, trial)
        if not trial.problems:
            hint = f'{TRANSPOSED} all weights fit with weight_shape = "{other.weight_shape}"'
            problems = tuple(problem._replace(hint=hint) for problem in problems)
    report.take(problems)
    return network


def _tensors(
    data: AnyTensor | None, layers: Sequence[LayerEntry], network: Network
) -> Iterator[tuple[str, tuple[KeyPath, AnyTensor]]]:
    """Yield what the network is given, under its name in the program, with its key path."""
    if data:
        yield INPUT, (("inputs", INPUT), data)
    for layer in layers:
        for name, tensor in layer.tensors.items():
            yield f"{name}{layer.number}", (("layers", layer.number - 1, name), tensor)
    yield from network.generated.items()


def check_row_numbers(
    entries: Sequence[LayerEntry | None], network: Network, data: AnyTensor, dtype: str, report: ProblemReport
) -> None:
    """Hold what goes into the network against the tables whose rows it names, if there are any.

    Parameters
    ----------
    entries : sequence of LayerEntry or None
        The layers of the file; None where one is not known.
    network : Network
        The same, as far as they could be put together.
    data : tensor
        What goes into the network.
    dtype : str
        The dtype of the scenario, in which the numbers of rows must be exact.
    report : ProblemReport
        Takes what is wrong.
    """
    for entry in entries:
        if entry is None or not entry.kind.looks_up or entry.number not in network.layers:
            continue
        owner = entries[network.layers[entry.number].owner - 1]
        shape = owner.shapes.get(entry.kind.looks_up) if owner else None
        if not shape:
            continue
        try:
            numbers = data.array()
        except RefusalError:
            return  # said where all numbers are read
        hint = f"{entry.place.place} looks up rows of its {entry.kind.looks_up}"
        check_indices(numbers, shape[0], dtype, "row", ("inputs", INPUT), report, hint)


def build(
    network: Network,
    inputs: Mapping[str, Shape],
    layout: Layout,
    seed: str,
    objective: losses.Objective | None = None,
    target: Shape = (),
) -> Program:
    """Make a program of sound layers.

    Parameters
    ----------
    network : Network
        The layers.
    inputs : mapping
        The shapes of what they are given, by name.
    layout : Layout
        How their tensors are laid out.
    seed : str
        The tensor whose gradient comes in; empty for a forward pass only, or where there is a loss.
    objective : Objective, optional
        The loss.
    target : tuple of int
        The shape of its target.
    """
    layers = [network.layers[number] for number in sorted(network.layers)]
    parameters = frozenset(inputs) - {INPUT} - network.generated.keys()
    wanted = frozenset(inputs) - network.generated.keys()
    batch_axes = dict.fromkeys((INPUT, *network.generated), layout.batch_axis)
    if objective is not None:
        return loss.build_with_loss(
            objective, inputs, target, network.forward, layers, parameters, batch_axes, wanted
        )
    if not seed:
        return Program(
            inputs, tuple(network.forward), tuple(layers), parameters=parameters, batch_axes=batch_axes
        )
    return with_backward(inputs, network.forward, seed, layers, parameters, batch_axes, wanted)
