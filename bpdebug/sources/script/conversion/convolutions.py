"""Convolutions of one or two axes, of NumPy and of SciPy: `out[n] = Σ_k a[n + k] · v[k]` over a padded `a`.

A convolution is the same with `v` turned round. What is wanted of the result says how much is padded: `full`
by all of `v` but one, `same` so that it is as large as `a`, `valid` not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression
from bpdebug.sources.script.conversion.translator import (
    ConversionRule,
    OpaqueError,
    Translator,
    of_scipy,
    options_of,
    shape_of,
    value_of,
)
from bpdebug.sources.script.recorder.records import Node


def before_middle(extent: int) -> int:
    """Return where `same` begins in `full`; for even extents `correlate2d` has a place of its own."""
    return (extent - 1) // 2


def correlation(
    translator: Translator,
    node: Node,
    mode: str,
    is_turned: bool = False,
    is_of_scipy: bool = False,
    begin: Callable[[int], int] = before_middle,
) -> Expression:
    """Write a convolution as that of the language, which turns nothing round.

    Parameters
    ----------
    translator : Translator
        Writes the operands.
    node : Node
        What was computed.
    mode : str
        What is wanted where the call does not say.
    is_turned : bool
        Whether `v` is turned round: a convolution, and no correlation.
    is_of_scipy : bool
        Whether `same` is as large as `a` even where `v` is larger: NumPy lets them change places.
    begin : callable
        Where `same` begins in what is `full`, for the extent of `v`.
    """
    a, v = node.operands[:2]
    options = options_of(node, "v", "mode")
    mode = str(value_of(options.get("mode", mode)))
    axes = len(shape_of(a))
    if axes not in (1, 2) or len(shape_of(v)) != axes or mode not in ("full", "same", "valid"):
        raise OpaqueError(f"a convolution of {axes} axes, {mode}")
    if str(value_of(options.get("boundary", "fill"))) != "fill" or value_of(options.get("fillvalue", 0)):
        raise OpaqueError("a convolution with a boundary of its own")
    is_exchanged = _is_larger(v, a) and (mode == "valid" or not is_of_scipy)
    if is_exchanged:
        a, v = v, a
    filters = turned(translator, v) if is_turned else translator.expression(v)
    extents = shape_of(v)
    before = [0 if mode == "valid" else extent - 1 for extent in extents]
    every = [
        extent + 2 * pad - own + 1 for extent, pad, own in zip(shape_of(a), before, extents, strict=True)
    ]
    image = translator.reshaped(a, (1, 1, *shape_of(a)))
    kernel = translator.reshaped(filters, (1, 1, *extents))
    padding = before[0] if axes == 1 else tuple(before)
    found = translator.call(f"conv{axes}d", image, kernel, padding=padding)
    is_backwards = is_exchanged and not is_turned
    if mode == "same" or is_backwards:
        places = np.arange(int(np.prod(every))).reshape(every)
        if mode == "same":
            sides = zip(map(begin, extents), shape_of(a), strict=True)
            places = places[tuple(slice(first, first + extent) for first, extent in sides)]
        places = np.flip(places) if is_backwards else places
        found = translator.call("gather", translator.reshaped(found, (-1,)), translator.constant(places))
    return translator.reshaped(found, node.shape)


def turned(translator: Translator, v: Any) -> Expression:
    """Write a filter turned round."""
    return translator.moved(v, np.flip)


def _is_larger(v: Any, a: Any) -> bool:
    """Whether a filter is larger than what it goes over: then they change places."""
    return all(one >= other for one, other in zip(shape_of(v), shape_of(a), strict=True)) and (
        shape_of(v) != shape_of(a)
    )


def convolution_rules() -> dict[Any, ConversionRule]:
    """Return the rules of this module by callable."""
    of_signal = partial(of_scipy, module="scipy.signal")
    correlated = partial(correlation, mode="full", is_of_scipy=True)
    convolved = partial(correlated, is_turned=True)
    return {
        np.correlate: partial(correlation, mode="valid"),
        np.convolve: partial(correlation, mode="full", is_turned=True),
        **dict.fromkeys(of_signal("correlate"), correlated),
        **dict.fromkeys(of_signal("correlate2d"), partial(correlated, begin=lambda extent: extent // 2)),
        **dict.fromkeys((*of_signal("convolve"), *of_signal("convolve2d")), convolved),
    }
