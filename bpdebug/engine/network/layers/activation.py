"""An activation as a layer of its own: `a = relu(a_prev)`, as after a batch norm."""

from __future__ import annotations

from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.network.layers.kind import LayerKind
from bpdebug.engine.network.layers.layout import REST


def activation_kind(name: str) -> LayerKind:
    """Return the kind of layer that applies an activation to what comes in, of whatever shape."""
    along_features = "axis" in ACTIVATIONS[name].options
    return LayerKind(
        name=name,
        input=lambda layout: (REST,),
        parameters=(),
        settings=(),
        title=lambda settings: name,
        forward=lambda settings, roles, layout: {
            "a": f"{name}(a_prev{f', axis={layout.feature_axis}' if along_features else ''})"
        },
        panels=("a_prev", "a"),
        explanations={
            "a": "The activation is applied to what comes in.",
            "d_prev": "What comes in, times the slope of the activation: where that is flat, nothing passes.",
        },
    )
