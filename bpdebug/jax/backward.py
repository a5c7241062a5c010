"""Which line of a `custom_vjp`'s backward is wrong, and what it should be.

A function is called once, and gone back through with random incoming gradients, while everything is recorded.
Each function with a `custom_vjp` that was called is then judged by itself; see `verify.repair.backward`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import tree_util

from bpdebug.errors import Problem, ScriptError
from bpdebug.jax.calling import Leaves, first_own, gone_back, plain
from bpdebug.sources.jax.analysis import analysis_of
from bpdebug.sources.libraries.exact import EXACT
from bpdebug.sources.libraries.shrinking import corner, smaller_extents
from bpdebug.sources.script.analysis.functions import FunctionAnalysis
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.verify.repair.backward import SECONDS, BackwardReport, check_calls, proven_on


def check_vjp(
    function: Callable[..., Any],
    *arguments: Any,
    only: Collection[Any] | Callable[..., Any] | None = None,
    intended: Collection[Any] | Callable[..., Any] = (),
    reference: Callable[..., Any] | None = None,
    tolerance: float | None = None,
    seed: int = 0,
    seconds: float = SECONDS,
) -> BackwardReport:
    """Check the `bwd` of every function with a `custom_vjp` that a function calls.

    Parameters
    ----------
    function : callable
        A function of arrays and trees of them, or the function with the `custom_vjp` itself; it is called
        once, without `jit`.
    *arguments
        What it is called with. Gradients are asked for of all arrays of floats among them.
    only : function or collection of functions, optional
        The only functions with a `custom_vjp` to look at.
    intended : function or collection of functions
        Those whose backward is meant to be another than the derivative: a straight-through estimator, a
        reversal of gradients. They are not judged.
    reference : callable, optional
        For a function that JAX cannot derive: one of the same arguments that gives the same outputs, and that
        it can. It is derived in place of the recorded forward; so only one function may be looked at.
    tolerance : float, optional
        How far a gradient may lie from the derived one, relative to the largest element; by default 1e-7 for
        64 bits, 1e-4 for 32, and 1e-2 for 16.
    seed : int
        Of the random incoming gradients.
    seconds : float
        How long corrections of one function are searched for.

    Returns
    -------
    BackwardReport
        Its text names the line and what should stand there.

    Raises
    ------
    ScriptError
        If no source can be read, or it is called within another recording.
    Exception
        Whatever the function raises.
    """
    meant, wanted = _functions(intended), None if only is None else _functions(only)
    again = partial(
        check_vjp, only=only, intended=intended, reference=reference, tolerance=tolerance, seed=seed
    )
    found = proven_on(_smaller(arguments), partial(again, function, seconds=seconds))
    own = first_own(function)
    if own is None:
        message = "there is no function with a custom_vjp whose source can be read"
        raise ScriptError(
            Problem("check_vjp", "", message, "expected a function that calls one, or one itself")
        )
    random = np.random.default_rng(seed)

    def incoming(outputs: Sequence[Any]) -> list[Any]:
        return [jnp.asarray(random.normal(size=one.shape), one.dtype) for one in outputs]

    code = own.__code__
    leaves = Leaves.of(plain(function), arguments)
    recording, error, unseen = gone_back(
        function, leaves, incoming, code.co_filename, code.co_firstlineno, own.__globals__
    )
    if error is not None and not any(call.gradients for call in recording.functions):
        raise error  # else JAX refuses what a bwd has returned: that is judged

    def analysed(call: FunctionCall) -> FunctionAnalysis | None:
        return analysis_of(recording, call, (), tolerance, reference)

    report = check_calls(recording, analysed, wanted, meant, seconds, found)
    traced = unseen - {call.name for call in recording.functions}
    report = report._replace(notes=(*report.notes, *map(_of_traced, sorted(traced))))
    if recording.functions or traced:
        judged = {one.file for one in report.reports}
        calls = {call.name: call for call in recording.functions if call.name in judged}
        return report._replace(faults=tuple(filter(None, map(_of_forward, calls.values()))))
    return report._replace(notes=(*report.notes, "no function with a custom_vjp was called: JAX derives all"))


def assert_vjp(function: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    """Check as `check_vjp` does, in a test.

    Raises
    ------
    AssertionError
        If a backward is wrong, or there is none; with the report.
    """
    report = check_vjp(function, *arguments, **options)
    if not report.passed:
        raise AssertionError(str(report))


def _of_traced(name: str) -> str:
    return (
        f"{name}: was called where JAX only traces, as within a decorator `jax.checkpoint`: it was not seen"
    )


def _of_forward(call: FunctionCall) -> str:
    """Say that `fwd` gives another value than the function; nothing, where it gives the same."""
    assert call.again is not None, "a call of JAX's can be made again"
    for own, node in zip(call.again(*call.arguments), call.outputs, strict=False):
        value, other = (np.asarray(one) for one in (own, node.value if node is not None else own))
        tolerance = EXACT.get(value.dtype.itemsize, 1e-2)
        if value.shape != other.shape or not np.allclose(value, other, tolerance, tolerance, equal_nan=True):
            return f"{call.name}: its fwd gives another value than the function itself"
    return ""


def _functions(given: Collection[Any] | Callable[..., Any]) -> tuple[Any, ...]:
    return (given,) if callable(given) else tuple(given)


def _smaller(arguments: Sequence[Any]) -> Sequence[Any] | None:
    """Return arguments whose arrays are cut down; None where they are small."""
    smaller = smaller_extents([np.shape(one) for one in tree_util.tree_leaves(arguments)])
    if smaller is None:
        return None
    cut: Sequence[Any] = tree_util.tree_map(
        lambda one: one[corner(np.shape(one), smaller)] if np.ndim(one) else one, arguments
    )
    return cut
