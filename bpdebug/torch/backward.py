"""Which line of a custom Function's backward is wrong, and what it should be.

A function is called once, and gone back through with random incoming gradients, while everything is recorded.
Each custom Function that was called in it is then judged by itself, on what went into its backward and what
came out of it: the right gradients are derived from its recorded forward. So one that is wrong does not make
those before it look wrong.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import torch

from bpdebug.engine.language.nearest import suggestion
from bpdebug.errors import Problem, ScriptError
from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.functions import FunctionAnalysis
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.watched import Recorded, watched
from bpdebug.sources.torch.analysis import analysis_of
from bpdebug.sources.torch.functions import code_of, custom_functions, written_backward
from bpdebug.sources.torch.tensors import within
from bpdebug.sources.torch.watcher import Watcher
from bpdebug.torch.shrinking import shrunk
from bpdebug.verify.repair.backward import SECONDS, BackwardReport, check_calls, proven_on

SAME = {8: 1e-5, 4: 1e-2}
"""The bytes of an element -> how far the output of a reference may lie from that which it stands in for."""


class _Recorded(NamedTuple):
    """A run of a function, and the tensors that it was given, whose gradients nobody has asked for."""

    recording: Recording
    free: frozenset[int]


def check_backward(
    function: Callable[..., Any],
    *inputs: Any,
    only: Collection[type | str] | type | str | None = None,
    intended: Collection[type | str] | type | str = (),
    reference: Callable[..., Any] | None = None,
    tolerance: float | None = None,
    seed: int = 0,
    seconds: float = SECONDS,
) -> BackwardReport:
    """Check the backward of every custom `autograd.Function` and operator that a function calls.

    Parameters
    ----------
    function : callable
        A function of tensors, a module, or `MyFunction.apply`; it is called once.
    *inputs
        What it is called with. Gradients are asked for of those tensors among them that require one; where
        none does, of all tensors of floats, and then a backward may return None for one.
    only : class, name, or collection of these, optional
        The only Functions to look at; by the class or its name, a custom operator as `mine::scaled`.
    intended : class, name, or collection of these
        Functions whose backward is meant to be another than the derivative: a straight-through estimator, a
        reversal of gradients. They are not judged.
    reference : callable, optional
        For a forward that torch does not see into: a function of torch's operations of the same inputs that
        gives the same outputs, as is checked. It is derived in place of the forward; so only one Function may
        be looked at.
    tolerance : float, optional
        How far a gradient may lie from the derived one, relative to the largest element; by default 1e-7 for
        64 bits, 1e-4 for 32, and 1e-2 for 16.
    seed : int
        Of the random incoming gradients.
    seconds : float
        How long corrections of one Function are searched for.

    Returns
    -------
    BackwardReport
        Its text names the line and what should stand there.

    Raises
    ------
    ScriptError
        If the source of a Function cannot be read, or it is called within another recording.
    Exception
        Whatever the function raises.
    """
    meant = _classes(intended)
    wanted = None if only is None else _classes(only)
    again = partial(
        check_backward, only=only, intended=intended, reference=reference, tolerance=tolerance, seed=seed
    )
    found = proven_on(shrunk(inputs), partial(again, function, seconds=seconds))
    recording, free = _run(function, inputs, seed, reference, wanted, meant)

    def analysed(call: FunctionCall) -> FunctionAnalysis | None:
        return analysis_of(recording, call, free, tolerance, reference)

    report = check_calls(recording, analysed, wanted, meant, seconds, found)
    if any(call.incoming or any(call.wanted) for call in recording.functions):
        return report
    note = "no custom autograd.Function was called: torch derives all of this itself"
    return report._replace(notes=(*report.notes, note))


def assert_backward(function: Callable[..., Any], *inputs: Any, **options: Any) -> None:
    """Check as `check_backward` does, in a test.

    Raises
    ------
    AssertionError
        If a backward is wrong, or there is none; with the report.
    """
    report = check_backward(function, *inputs, **options)
    if not report.passed:
        raise AssertionError(str(report))


def _classes(given: Collection[type | str] | type | str) -> tuple[type, ...]:
    """Return the Functions that are meant: by the name of the class, or of a custom operator."""
    every = (given,) if isinstance(given, type | str) else tuple(given)
    named: dict[str, list[type]] = {}
    for kind in custom_functions():
        operator = written_backward(kind)
        named.setdefault(kind.__name__ if operator is None else operator.name, []).append(kind)
    for one in every:
        if isinstance(one, str) and one not in named:
            hint = suggestion(one, named) or "expected a class, its name, or that of a custom operator"
            raise ScriptError(Problem("check_backward", "", f"no Function or operator is called {one}", hint))
    return tuple(kind for one in every for kind in (named[one] if isinstance(one, str) else (one,)))


def _run(
    function: Callable[..., Any],
    inputs: Sequence[Any],
    seed: int,
    reference: Callable[..., Any] | None,
    only: Collection[type] | None,
    intended: Collection[type],
) -> _Recorded:
    own = [
        one
        for one in map(code_of, _functions(function))
        if isinstance(one, FunctionType) and linecache.getlines(one.__code__.co_filename, one.__globals__)
    ]
    if not own:
        message = "there is no custom autograd.Function whose source can be read"
        hint = "expected a function that calls one, or its `apply`"
        raise ScriptError(Problem("check_backward", "", message, hint))
    first = own[0]
    recorded = Recorded()
    generator = torch.Generator().manual_seed(seed)
    is_asked = any(isinstance(one, torch.Tensor) and one.requires_grad for one in inputs)
    given = [_asked(one, is_asked) for one in inputs]
    code = first.__code__
    with watched(
        code.co_filename, code.co_firstlineno, first.__globals__, recorded, own, "torch"
    ) as recorder:
        watcher = recorder.other if recorder is not None else None
        if not isinstance(watcher, Watcher):
            raise ScriptError(
                Problem("check_backward", "", "something else is being recorded", "call it by itself")
            )
        with torch.enable_grad():
            outputs = [one for one in within(function(*given), torch.Tensor) if one.requires_grad]
            incoming = [
                torch.randn(one.shape, generator=generator, dtype=torch.float64).to(one.dtype)
                for one in outputs
            ]
            try:
                if outputs:
                    torch.autograd.backward(outputs, incoming)
            except RuntimeError:
                if not any(call.gradients for call in watcher.functions):
                    raise  # else autograd refuses what a backward has returned: that is judged
        for call in watcher.functions:
            if reference is None:
                break
            if call.incoming and call.function not in intended and (not only or call.function in only):
                _take_instead(call, reference, watcher)
        with watcher.alone():
            free = frozenset(watcher.node_of(one).origin.id for one in given if isinstance(one, torch.Tensor))
    return _Recorded(recorded.recording, frozenset() if is_asked else free)


def _take_instead(call: FunctionCall, reference: Callable[..., Any], watcher: Watcher) -> None:
    """Let what a plain function computes stand in for the outputs of a call, if it is the same."""
    with torch.no_grad():
        found = reference(*call.arguments)
    parts = found if isinstance(found, tuple | list) else (found,)
    nodes = tuple(watcher.node_of(one) if isinstance(one, torch.Tensor) else None for one in parts)
    for place, (own, other) in enumerate(zip(call.outputs, nodes, strict=False)):
        if own is None or other is None:
            continue
        off = SAME.get(own.like.dtype.itemsize, 0.1)
        if own.shape != other.shape or not np.allclose(own.value, other.value, rtol=off, atol=off):
            said = f"its output {place} is not that of {call.name}"
            hint = "expected a function of the same inputs with the same outputs"
            raise ScriptError(Problem("check_backward", "reference", said, hint))
    call.outputs = nodes


def _functions(function: Callable[..., Any]) -> Iterator[Any]:
    """Yield the person's functions that may run: the one that is given, and those of all custom Functions."""
    plain = getattr(function, "__func__", function)
    if isinstance(function, torch.nn.Module):
        plain = type(function).forward
    if inspect.isfunction(inspect.unwrap(plain)):
        yield plain
    for one in custom_functions():
        operator = written_backward(one)
        if operator is not None:
            yield operator.backward
            continue
        for name in ("forward", "backward", "vjp", "setup_context"):
            if name in vars(one):
                yield vars(one)[name]


def _asked(value: Any, is_asked: bool) -> Any:
    """Return a leaf of the same values that a gradient is asked for of, if it is a tensor of floats.

    Where the person asks for the gradients of some, only of these.
    """
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return value
    return value.detach().clone().requires_grad_(value.requires_grad or not is_asked)
