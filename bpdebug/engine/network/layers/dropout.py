"""Dropout: some activations are set to 0 at random, and the others grow by as much as is missing.

Which ones is not left to chance while one debugs: the mask follows from a seed, or is one that a program of
one's own has drawn, and is a tensor to look at.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.network.layers.kind import Generated, LayerKind, Setting, Value
from bpdebug.engine.network.layers.layout import REST

MOST_SEED = 2**63 - 1


def mask(settings: Mapping[str, Value], shape: Shape) -> Array:
    """Return 1 where an activation is kept, which has the probability `keep`, else 0."""
    seed, keep = settings["seed"], settings["keep"]
    assert isinstance(seed, int)
    assert isinstance(keep, float)
    kept: Array = (np.random.default_rng(seed).random(shape) < keep).astype(float)
    return kept


def refusal(settings: Mapping[str, Value], given: Array) -> str:
    """Say what is wrong with a mask of one's own: one that holds the scale would be scaled twice."""
    others = given[(given != 0) & (given != 1)]
    if settings["keep"] == 1 or not others.size:
        return ""
    return f"scaled twice: found {others.flat[0]:g} in the mask, expected 0 and 1, or keep = 1.0"


DROPOUT = LayerKind(
    name="dropout",
    input=lambda layout: (REST,),
    parameters=(),
    settings=(
        Setting("keep", default=0.5, bounds={"gt": 0, "le": 1}),
        Setting("seed", default=0, bounds={"ge": 0, "le": MOST_SEED}),
    ),
    title=lambda settings: f"dropout keep {settings['keep']}",
    forward=lambda settings, roles, layout: {"a": f"a_prev * mask / {settings['keep']!r}"},
    panels=("a_prev", "mask", "a"),
    explanations={
        "a": "What is kept grows by 1/keep, so that the sum of many is the same as without dropout.",
        "d_prev": "What was dropped receives no gradient; the rest is scaled as on the way forward.",
    },
    generated=(Generated("mask", lambda layout: (REST,), mask, refusal),),
)
