"""Activations with options of their own; the others stand in the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import (
    Application,
    OperationEntry,
    UnknownFormError,
    language,
    term,
    times,
)


def gelu(x: Any, approximate: str = "none") -> Application:
    """X Φ(x), or its approximation."""
    return language("gelu" if approximate == "none" else "gelu_tanh", x)


def elu(x: Any, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Any:
    """x, or scale · α (eˣ − 1)."""
    if input_scale != 1:
        raise UnknownFormError("elu with a scale")
    return times(language("elu", x, alpha=float(alpha)), scale)


def leaky_relu(x: Any, slope: float = 0.01) -> Application:
    """x, or a small multiple of it."""
    return language("leaky_relu", x, slope=float(slope))


def hardtanh(x: Any, low: float = -1, high: float = 1) -> Application:
    """x, cut off."""
    return language("hardtanh", x, lowest=float(low), highest=float(high))


def softplus(x: Any, beta: float = 1, threshold: float = 20) -> Application:
    """log(1 + eˣ)."""
    if beta != 1:
        raise UnknownFormError("softplus with a factor")
    return language("softplus", x)


def softmax(name: str) -> OperationEntry:
    """Return the entry of a softmax, or of its logarithm."""
    return lambda x, dim, to_float=False: language(name, x, axis=dim)


def threshold(x: Any, limit: Any, value: Any) -> Application:
    """X where it is larger, else a value."""
    return term(np.where, term(np.greater, x, limit), x, value)
