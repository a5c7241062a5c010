"""Later iterations of a script: what the first cannot show is looked for there.

The script runs again, up to a later update; what draws numbers without a seed gets the same ones each time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.told import Told
from bpdebug.verify.repair.reruns import recorded_again
from bpdebug.verify.repair.staying_right import has_fresh, staying_right

LATER = (2, 3, 4)
"""The iterations that are looked at where the first proves too little."""


def is_first(recording: Recording) -> bool:
    """Whether a recording is of the first iteration of a script that can run again."""
    asked = recording.options
    return asked.iteration == 1 and not (asked.until or asked.function) and recording.can_run_again


def iteration_of(
    recording: Recording,
    iteration: int,
    deadline: float,
    texts: Mapping[str, str] = MappingProxyType({}),
) -> Recording | None:
    """Return another iteration of a script; None where there is none, it ends early, or someone ends it.

    Parameters
    ----------
    recording : Recording
        How the script ran.
    iteration : int
        Which iteration, from 1.
    deadline : float
        When the check ends, on the clock of `time.thread_time`.
    texts : mapping
        The name of a file -> a text in place of its own.
    """
    left = deadline - time.thread_time()
    options = recording.options._replace(iteration=iteration, seconds=min(recording.options.seconds, left))
    try:
        found = recorded_again(recording, texts, options) if left > 0 else None
    except KeyboardInterrupt:
        return None  # what was found until then is said
    if found is None or found.iteration != iteration or not found.updates or found.ended_early:
        return None
    return found


class LaterIteration(NamedTuple):
    """A later iteration in which more is proven than in the first, and why it is."""

    recording: Recording
    analysis: Analysis
    reason: str


def that_proves_more(
    recording: Recording, analysis: Analysis, told: Told, deadline: float
) -> LaterIteration | None:
    """Return a later iteration that proves more; None where there is no need, or none.

    The first example is often (0, 0), and nothing that it is multiplied by can be wrong. Where all weights
    begin at 0, nothing tells the largest output from the others, and any other weights choose other branches.
    """
    unproven = _unproven(analysis)
    for iteration in LATER if any(unproven) and is_first(recording) else ():
        later = iteration_of(recording, iteration, deadline)
        if later is None:
            return None
        found = staying_right(analyse(later, told))
        if found.loss is not None and _unproven(found) < unproven:
            reason = "gradients are 0 and prove nothing" if unproven[0] else "any other weights turn a branch"
            return LaterIteration(later, found, f"iteration {iteration} is checked: in the first, {reason}")
    return None


def _unproven(analysis: Analysis) -> tuple[int, bool]:
    """Return how many gradients are 0, and whether all are right but were not seen on fresh values."""
    if analysis.loss is None:
        return 0, False
    verdicts = analysis.loss.verdicts
    zeros = sum(one.is_zero for one in verdicts.each)
    return zeros, not zeros and verdicts.are_right and not has_fresh(analysis)
