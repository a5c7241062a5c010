"""Of several losses by which all is right as recorded, that one by which it stays right on fresh values.

Where all weights begin at 0, a softmax gives the same to each class, and a sigmoid a half: then its slope is
a mere factor, and a squared error and a cross-entropy have the same gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.evaluation import callable_again
from bpdebug.verify.repair.replay import Replay
from bpdebug.verify.repair.report import ParameterVerdict
from bpdebug.verify.repair.trials import gradient_nodes, trials_of

MOST_LOSSES = 8
"""So many losses are compared."""


def staying_right(analysis: Analysis) -> Analysis:
    """Return an analysis with the loss that is meant; the same one where no other stays right.

    Parameters
    ----------
    analysis : Analysis
        What a recording is a training of, with the best loss and its alternatives.
    """
    best = analysis.loss
    if best is None or not best.verdicts.are_right:
        return analysis
    own = [one for one in analysis.alternatives if one.reference.forward.graph is analysis.graph]
    others = [one for one in own if one.verdicts.are_right][:MOST_LOSSES]
    for one in (best, *others) if others else ():
        rest = tuple(other for other in (best, *analysis.alternatives) if other is not one)
        meant = replace(analysis, loss=one, alternatives=rest)
        if _stays_right(meant):
            return meant
    return analysis


def has_fresh(analysis: Analysis) -> bool:
    """Whether there are values near the recorded ones at which no branch turns."""
    return len(_said(analysis)) > 1


def _stays_right(analysis: Analysis) -> bool:
    return all(verdict != "wrong" for each in _said(analysis) for verdict in each.values())


def _said(analysis: Analysis) -> list[Mapping[str, ParameterVerdict]]:
    """Return what is said of the gradients on the recorded values, and on each of the fresh ones."""
    targets = [node for one in analysis.parameters for node in gradient_nodes(one)]
    replay = Replay(analysis.recording, targets)
    with callable_again(analysis.recording), np.errstate(all="ignore"):
        return [trial.verdicts(replay.run(trial.replaced), {}) for trial in trials_of(analysis, replay)]
