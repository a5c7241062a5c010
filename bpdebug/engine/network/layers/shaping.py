"""Layers that compute nothing, but lay their input out anew: `flatten`, `reshape` and `upsample`."""

from __future__ import annotations

from bpdebug.engine.network.layers.kind import (
    INPUT_ROLE,
    LayerKind,
    Setting,
    written_extents,
    written_options,
)
from bpdebug.engine.network.layers.layout import BATCH, REST

MOST_ELEMENTS = 2**32
"""No extent of a shape is larger: far beyond any tensor."""
SCALE = (Setting("scale", default=2, bounds={"ge": 1, "le": 2**16}, axes=2),)

FLATTEN = LayerKind(
    name="flatten",
    input=lambda layout: (BATCH, REST),
    parameters=(),
    settings=(),
    title=lambda settings: "flatten",
    forward=lambda settings, shapes, layout: {
        "a": f"flatten({layout.in_order(INPUT_ROLE, len(shapes[INPUT_ROLE]))})"
    },
    panels=("a_prev", "a"),
    explanations={
        "a": "All numbers of an example are laid in one row.",
        "d_prev": "The same numbers, laid back in the shape that they came in.",
    },
    layouts=("rows",),
)

RESHAPE = FLATTEN._replace(
    name="reshape",
    settings=(Setting("shape", default=(-1,), bounds={"ge": -1, "le": MOST_ELEMENTS}),),
    title=lambda settings: f"reshape {settings['shape']}",
    forward=lambda settings, shapes, layout: {
        "a": f"reshape({layout.in_order(INPUT_ROLE, len(shapes[INPUT_ROLE]))}, "
        f"shape={settings['shape']}, start=1)"
    },
    explanations={
        **FLATTEN.explanations,
        "a": "The numbers of each example in the same order, in another shape.",
    },
)

UPSAMPLE = LayerKind(
    name="upsample",
    input=lambda layout: (BATCH, "channels", "height", "width"),
    parameters=(),
    settings=SCALE,
    title=lambda settings: f"upsample {written_extents(settings['scale'])}",
    forward=lambda settings, roles, layout: {"a": f"upsample(a_prev{written_options(settings, SCALE)})"},
    panels=("a_prev", "a"),
    explanations={
        "a": "Each pixel is repeated, so that the image grows.",
        "d_prev": "A pixel receives the gradients of all of its copies.",
    },
    layouts=("rows",),
)
