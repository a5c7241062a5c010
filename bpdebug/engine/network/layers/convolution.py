"""Convolutions: filters that slide over an image or a line, and the transposed convolution.

Examples come first and channels second, as in PyTorch, so these kinds know the layout of rows only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.network.layers.kind import (
    INPUT_ROLE,
    LayerKind,
    Parameter,
    Setting,
    Value,
    written_options,
)
from bpdebug.engine.network.layers.layout import BATCH, CHANNEL_AXIS, Layout

MOST = 2**16
"""No option of a convolution is larger: far beyond any image."""
ACTIVATION = Setting("activation", tuple(ACTIVATIONS), default="identity")


def _options(axes: int) -> tuple[Setting, ...]:
    """Return the options of a convolution over so many axes."""
    return (
        Setting("stride", default=1, bounds={"ge": 1, "le": MOST}, axes=axes),
        Setting("padding", default=0, bounds={"ge": 0, "le": MOST}, axes=axes),
        Setting("dilation", default=1, bounds={"ge": 1, "le": MOST}, axes=axes),
        Setting("groups", default=1, bounds={"ge": 1, "le": MOST}),
    )


def _forward(function: str, options: tuple[Setting, ...]) -> Callable[..., dict[str, str]]:
    """Return the two forward expressions of a layer that convolves, its `z` and its `a`."""

    def forward(settings: Mapping[str, Value], given: Mapping[str, Shape], layout: Layout) -> dict[str, str]:
        activation = str(settings["activation"])
        axis = f", axis={CHANNEL_AXIS}" if "axis" in ACTIVATIONS[activation].options else ""
        axes = len(given[INPUT_ROLE])
        bias = f" + {layout.along_channels('b', len(given['b']), axes)}" if "b" in given else ""
        return {
            "z": f"{function}(a_prev, w{written_options(settings, options)}){bias}",
            "a": f"{activation}(z{axis})",
        }

    return forward


CONV2D = LayerKind(
    name="conv2d",
    input=lambda layout: (BATCH, "channels", "height", "width"),
    parameters=(
        Parameter("w", lambda layout: ("outputs", "channels of a group", "filter height", "filter width")),
        Parameter("b", lambda layout: ("outputs", 1, 1), required=False, per_channel=True, is_bias=True),
    ),
    settings=(ACTIVATION, *_options(2)),
    title=lambda settings: f"conv2d {settings['activation']}",
    forward=_forward("conv2d", _options(2)),
    panels=("a_prev", "w", "b", "z", "a"),
    explanations={
        "z": "Each filter is laid over every window of the input, and adds up the products and its bias.",
        "a": "The activation is applied to each element.",
        "dz": "What comes in, times the slope of the activation at z: where that is flat, nothing passes.",
        "dw": "A weight met one element in every window: its gradient adds these up, times their errors.",
        "db": "A bias is added in every window of every example, so its gradient sums over all of them.",
        "d_prev": "Each error goes back to its window, times the filter; where windows overlap, they add up.",
    },
    layouts=("rows",),
)

CONV1D = CONV2D._replace(
    name="conv1d",
    input=lambda layout: (BATCH, "channels", "length"),
    parameters=(
        Parameter("w", lambda layout: ("outputs", "channels of a group", "filter length")),
        Parameter("b", lambda layout: ("outputs", 1), required=False, per_channel=True, is_bias=True),
    ),
    settings=(ACTIVATION, *_options(1)),
    title=lambda settings: f"conv1d {settings['activation']}",
    forward=_forward("conv1d", _options(1)),
)

TRANSPOSED_OPTIONS = (
    *_options(2),
    Setting("output_padding", default=0, bounds={"ge": 0, "le": MOST}, axes=2),
)
CONV_TRANSPOSE2D = CONV2D._replace(
    name="conv_transpose2d",
    parameters=(
        Parameter("w", lambda layout: ("channels", "outputs of a group", "filter height", "filter width")),
        Parameter("b", lambda layout: ("outputs", 1, 1), required=False, per_channel=True, is_bias=True),
    ),
    settings=(ACTIVATION, *TRANSPOSED_OPTIONS),
    title=lambda settings: f"conv_transpose2d {settings['activation']}",
    forward=_forward("conv_transpose2d", TRANSPOSED_OPTIONS),
    explanations={
        **CONV2D.explanations,
        "z": "Each element is multiplied by its filter and added to its window; a bias is added to all.",
        "dw": "A weight met every element of its channel: its gradient adds these up, times their errors.",
        "d_prev": "Each element fed one window: it collects the errors there, times the filter.",
    },
)
