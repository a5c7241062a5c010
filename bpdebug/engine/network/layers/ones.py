"""A 1 beside what comes in: the weight that it meets in the next layer is a bias, folded into the weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from bpdebug.engine.network.layers.kind import Generated, LayerKind, Setting, Value
from bpdebug.engine.network.layers.layout import Layout


def forward(settings: Mapping[str, Value], roles: Collection[str], layout: Layout) -> dict[str, str]:
    """Return the forward expression."""
    parts = ("ones", "a_prev") if settings["place"] == "first" else ("a_prev", "ones")
    return {"a": f"concatenate({', '.join(parts)}, axis={layout.feature_axis})"}


APPEND_ONES = LayerKind(
    name="append_ones",
    input=lambda layout: layout.examples("features"),
    parameters=(),
    settings=(Setting("place", ("first", "last"), default="last"),),
    title=lambda settings: f"append_ones {settings['place']}",
    forward=forward,
    panels=("a_prev", "a"),
    explanations={
        "a": "A feature more, which is 1 for every example: its weights in the next layer are the biases.",
        "d_prev": "The 1 is no result of the layer before: its part of the gradient is left off.",
    },
    generated=(Generated("ones", lambda layout: layout.examples(1), lambda settings, shape: np.ones(shape)),),
)
