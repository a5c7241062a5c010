"""A dense layer: `z = w @ a_prev + b`, or as the layout writes it, then `a = g(z)`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.network.layers.kind import LayerKind, Parameter, Setting, Value
from bpdebug.engine.network.layers.layout import Layout


def forward(settings: Mapping[str, Value], roles: Collection[str], layout: Layout) -> dict[str, str]:
    """Return the two forward expressions, its `z` and its `a`."""
    activation = str(settings["activation"])
    axis = f", axis={layout.feature_axis}" if "axis" in ACTIVATIONS[activation].options else ""
    bias = " + b" if "b" in roles else ""
    return {"z": layout.weighted_sum("w", "a_prev") + bias, "a": f"{activation}(z{axis})"}


DENSE = LayerKind(
    name="dense",
    input=lambda layout: layout.positions("inputs"),
    parameters=(
        Parameter("w", lambda layout: layout.weights("outputs", "inputs")),
        Parameter(
            "b", lambda layout: layout.shared("outputs"), required=False, is_bias=True, may_be_a_row=True
        ),
    ),
    settings=(Setting("activation", tuple(ACTIVATIONS), default="identity"),),
    title=lambda settings: f"dense {settings['activation']}",
    forward=forward,
    panels=("a_prev", "w", "b", "z", "a"),
    explanations={
        "z": "Each unit adds up its inputs, each times its own weight, and its bias.",
        "a": "The activation is applied to each unit's sum.",
        "dz": "What comes in, times the slope of the activation at z: where that is flat, nothing passes.",
        "dw": "Each weight's gradient is the error of its output times the activation that it multiplied.",
        "db": "A bias is added once for each example, so its gradient is the error summed over the batch.",
        "d_prev": "Each input receives the errors of all the units it fed, weighted by the same weights.",
    },
)
