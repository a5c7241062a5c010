"""Values to try corrections on: those that were recorded, and fresh ones of the parameters.

Initial zeros and ones hide mistakes (γ = 1, b = 0), and a correction may fit one set of values by chance. So
the parameters are moved at random and everything is computed again, by the largest step at which no branch
that was taken turns. The derived gradients are computed for the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.parameters import Parameter
from bpdebug.sources.script.recorder.records import Node
from bpdebug.verify.repair.replay import Replaced, Replay, ValueOf
from bpdebug.verify.repair.report import ParameterVerdict
from bpdebug.verify.repair.search import Trial

SEEDS = (0, 1)
STEPS = (1.0, 0.1, 1e-2, 1e-3, 1e-4)
"""How far the parameters are moved, in parts of their spread: the first step at which no branch turns."""
SMALLEST_SPREAD = 0.05
"""A bias that begins at 0 is moved by as much."""
SAID: dict[str, ParameterVerdict] = {
    "right": "right",
    "factor": "wrong",
    "wrong": "wrong",
    "unknown": "not reached",
}


def trials_of(analysis: Analysis, replay: Replay) -> tuple[Trial, ...]:
    """Return the recorded values, and as many fresh ones as there are seeds."""
    fresh = (_fresh(analysis, replay, seed) for seed in SEEDS)
    return (Trial({}, _verdicts(analysis, analysis.gradients)), *filter(None, fresh))


def _fresh(analysis: Analysis, replay: Replay, seed: int) -> Trial | None:
    """Return fresh values; None where every step turns a branch."""
    assert analysis.loss is not None
    for step in STEPS:
        replaced: Replaced = dict(_moved(analysis.parameters, seed, step))
        try:
            value_of = replay.run(replaced)
            if replay.turned(value_of) is None:
                gradients = analysis.loss.reference.gradients(value_of)
                if all(np.all(np.isfinite(gradient)) for gradient in gradients.values()):
                    return Trial(replaced, _verdicts(analysis, gradients))
        except Exception:  # noqa: S112 (the person's own operations may raise on other values)
            continue
    return None


def _moved(
    parameters: tuple[Parameter, ...], seed: int, step: float
) -> Iterator[tuple[int, Callable[[ValueOf], Any]]]:
    random = np.random.default_rng(seed)
    for parameter in parameters:
        value = np.asarray(parameter.old.value)
        spread = max(float(np.std(value)), 0.1 * float(np.max(np.abs(value), initial=0)), SMALLEST_SPREAD)
        moved = (value + step * spread * random.normal(size=value.shape)).astype(value.dtype)
        like = parameter.old.like
        yield parameter.old.id, partial(_given, moved if isinstance(like, np.ndarray) else type(like)(moved))


def _given(value: Any, value_of: ValueOf) -> Any:
    return value


def _verdicts(analysis: Analysis, gradients: Any) -> Callable[[ValueOf], dict[str, ParameterVerdict]]:
    def verdicts(value_of: ValueOf) -> dict[str, ParameterVerdict]:
        judged = analysis.verdicts(value_of, gradients).each
        return {
            parameter.name: SAID[verdict.kind]
            for parameter, verdict in zip(analysis.parameters, judged, strict=True)
        }

    return verdicts


def gradient_nodes(parameter: Parameter) -> list[Node]:
    """Return what the steps of a parameter were computed from."""
    return [delta for update in parameter.updates for _, delta in update.deltas]
