"""One call of a custom Function, with what torch derives where the recorded forward is opaque."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import torch

from bpdebug.engine.program.program import Program
from bpdebug.sources.libraries import calls
from bpdebug.sources.script.analysis.functions import FunctionAnalysis
from bpdebug.sources.script.conversion.forward import Forward
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.torch.references import ByAutograd, forward_again, of_arrays
from bpdebug.sources.torch.unseen import RunAgain

OF_TORCH = {torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""The dtypes that NumPy computes with more bits -> how far a gradient may lie from the derived one."""


def analysis_of(
    recording: Recording,
    call: FunctionCall,
    free: Collection[int] = (),
    tolerance: float | None = None,
    computed: Callable[..., Any] | None = None,
) -> FunctionAnalysis | None:
    """Return what a call is; see `libraries.calls.analysis_of`.

    Parameters
    ----------
    computed : callable, optional
        What has computed the outputs in place of the forward. What was recorded of either is derived, and
        torch derives it where something in it is opaque.
    """
    again = computed or forward_again(call)

    def by_torch(forward: Forward, is_seen: bool) -> Iterator[calls.ByLibrary]:
        if (is_seen and not is_opaque) or computed is not None:
            yield calls.ByLibrary(ByAutograd(forward, Program({}, ()), call, again))
        if computed is None:
            yield from calls.by_differences(forward, call, of_arrays(call, again))

    unseen = (one.function for one in recording.nodes if type(one.function) is RunAgain)
    is_opaque = any(one.call is call and one.incoming is None for one in unseen)
    dtypes = {one.dtype for one in call.arguments if isinstance(one, torch.Tensor)}
    least = max((OF_TORCH.get(dtype, 0.0) for dtype in dtypes), default=0.0)
    return calls.analysis_of(recording, call, by_torch, free, tolerance, least)
