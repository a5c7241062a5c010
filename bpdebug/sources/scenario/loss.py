"""The `[loss]` of a file, in place of a `[gradient]`: what the network is trained for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Call, Statement
from bpdebug.engine.network.layers import Layout
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.engine.network.losses import LOSS, LOSS_KINDS, REDUCTIONS, Objective, mean_at_parameters
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.sources.problems import ProblemReport
from bpdebug.sources.scenario.channels import IMAGES, turned
from bpdebug.sources.scenario.model import STRICT, check, check_kind
from bpdebug.sources.scenario.targets import check_classes, check_numbers, class_axis
from bpdebug.sources.scenario.tensors import AnyTensor, TensorField


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
        "target": (TensorField, ...),
        "reduction": (Literal[*REDUCTIONS], kind.reduction),
        "batch_mean": (Literal["at_loss", "at_parameters"], "at_loss"),
        "regularisation": (dict[str, Any] | None, None),
    }
    for setting in kind.settings:
        fields[setting.name] = (Literal[*setting.choices], setting.default)
    if kind.target == "classes":
        fields["axis"] = (int | None, None)
    for number, default in kind.numbers.items():
        fields[number] = (Annotated[float, Field(gt=0, allow_inf_nan=False)], default)
    return create_model(kind.name, __config__=STRICT, **fields)


def read_loss(
    table: Mapping[str, Any],
    layout: Layout,
    parameters: Mapping[str, bool],
    output: Shape | None,
    dtype: str,
    report: ProblemReport,
) -> tuple[Objective, AnyTensor] | None:
    """Check the table; None is returned where something in it is wrong.

    Parameters
    ----------
    table : mapping
        What the file says.
    layout : Layout
        How the network's tensors are laid out.
    parameters : mapping
        The network's parameters, by their names in the program -> whether each is a bias.
    output : tuple of int, optional
        The shape of what the network gives, as far as it is known.
    dtype : str
        The dtype of the scenario.
    report : ProblemReport
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
    if values["batch_mean"] == "at_parameters" and "reduction" not in table and kind.reduction == "sum":
        values["reduction"] = "batchmean"  # what is taken at the parameters is the mean over the examples
    if values["batch_mean"] == "at_parameters" and values["reduction"] == "sum":
        message = 'at_parameters is about a mean: found reduction = "sum", expected "mean"'
        report.add((*path, "batch_mean"), message)
    target: AnyTensor | None = values.get("target")
    if target is None or output is None:
        return None
    if layout.images == "nhwc":
        target = turned(target, IMAGES)
    axis = class_axis(values.get("axis"), len(output), layout, report)
    has_classes = kind.target == "classes" and len(target.shape) < len(output)
    if has_classes:
        check_classes(target, output, axis, dtype, report)
    else:
        check_numbers(target, output, kind.target, axis, report)
    if report.problems:
        return None
    with_biases = penalty.get("bias", False)
    penalised = tuple(name for name, is_bias in parameters.items() if with_biases or not is_bias)
    if values["regularisation"] is not None and not penalised:
        message = "nothing to penalise: found no layer with weights of its own, expected one"
        report.add((*path, "regularisation"), message)
        return None
    objective = Objective(
        kind,
        layout,
        len(output),
        axis,
        {name: values[name] for name in (*(setting.name for setting in kind.settings), *kind.numbers)},
        values["reduction"],
        values["batch_mean"] == "at_parameters",
        has_classes,
        penalty.get("l2", 0.0),
        penalised,
        with_biases,
    )
    return objective, target


def check_applied_once(
    objective: Objective, forward: Sequence[Statement], layers: Mapping[int, Layer], report: ProblemReport
) -> None:
    """Report a network that ends with the activation that its loss applies itself: a softmax of a softmax.

    Parameters
    ----------
    objective : Objective
        The loss.
    forward : sequence of Statement
        The network, without its loss.
    layers : mapping
        Its layers by number; the last one gives the output.
    report : ProblemReport
        Takes what is wrong.
    """
    applied, kind = objective.kind.applies, objective.kind.name
    number = len(layers)
    (last,) = (statement for statement in forward if statement.name == f"a{number}")
    if applied and isinstance(last.expression, Call) and last.expression.function == applied:
        path = ("layers", number - 1, "activation")
        message = f"{applied} twice: found {applied} at the end of the network, and {kind} applies it itself"
        report.add(path, message, "without it the network ends with scores, as in PyTorch")


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
    program = with_backward(
        {**inputs, objective.target: target},
        [*statements, *objective.statements(output, number)],
        LOSS,
        [*layers, objective.layer(output, number)],
        parameters,
        {**batch_axes, objective.target: objective.target_axis},
        wanted=wanted,
    )
    return mean_at_parameters(program) if objective.at_parameters else program
