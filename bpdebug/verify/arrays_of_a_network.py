"""The check of a network that is given as arrays, without a file: what a notebook has at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bpdebug.engine.language.forms import written
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.network.layers import Layout
from bpdebug.engine.network.losses import LOSS_KINDS
from bpdebug.errors import BpdebugError
from bpdebug.sources.case import Case
from bpdebug.sources.problems import ProblemReport
from bpdebug.sources.scenario.loading import case_of
from bpdebug.sources.scenario.shapes_of_weights import WeightShapes, layouts_of
from bpdebug.verify.check import check_scenario
from bpdebug.verify.comparison import Tolerance
from bpdebug.verify.report import Report
from bpdebug.verify.spellings import understood

NAME = "check_network"
LayerArrays = tuple[str, npt.ArrayLike] | tuple[str, npt.ArrayLike, npt.ArrayLike | None]
"""The activation of a dense layer, its weights, and its bias if it has one."""


def check_network(
    x: npt.ArrayLike,
    layers: Sequence[LayerArrays],
    loss: str,
    target: npt.ArrayLike,
    mine: Mapping[str, Array] | None = None,
    *,
    layout: str | None = None,
    weight_shape: str | None = None,
    reduction: str | None = None,
    tolerance: Tolerance | None = None,
) -> Report:
    """Check the gradients of a network of dense layers.

    Parameters
    ----------
    x : array
        What goes in, batch × features or features × batch.
    layers : sequence of tuple
        For each layer `(activation, w)` or `(activation, w, b)`.
    loss : str
        A kind of loss: `mse`, `squared_error`, `huber`, `bce`, `bce_with_logits`, `cross_entropy`.
    target : array
        What should have come out; for `cross_entropy` also the index of a class for each example.
    mine : mapping, optional
        Your gradients by name, `{"dW1": dW1, "db1": db1}`. Without any, those that bpdebug derives are
        checked against differences.
    layout, weight_shape : str, optional
        `rows` or `columns`, and `out_in` or `in_out`; by default what the shapes tell.
    reduction : str, optional
        `mean`, `sum` or `batchmean`; by default that of the loss.
    tolerance : Tolerance, optional
        What counts as equal.

    Returns
    -------
    Report
        The same that `bpdebug check` prints.

    Raises
    ------
    BpdebugError
        If the shapes fit together in no layout, or something is no array or no layer.
    ScenarioError
        If an activation, a loss or a name is not known; with every problem found.
    """
    data, arrays = _array("x", x), [_arrays(number, layer) for number, layer in enumerate(layers)]
    own = {name: _array(f"mine[{name!r}]", value) for name, value in dict(mine or {}).items()}
    chosen = _layout(data, arrays, layout, weight_shape)
    case = _case(data, arrays, loss, _array("target", target), reduction, chosen)
    return check_scenario(case, _as_the_program_has_them(own, arrays, case), tolerance)


def _array(place: str, value: Any) -> Array:
    """Return what was given as an array, a tensor of PyTorch without its history."""
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    except (TypeError, ValueError) as error:
        raise BpdebugError(f"{NAME}: {place}: not an array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise BpdebugError(
            f"{NAME}: {place}: not real numbers: found {array.dtype}, expected floats or integers"
        )
    return array


def _arrays(number: int, layer: LayerArrays) -> tuple[str, Array, Array | None]:
    match layer:
        case (str(activation), w, *rest) if len(rest) < 2:
            b = next((_array(f"layers[{number}], b", one) for one in rest if one is not None), None)
            return activation, _array(f"layers[{number}], w", w), b
    expected = '("relu", w) or ("relu", w, b), the name of an activation and arrays'
    raise BpdebugError(f"{NAME}: layers[{number}]: not a layer: expected {expected}")


def _layout(
    data: Array,
    arrays: Sequence[tuple[str, Array, Array | None]],
    layout: str | None,
    weight_shape: str | None,
) -> Layout:
    shapes = [WeightShapes(w.shape, None if b is None else b.shape) for _, w, b in arrays]
    for found in layouts_of(shapes, data.shape):
        if layout in (None, found.name) and weight_shape in (None, found.weight_shape):
            return found
    listed = ", ".join(written(w.shape) for _, w, _ in arrays)
    asked = " and ".join(filter(None, (layout, weight_shape))) or "any layout"
    raise BpdebugError(
        f"{NAME}: the shapes do not follow each other in {asked}: found x {written(data.shape)}, w {listed}"
    )


def _case(
    data: Array,
    arrays: Sequence[tuple[str, Array, Array | None]],
    loss: str,
    target: Array,
    reduction: str | None,
    layout: Layout,
) -> Case:
    """Return the case that a file with these arrays would be."""
    tables: list[dict[str, Any]] = []
    for activation, w, b in arrays:
        bias = (
            {} if b is None else {"b": (b.reshape(-1, 1) if layout.name == "columns" else b.ravel()).tolist()}
        )
        tables.append({"kind": "dense", "activation": activation, "w": w.tolist(), **bias})
    if target.ndim == 1 and not (loss in LOSS_KINDS and LOSS_KINDS[loss].target == "classes"):
        target = np.expand_dims(target, 1 - layout.batch_axis)  # one output, as a list
    objective = {"kind": loss, "target": target.tolist()}
    table = {
        "layout": layout.name,
        "weight_shape": layout.weight_shape,
        "inputs": {"a0": data.tolist()},
        "layers": tables,
        "loss": objective | ({} if reduction is None else {"reduction": reduction}),
    }
    return case_of(table, ProblemReport(NAME), NAME)


def _as_the_program_has_them(
    mine: Mapping[str, Array], arrays: Sequence[tuple[str, Array, Array | None]], case: Case
) -> dict[str, Array]:
    """Return the gradients with those of biases in the shape of the program, if they had their bias's."""
    found = dict(mine)
    tensor_of = case.program.index.tensor_of
    for name, ours in understood(found, case.program).items():
        for number, (_, _, b) in enumerate(arrays, start=1):
            is_its = tensor_of.get(ours, ours) == f"b{number}"
            if is_its and b is not None and found[name].shape == b.shape:
                found[name] = found[name].reshape(case.program.shapes[f"b{number}"])
    return found
