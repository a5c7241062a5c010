"""Layers that compute nothing, but lay their input out anew: `flatten` and `upsample`."""

from __future__ import annotations

from bpdebug.engine.layers.kind import LayerKind, Setting, written_options
from bpdebug.engine.layers.layout import BATCH, REST

SCALE = (Setting("scale", default=2, bounds={"ge": 1, "le": 2**16}),)

FLATTEN = LayerKind(
    name="flatten",
    input=lambda layout: (BATCH, REST),
    parameters=(),
    settings=(),
    title=lambda settings: "flatten",
    forward=lambda settings, roles, layout: {"a": "flatten(a_prev)"},
    panels=("a_prev", "a"),
    explanations={
        "a": "All numbers of an example are laid in one row.",
        "d_prev": "The same numbers, laid back in the shape that they came in.",
    },
    layouts=("rows",),
)

UPSAMPLE = LayerKind(
    name="upsample",
    input=lambda layout: (BATCH, "channels", "height", "width"),
    parameters=(),
    settings=SCALE,
    title=lambda settings: f"upsample ×{settings['scale']}",
    forward=lambda settings, roles, layout: {"a": f"upsample(a_prev{written_options(settings, SCALE)})"},
    panels=("a_prev", "a"),
    explanations={
        "a": "Each pixel is repeated, so that the picture grows.",
        "d_prev": "A pixel receives the gradients of all of its copies.",
    },
    layouts=("rows",),
)
