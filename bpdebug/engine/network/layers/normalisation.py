"""Normalisation: over the batch, over the features, or over the features without taking off the mean.

Over the batch a channel of images is normalised as a whole: over all examples and all of its pixels.

As stages, each step is a statement of its own and its gradient is derived; `form = "fused"` makes one
operation of them, with the derivative that the steps come to. They agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.network.layers.kind import INPUT_ROLE, LayerKind, Parameter, Setting, Value
from bpdebug.engine.network.layers.layout import Layout, Pattern

Axis = int | tuple[int, ...]
FORM = Setting("form", ("stages", "fused"), "stages")
EXPLANATIONS = {
    "mean": "The mean of what is normalised together.",
    "centred": "The mean is taken off.",
    "variance": "The mean of the squares of what is left.",
    "mean_square": "The mean of the squares of what is normalised together.",
    "deviation": "The standard deviation; epsilon keeps it from being 0.",
    "rms": "The root of the mean square; epsilon keeps it from being 0.",
    "xhat": "Divided by how large it is on the whole, so that its size is about 1.",
    "a": "The layer may choose another scale, gamma, and another middle, beta.",
    "dgamma": "Each xhat was multiplied by gamma, so its gradient is summed over all that share it.",
    "dbeta": "Beta is added everywhere, so its gradient is the sum of what comes in.",
    "dxhat": "What comes in, times the scale.",
    "dvariance": "Every element has its part in the variance, so the gradients of all are added up.",
    "dmean": "Every element is compared with the mean, so the gradients of all are added up.",
    "d_prev": "An element acts by itself, and through all that is computed of those normalised together.",
}


def _over_the_batch(layout: Layout, axes: int) -> Axis:
    """Return all axes but that of the features."""
    if layout.name == "columns":
        return layout.batch_axis
    return layout.batch_axis if axes == 2 else (layout.batch_axis, *range(2, axes))


def _over_the_features(layout: Layout, axes: int) -> Axis:
    return layout.feature_axis


def _scaled(given: Mapping[str, Shape], layout: Layout, per_channel: bool = False) -> str:
    def written(role: str) -> str:
        axes = len(given[INPUT_ROLE])
        return layout.along_channels(role, len(given[role]), axes) if per_channel else role

    scale = f"{written('gamma')} * xhat" if "gamma" in given else "xhat"
    return f"{scale} + {written('beta')}" if "beta" in given else scale


def _centred_forward(
    axis_of: Callable[[Layout, int], Axis], per_channel: bool = False
) -> Callable[[Mapping[str, Value], Mapping[str, Shape], Layout], dict[str, str]]:
    """Return the forward expressions of a layer that normalises along axes, told by their number."""

    def forward(settings: Mapping[str, Value], roles: Mapping[str, Shape], layout: Layout) -> dict[str, str]:
        axis, eps = axis_of(layout, len(roles[INPUT_ROLE])), settings["eps"]
        scaled = _scaled(roles, layout, per_channel)
        if settings["form"] == "fused":
            return {"xhat": f"normalize(a_prev, axis={axis}, eps={eps!r})", "a": scaled}
        return {
            "mean": f"mean(a_prev, axis={axis}, keepdims=True)",
            "centred": "a_prev - mean",
            "squares": "centred ** 2",
            "variance": f"mean(squares, axis={axis}, keepdims=True)",
            "deviation": f"sqrt(variance + {eps!r})",
            "xhat": "centred / deviation",
            "a": scaled,
        }

    return forward


def _rms_forward(settings: Mapping[str, Value], roles: Mapping[str, Shape], layout: Layout) -> dict[str, str]:
    axis, eps = layout.feature_axis, settings["eps"]
    if settings["form"] == "fused":
        return {"xhat": f"rms_normalize(a_prev, axis={axis}, eps={eps!r})", "a": _scaled(roles, layout)}
    return {
        "squares": "a_prev ** 2",
        "mean_square": f"mean(squares, axis={axis}, keepdims=True)",
        "rms": f"sqrt(mean_square + {eps!r})",
        "xhat": "a_prev / rms",
        "a": _scaled(roles, layout),
    }


def _kind(
    name: str,
    pattern: Callable[[Layout], Pattern],
    parameters: tuple[Parameter, ...],
    stages: tuple[str, ...],
    forward: Callable[[Mapping[str, Value], Mapping[str, Shape], Layout], dict[str, str]],
) -> LayerKind:
    return LayerKind(
        name=name,
        input=pattern,
        parameters=parameters,
        settings=(FORM, Setting("eps", default=1e-5, bounds={"ge": 0})),
        title=lambda settings: name,
        forward=forward,
        panels=("a_prev", *stages, "xhat", "gamma", "beta", "a"),
        explanations=EXPLANATIONS,
    )


def _scales(shape: Callable[[Layout], Pattern], per_channel: bool = False) -> tuple[Parameter, Parameter]:
    """Return gamma and beta, the new scale and the new middle."""
    return Parameter("gamma", shape, False, per_channel), Parameter(
        "beta", shape, False, per_channel, is_bias=True
    )


PER_FEATURE = _scales(lambda layout: layout.shared("features"))
BATCH_NORM = _kind(
    "batch_norm",
    lambda layout: layout.channels("features"),
    _scales(lambda layout: layout.per_channel("features"), per_channel=True),
    ("mean", "centred", "variance"),
    _centred_forward(_over_the_batch, per_channel=True),
)
LAYER_NORM = _kind(
    "layer_norm",
    lambda layout: layout.positions("features"),
    PER_FEATURE,
    ("mean", "centred", "variance"),
    _centred_forward(_over_the_features),
)
RMS_NORM = _kind(
    "rms_norm",
    lambda layout: layout.positions("features"),
    PER_FEATURE[:1],
    ("mean_square", "rms"),
    _rms_forward,
)
