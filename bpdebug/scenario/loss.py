"""The `[loss]` of a file, in place of a `[gradient]`: what the network is trained for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field, create_model

from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Statement
from bpdebug.engine.layers import Layout
from bpdebug.engine.layers.layer import Layer
from bpdebug.engine.losses import LOSS, LOSS_KINDS, Objective, mean_at_parameters
from bpdebug.engine.program import Program, with_backward
from bpdebug.scenario.model import STRICT, check, check_kind
from bpdebug.scenario.problems import RefusalError, Report, described
from bpdebug.scenario.shapes import UNKNOWN, misshapen
from bpdebug.scenario.tensors import AnyTensor, LiteralTensor, Tensor

BIAS = "b"
"""What a kind of layer calls the parameter that regularisation leaves out unless it is asked for."""
SUM_TOLERANCE = 1e-6
"""How far the probabilities of a target may be from adding up to 1."""
ONE = LiteralTensor((), [1.0])
"""The gradient of the loss with respect to itself."""


class Regularisation(BaseModel):
    """A penalty on the weights."""

    model_config = STRICT

    l2: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    bias: bool = False


@lru_cache
def loss_model(name: str) -> type[BaseModel]:
    """Return the model of a loss of the kind that has this name."""
    kind = LOSS_KINDS[name]
    fields: dict[str, Any] = {
        "kind": (str, ...),
        "target": (Tensor, ...),
        "reduction": (Literal["mean", "sum"], "mean"),
        "batch_mean": (Literal["at_loss", "at_parameters"], "at_loss"),
        "regularisation": (dict[str, Any] | None, None),
    }
    for setting in kind.settings:
        fields[setting.name] = (Literal[*setting.choices], setting.default)
    for number, default in kind.numbers.items():
        fields[number] = (Annotated[float, Field(gt=0, allow_inf_nan=False)], default)
    return create_model(kind.name, __config__=STRICT, **fields)


def read_loss(
    table: Mapping[str, Any],
    layout: Layout,
    parameters: Sequence[str],
    output: Shape | None,
    report: Report,
) -> tuple[Objective, AnyTensor] | None:
    """Check the table; None is returned where something in it is wrong.

    Parameters
    ----------
    table : mapping
        What the file says.
    layout : Layout
        How the network's tensors are laid out.
    parameters : sequence of str
        The network's parameters, by their names in the program.
    output : tuple of int, optional
        The shape of what the network gives, as far as it is known.
    report : Report
        Takes what is wrong.
    """
    path = (LOSS,)
    kind = check_kind(LOSS_KINDS, table, path, report)
    if kind is None:
        return None
    values = check(loss_model(kind.name), table, path, report)
    penalty: Mapping[str, Any] = {}
    if values["regularisation"] is not None:
        penalty = check(Regularisation, values["regularisation"], (*path, "regularisation"), report)
    if values["batch_mean"] == "at_parameters" and values["reduction"] == "sum":
        message = 'at_parameters is about a mean: found reduction = "sum", expected "mean"'
        report.add((*path, "batch_mean"), message)
    target: AnyTensor | None = values.get("target")
    if target is None or output is None:
        return None
    has_classes = kind.target == "classes" and len(target.shape) == 1
    place = (*path, "target")
    wrong = (
        misshapen(target.shape, (output[layout.batch_axis],), "must have an index for each example")
        if has_classes
        else misshapen(target.shape, output, "must have the shape of the network's output")
    )
    if wrong:
        report.add(place, *wrong)
    elif kind.target != "numbers":
        try:
            numbers = target.array()
        except RefusalError as refusal:
            report.add((*place, *refusal.path), refusal.message, refusal.hint)
            return None
        if has_classes:
            _check_classes(numbers, output[layout.feature_axis], report)
        else:
            _check_fractions(numbers, layout.feature_axis if kind.target == "classes" else None, report)
    if report.problems:
        return None
    penalised = tuple(name for name in parameters if penalty.get("bias") or not name.startswith(BIAS))
    objective = Objective(
        kind,
        layout,
        {name: values[name] for name in (*(setting.name for setting in kind.settings), *kind.numbers)},
        values["reduction"],
        values["batch_mean"] == "at_parameters",
        has_classes,
        penalty.get("l2", 0.0),
        penalised,
        penalty.get("bias", False),
    )
    return objective, target


def _check_classes(indices: Array, count: int, report: Report) -> None:
    """Hold the indices of classes against the number of classes that there are."""
    bad = np.flatnonzero((indices != np.floor(indices)) | (indices < 0) | (indices >= count))
    if bad.size and count != UNKNOWN:
        first = int(bad[0])
        found = described(float(indices[first]))
        message = f"no such class: found {found}, expected a whole number from 0 to {count - 1}"
        report.add((LOSS, "target", first), message)


def _check_fractions(values: Array, class_axis: int | None, report: Report) -> None:
    """Check that all numbers are from 0 to 1, and those of an example's classes add up to 1."""
    bad = np.argwhere(~((values >= 0) & (values <= 1)))
    if len(bad):
        index = tuple(int(i) for i in bad[0])
        report.add((LOSS, "target", *index), f"not a probability: found {values[index]}, expected 0 to 1")
    elif class_axis is not None:
        sums = values.sum(axis=class_axis, dtype=float)
        rounding = values.shape[class_axis] * float(np.finfo(np.result_type(values, np.float16)).eps)
        off = np.flatnonzero(np.abs(sums - 1) > max(SUM_TOLERANCE, rounding))
        if off.size:
            message = f"not probabilities: found that those of example {off[0]} add up to {sums[off[0]]:.6g}"
            report.add((LOSS, "target"), f"{message}, expected 1")


def build_with_loss(
    objective: Objective,
    inputs: Mapping[str, Shape],
    target: Shape,
    statements: Sequence[Statement],
    layers: Sequence[Layer],
    parameters: Collection[str],
    batch_axes: Mapping[str, int],
    wanted: Collection[str],
) -> Program:
    """Put a network and its loss together.

    Parameters
    ----------
    objective : Objective
        The loss.
    inputs : mapping
        The shapes of the network's inputs.
    target : tuple of int
        The shape of the target.
    statements, layers, parameters, batch_axes, wanted
        The network, as for `with_backward`.
    """
    number, output = len(layers) + 1, f"a{len(layers)}"
    layer = Layer(number, objective.kind.name, objective, {}, objective.tensors(output), objective.layout)
    program = with_backward(
        {**inputs, objective.target: target},
        [*statements, *objective.statements(output, number)],
        LOSS,
        [*layers, layer],
        parameters,
        {**batch_axes, objective.target: objective.target_axis},
        wanted=wanted,
    )
    return mean_at_parameters(program) if objective.at_parameters else program
