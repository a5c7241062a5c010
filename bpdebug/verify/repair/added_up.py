"""Gradients that nobody clears: torch adds those of an iteration to those that the last one has left.

That is meant where no step was made with these; where one was, `zero_grad` is forgotten. It is told by the
values of the second iteration.
"""

from __future__ import annotations

import re

import numpy as np

from bpdebug.sources.script import Node, Recording
from bpdebug.verify.repair.constants import files_of
from bpdebug.verify.repair.later_iterations import is_first, iteration_of

CLEARS = re.compile(
    r"zero_grad|autograd\.grad|\.grad\b[.\w]*(\[.*\])?\s*=[^=]|\.grad\b[.\w]*\.(zero|fill|mul)_|del .*grad"
)
"""What clears a gradient, or needs none to be cleared: then the script need not run again."""


def added_up(recording: Recording, deadline: float) -> str:
    """Say that gradients are added to those that a step was made with; nothing where they are not.

    Parameters
    ----------
    recording : Recording
        Of the first iteration of a script.
    deadline : float
        When the check ends, on the clock of `time.thread_time`.
    """
    if not (recording.gone_back and recording.updates and is_first(recording)):
        return ""
    if any(one is not None and CLEARS.search(one.text) for one in map(recording.source, files_of(recording))):
        return ""
    later = iteration_of(recording, 2, deadline)
    stepped = {leaf.names: gradient.value for one in recording.gone_back for leaf, gradient in one.gradients}
    for leaf, gradient in (pair for one in (later.gone_back if later else ()) for pair in one.gradients):
        kept = gradient.operands[0] if gradient.function is np.add else None
        if type(kept) is not Node or kept.function is not None:
            continue
        if np.any(kept.value) and np.array_equal(kept.value, stepped.get(leaf.names, ())):
            return (
                f"the gradient of {leaf.names[0]} in iteration 2 is added to that of iteration 1, with which "
                "a step was made: nobody clears it, as `zero_grad()` does"
            )
    return ""
