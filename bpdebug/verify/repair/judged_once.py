"""What is replaced decides what is right: of edits that give the same numbers, the first is judged.

Many edits of a line do, as one tensor has several names: nothing is to be learnt from the others.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np

from bpdebug.verify.repair.replay import Replaced, Replay
from bpdebug.verify.repair.trying import Trial, Verdicts


class JudgedOnce:
    """Judges what is replaced, on the values of a trial.

    Parameters
    ----------
    replay : Replay
        Computes everything again.
    """

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._known: dict[tuple[Any, ...], tuple[Trial, Verdicts]] = {}

    def __call__(self, trial: Trial, replaced: Replaced) -> Verdicts:
        """Say which gradients are right."""
        value_of, nodes = self._replay.run({**trial.replaced, **replaced}), self._replay.recording.nodes
        given = (np.asarray(value_of(nodes[number])) for number in replaced)
        key = id(trial), *zip(replaced, map(_numbers, given), strict=True)
        if key not in self._known:  # the trial is kept, so that no other has its number
            self._known[key] = trial, trial.verdicts(value_of, replaced)
        return self._known[key][1]


def _numbers(value: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    """Return what equal arrays have in common, to the last bit; one of objects is like no other."""
    if value.dtype.hasobject:
        return (object(),)
    return value.shape, value.dtype.str, blake2b(value.tobytes(), digest_size=16).digest()
