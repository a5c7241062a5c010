"""What a module or a function computes, forwards and backwards, as a case: to open, to check, to save."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import torch

from bpdebug.captured import CapturedCase, captured
from bpdebug.sources.libraries.first_bad import BadValue, first_bad
from bpdebug.sources.script.live import RecordedBlock
from bpdebug.sources.script.watched import Recorded, watched
from bpdebug.sources.torch.functions import code_of


class TorchRecording(RecordedBlock):
    """A `with` statement whose body is recorded; `case` is there when it is over."""

    def first_bad(self) -> BadValue | None:
        """Return the first value with a NaN or an infinity, where it was computed and from what."""
        return first_bad(self.recording)


def record() -> TorchRecording:
    """Record the body of a `with` statement, as `bpdebug.recording()` does.

    `with bpdebug.torch.record() as recording:` around a step; then `recording.first_bad()` and
    `recording.case`.
    """
    return TorchRecording()


def capture(
    function: Callable[..., Any] | torch.nn.Module,
    *inputs: Any,
    loss: Callable[[Any], torch.Tensor] | None = None,
) -> CapturedCase:
    """Call a function or a module once, go back through it, and return that as a case.

    Parameters
    ----------
    function : callable or module
        What is called. The gradients of a module's parameters are afterwards what they were.
    *inputs
        What it is called with.
    loss : callable, optional
        Makes one number of what comes out. By default that is taken as it is, if it is one number; else the
        sum of its elements, each times a random one.

    Returns
    -------
    CapturedCase
        `open()` steps through it, `check()` checks torch's gradients, `save("net.bpd")` writes it.

    Raises
    ------
    ScriptError
        If the source of what calls this cannot be read, or nothing was computed.
    Exception
        Whatever the function raises.
    """
    caller = sys._getframe(1)
    recorded = Recorded()
    plain = code_of(function)
    own = [plain] if isinstance(plain, FunctionType) else []
    code = caller.f_code
    with (
        watched(code.co_filename, caller.f_lineno, caller.f_globals, recorded, own, "torch"),
        _gradients_kept(function),  # within: what is left to the recording need not be copied
        torch.enable_grad(),
    ):
        out = function(*inputs)
        total = _total(out) if loss is None else loss(out)
        if total.requires_grad:
            total.backward()  # type: ignore[no-untyped-call]
    return captured(recorded.recording)


def _total(out: Any) -> torch.Tensor:
    parts = out if isinstance(out, tuple | list) else (out,)
    tensors = [one for one in parts if isinstance(one, torch.Tensor) and one.is_floating_point()]
    if len(tensors) == 1 and tensors[0].numel() == 1:
        return tensors[0]
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros(())
    for one in tensors:
        total = total + (one * torch.randn(one.shape, generator=generator, dtype=one.dtype)).sum()
    return total


@contextmanager
def _gradients_kept(function: Any) -> Iterator[None]:
    """Let the gradients of a module's parameters be what they were."""
    parameters = [*function.parameters()] if isinstance(function, torch.nn.Module) else []
    kept = [(one, one.grad) for one in parameters]
    for one in parameters:
        one.grad = None
    try:
        yield
    finally:
        for one, gradient in kept:
            one.grad = gradient
