"""Pooling: each window of a channel becomes one number, its largest or its mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bpdebug.engine.network.layers.kind import LayerKind, Setting, Value, written_extents, written_options
from bpdebug.engine.network.layers.layout import BATCH, Layout

MOST = 2**16
OPTIONS = (
    Setting("size", default=2, bounds={"ge": 1, "le": MOST}, axes=2),
    Setting("stride", default=0, bounds={"ge": 0, "le": MOST}, axes=2),
    Setting("padding", default=0, bounds={"ge": 0, "le": MOST}, axes=2),
)
"""A stride of 0 is none of its own: windows lie side by side."""


def _forward(function: str) -> Callable[..., dict[str, str]]:
    def forward(settings: Mapping[str, Value], roles: Collection[str], layout: Layout) -> dict[str, str]:
        return {"a": f"{function}(a_prev{written_options(settings, OPTIONS)})"}

    return forward


MAX_POOL2D = LayerKind(
    name="max_pool2d",
    input=lambda layout: (BATCH, "channels", "height", "width"),
    parameters=(),
    settings=OPTIONS,
    title=lambda settings: f"max_pool2d {written_extents(settings['size'])}",
    forward=_forward("max_pool2d"),
    panels=("a_prev", "a"),
    explanations={
        "a": "Of each window the largest number is kept.",
        "d_prev": "Only the winner of a window receives its gradient; one that wins several adds them up.",
    },
    layouts=("rows",),
)

AVG_POOL2D = MAX_POOL2D._replace(
    name="avg_pool2d",
    title=lambda settings: f"avg_pool2d {written_extents(settings['size'])}",
    forward=_forward("avg_pool2d"),
    explanations={
        "a": "Of each window the mean is kept; padding counts as zeros.",
        "d_prev": "All numbers of a window share its gradient equally.",
    },
)

GLOBAL_AVG_POOL = MAX_POOL2D._replace(
    name="global_avg_pool",
    settings=(),
    title=lambda settings: "global_avg_pool",
    forward=lambda settings, roles, layout: {"a": "mean(a_prev, axis=(2, 3))"},
    explanations={
        "a": "Of each channel the mean is kept: one number a channel.",
        "d_prev": "All pixels of a channel share its gradient equally.",
    },
)
