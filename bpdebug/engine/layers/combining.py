"""Layers that make one tensor of several: their sum, their product, or one beside the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import reduce

from bpdebug.engine.layers.kind import LayerKind, Value, is_input_role
from bpdebug.engine.layers.layout import REST, Layout

MOST_INPUTS = 32


def _joined(join: Callable[[str, str, Layout], str]) -> Callable[..., dict[str, str]]:
    """Return the forward expressions of a layer that joins its first two inputs, then the next, and so on."""

    def forward(settings: Mapping[str, Value], roles: Collection[str], layout: Layout) -> dict[str, str]:
        incoming = [role for role in roles if is_input_role(role)]
        return {"a": reduce(lambda x, y: join(x, y, layout), incoming)}

    return forward


ADD = LayerKind(
    name="add",
    input=lambda layout: (REST,),
    parameters=(),
    settings=(),
    title=lambda settings: "add",
    forward=_joined(lambda x, y, layout: f"{x} + {y}"),
    panels=("a_prev", "a"),
    explanations={
        "a": "The sum of what comes in, element by element.",
        "d_prev": "A sum hands its gradient on to each of its terms unchanged.",
    },
    inputs=range(2, MOST_INPUTS + 1),
)

RESIDUAL = ADD._replace(
    name="residual",
    title=lambda settings: "residual",
    explanations={
        "a": "What the block has computed is added to what went into it.",
        "d_prev": "The gradient goes both ways: through the block, and past it unchanged.",
    },
    inputs=range(2, 3),
)

MULTIPLY = ADD._replace(
    name="multiply",
    title=lambda settings: "multiply",
    forward=_joined(lambda x, y, layout: f"{x} * {y}"),
    explanations={
        "a": "The product of what comes in, element by element: one is a gate for the other.",
        "d_prev": "Each factor receives the gradient times the other factor.",
    },
)

CONCAT = ADD._replace(
    name="concat",
    title=lambda settings: "concat",
    forward=_joined(lambda x, y, layout: f"concatenate({x}, {y}, axis={layout.feature_axis})"),
    explanations={
        "a": "The features of what comes in, one after the other.",
        "d_prev": "Each part receives its own part of the gradient.",
    },
)
