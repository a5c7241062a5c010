"""What a function computes, forwards and backwards, as a case: to open, to check, to save."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import tree_util

from bpdebug.captured import CapturedCase, captured
from bpdebug.jax.calling import Leaves, gone_back, is_float, plain


def capture(
    function: Callable[..., Any], *arguments: Any, loss: Callable[[Any], Any] | None = None
) -> CapturedCase:
    """Call a function once, go back through it, and return that as a case.

    Parameters
    ----------
    function : callable
        What is called: a function of arrays and trees of them, under `jit`, `vmap` or not.
    *arguments
        What it is called with. The gradients of all arrays of floats in them are JAX's own.
    loss : callable, optional
        Makes one number of what comes out. By default that is taken as it is, if it is one number; else the
        sum of its elements, each times a random one.

    Returns
    -------
    CapturedCase
        `open()` steps through it, `check()` checks JAX's gradients, `save("net.bpd")` writes it.

    Raises
    ------
    ScriptError
        If the source of what calls this cannot be read, or nothing was computed.
    Exception
        Whatever the function raises.
    """
    caller = sys._getframe(1)

    def total(*given: Any) -> Any:
        out = function(*given)
        return _total(out) if loss is None else loss(out)

    total.__wrapped__ = function  # type: ignore[attr-defined]
    leaves = Leaves.of(plain(function), arguments)
    back = gone_back(total, leaves, _ones, caller.f_code.co_filename, caller.f_lineno, caller.f_globals)
    if back.error is not None:
        raise back.error
    # A step of a loop, `y = y + f(y)`, updates no parameter: whose gradients are asked for is known.
    return captured(replace(back.recording, updates=()))


def _ones(outputs: Sequence[Any]) -> list[Any]:
    return [jnp.ones_like(one) for one in outputs]


def _total(out: Any) -> Any:
    floats = [one for one in tree_util.tree_leaves(out) if is_float(one)]
    if len(floats) == 1 and floats[0].size == 1:
        return floats[0] if floats[0].ndim == 0 else floats[0].reshape(())
    random = np.random.default_rng(0)
    return sum(jnp.sum(one * jnp.asarray(random.normal(size=one.shape), one.dtype)) for one in floats)
