"""Functions whose backward is not meant to be the derivative: all else is judged as if they handed it on.

What such a call hands on is replaced by the derived gradients of its inputs, in every run of the recording.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from bpdebug.sources.script import Node, Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.functions import FunctionAnalysis, analysis_of, calls_of, cut_out
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.reference import Reference
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.replay import Replaced, Replay


class ScriptJudge(Judge):
    """Lets functions that are meant otherwise hand the derivative on, so that all else is judged."""

    def __init__(self, recording: Recording, analysis: Analysis, intended: Sequence[str]) -> None:
        self.intended = intended
        super().__init__(recording, analysis)

    def replay_of(self, targets: Sequence[Node]) -> Replay:
        """Return what computes the recording again."""
        return Replay(self.recording, targets, given=derived_of(self.recording, self.intended))


def derived_of(recording: Recording, names: Collection[str]) -> Replaced:
    """Return what lets the calls of some functions hand the derived gradients on."""
    found: dict[int, Any] = {}
    for call in calls_of(recording) if names else ():
        if call.name in names:
            with cut_out(call):
                one = analysis_of(call.library)(recording, call)
            found.update(_as_derived(one) if one is not None else ())
    return found


def _as_derived(one: FunctionAnalysis) -> Iterator[tuple[int, Callable[[ValueOf], Any]]]:
    """Yield what lets a call hand the derived gradients on, whatever its own backward gives."""
    call, seen, loss = one.call, set[int](), one.analysis.loss
    incoming = {node.id for node in call.incoming if node is not None}
    judged = zip(one.analysis.parameters, one.analysis.verdicts_of_record, strict=True)
    known = {parameter.old.id for parameter, verdict in judged if verdict.kind != "unknown"}
    for node, gradient in zip(call.inputs, call.gradients, strict=False):
        if node is None or gradient is None or gradient.id in incoming or loss is None:
            continue
        number = one.analysis.graph.of(node.origin).id
        if number in known:
            yield gradient.id, partial(_derived, one, loss.reference, number, gradient, number not in seen)
        seen.add(number)


def _derived(
    one: FunctionAnalysis,
    reference: Reference,
    number: int,
    gradient: Node,
    is_first: bool,
    value_of: ValueOf,
) -> Any:
    """Return a derived gradient, spread over a shape that autograd sums up; of one tensor once."""

    def given(node: Node) -> Any:
        return value_of(one.incoming.get(node.id, node))

    like = np.asarray(gradient.like)
    found = np.asarray(reference.gradients(given).get(number, 0.0)) if is_first else np.asarray(0.0)
    return np.broadcast_to(found * (found.size / max(like.size, 1)), like.shape).astype(like.dtype)
