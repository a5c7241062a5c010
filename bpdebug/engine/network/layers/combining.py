"""Layers that make one tensor of several: their sum, their product, or one beside the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.network.layers.kind import INPUT_ROLE, LayerKind, Value, is_input_role
from bpdebug.engine.network.layers.layout import REST, Layout
from bpdebug.limits import LIMITS

MOST_INPUTS = LIMITS.layer_inputs


def _kind(
    name: str,
    join: Callable[[str, str, int], str],
    explanation: str,
    gradient: str,
    inputs: range = range(2, MOST_INPUTS + 1),
) -> LayerKind:
    """Return the kind of a layer that joins its first two inputs, then the next, and so on.

    `join` takes the names of two tensors, and the axis of their features.
    """

    def forward(settings: Mapping[str, Value], shapes: Mapping[str, Shape], layout: Layout) -> dict[str, str]:
        incoming = [role for role in shapes if is_input_role(role)]
        axis = layout.axis_of_features(len(shapes[INPUT_ROLE]))
        return {"a": reduce(lambda x, y: join(x, y, axis), incoming)}

    return LayerKind(
        name=name,
        input=lambda layout: (REST,),
        parameters=(),
        settings=(),
        title=lambda settings: name,
        forward=forward,
        panels=("a_prev", "a"),
        explanations={"a": explanation, "d_prev": gradient},
        inputs=inputs,
    )


ADD = _kind(
    "add",
    lambda x, y, axis: f"{x} + {y}",
    "The sum of what comes in, element by element.",
    "A sum hands its gradient on to each of its terms unchanged.",
)
RESIDUAL = _kind(
    "residual",
    lambda x, y, axis: f"{x} + {y}",
    "What the block has computed is added to what went into it.",
    "The gradient goes both ways: through the block, and past it unchanged.",
    inputs=range(2, 3),
)
MULTIPLY = _kind(
    "multiply",
    lambda x, y, axis: f"{x} * {y}",
    "The product of what comes in, element by element: one is a gate for the other.",
    "Each factor receives the gradient times the other factor.",
)
CONCAT = _kind(
    "concat",
    lambda x, y, axis: f"concatenate({x}, {y}, axis={axis})",
    "The features of what comes in, one after the other.",
    "Each part receives its own part of the gradient.",
)
