"""A fault of the forward pass that the backward pass does not share: one forward line edited, all is right.

The derived gradients follow the forward pass, faults and all. Where a gate, an axis or an activation is wrong
there, the backward pass of the person, right for what was meant, contradicts it on several lines. So one edit
of a forward line is tried, in the same ways as for a backward line, and the gradients of what that gives
(`differences`) are held against the person's. Both readings are said: which of the two is meant, nobody can
know from the code. `evidence` can: then it comes before any edit of the backward pass.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np

from bpdebug.sources.script import Instance, Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.errors import Dependence, Error, errors_of
from bpdebug.sources.script.analysis.readings import multiple
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.differences import AGREED, Differences, Directions
from bpdebug.verify.repair.evidence import Evidence, evidence_of, unread_parameters
from bpdebug.verify.repair.forward_fault import ForwardFault
from bpdebug.verify.repair.replay import Replaced, Replay, ancestors
from bpdebug.verify.repair.report import ParameterVerdict
from bpdebug.verify.repair.rules import forward as rules
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trials import named_pieces, said_of, with_steps
from bpdebug.verify.repair.trying import Candidate, Trial

NEARER = 0.3
"""How much likelier an edit is at the very line that evidence points to."""
Around = tuple[str, str, tuple[int, ...]]
MOST_LOSSES = 4
"""So many of the losses that were tried may be meant once the forward pass is another."""


class ForwardSearch:
    """Tries edits of forward lines.

    Parameters
    ----------
    recording : Recording
        What ran.
    analysis : Analysis
        What it is a training of.
    search : Search
        Edits lines, and computes everything again.
    """

    def __init__(self, recording: Recording, analysis: Analysis, search: Search) -> None:
        assert analysis.loss is not None
        self.recording, self.analysis, self.search = recording, analysis, search
        self.trials = tuple(search.trials)
        self.losses = (analysis.loss, *analysis.alternatives)[:MOST_LOSSES]
        last = max(root.id for loss in self.losses for root in loss.candidate.roots)
        # Not only what the loss was computed from: an edit may read what nothing has read.
        replay = Replay(recording, recording.nodes[: last + 1], is_partial=True)
        self.differences = Differences(replay, analysis.parameters, self.losses)

    @cached_property
    def evidence(self) -> list[Evidence]:
        """What speaks for a fault of the forward pass."""
        return list(evidence_of(self.recording, self.analysis, self.errors))

    @property
    def has_unread_parameters(self) -> bool:
        """Whether something is trained that the loss does not depend on."""
        return any(True for _ in unread_parameters(self.analysis))

    @cached_property
    def errors(self) -> list[Error]:
        """Where the backward pass begins: the outputs, beside their targets."""
        known = Dependence(self.analysis.graph, self.analysis.parameters)
        implied = [error for loss in self.losses for error in loss.candidate.errors]
        return [*implied, *(error for group in errors_of(known) for error in group)]

    def with_evidence(self, before: Replaced, seconds: float) -> ForwardFault | None:
        """Find an edit that mends something, spoils nothing, and that evidence speaks for."""
        return self._first(before, seconds, self.evidence) if self.evidence else None

    def without_evidence(self, before: Replaced, seconds: float) -> ForwardFault | None:
        """Find an edit with which all gradients are right."""
        return self._first(before, seconds, ())

    def _for(self, line: Suspect, edit: Candidate) -> Evidence | None:
        return next((one for one in self.evidence if one.favours(line.site, edit.correction)), None)

    # ---- lines and edits

    @cached_property
    def lines(self) -> list[Suspect]:
        """The lines that the outputs were computed by, in the functions and loops of the forward pass."""
        graph, phases = self.analysis.graph, self.analysis.phases
        outputs = [error.output for error in self.errors]
        losses = [root for loss in self.losses for root in loss.candidate.roots]
        # What a cache keeps for the backward pass is the same tensor, but nothing was computed from it.
        behind = ancestors(outputs) if outputs else ancestors(losses) - {one.id for one in losses}
        depends = graph.reached([one.old for one in self.analysis.parameters])
        parameters = {one.old.id for one in self.analysis.parameters}
        found: dict[int, list[Instance]] = {}
        around: dict[Around, int] = {}
        for instance in self.recording.instances:
            nodes = [node for node in (instance.node, instance.result) if node is not None]
            numbers = {graph.of(node).id for node in nodes} - parameters
            if any(np.asarray(node.like).dtype.kind == "b" for node in nodes):
                continue  # a condition: to edit it is to choose other elements
            if numbers and any(node.id in behind and phases[node.id] == "forward" for node in nodes):
                found.setdefault(instance.site.number, []).append(instance)
                if any(depends[number] for number in numbers):
                    around.setdefault(_around(instance), instance.time)
        own = (each for each in found.values() if _is_among(each[0], around))
        return [Suspect(each[0].site, tuple(each), tuple(each), is_explained=False) for each in own]

    def _edits(self, before: Replaced, evidence: Sequence[Evidence]) -> Iterator[tuple[Suspect, Candidate]]:
        """Yield the edits of all lines that evidence may speak for, the likelier first."""
        unread = [name for one in evidence for name in one.names]

        def of_line(line: Suspect) -> Iterator[tuple[float, Suspect, Candidate]]:
            nearer = NEARER * any(one.site is line.site for one in evidence)
            for edit in self.search.candidates(line, before, rules.RULES, unread):
                yield edit.cost - nearer, line, edit

        lines = [
            line for line in self.lines if not evidence or any(one.may_favour(line.site) for one in evidence)
        ]
        for _, line, edit in heapq.merge(*map(of_line, lines), key=itemgetter(0)):
            if not evidence or self._for(line, edit) is not None:
                yield line, edit

    # ---- trying

    def _first(self, before: Replaced, seconds: float, evidence: Sequence[Evidence]) -> ForwardFault | None:
        deadline = min(time.thread_time() + seconds, self.search.deadline)
        base = _Base([self.search.judged(trial, before) for trial in self.trials])
        best: ForwardFault | None = None
        for line, edit in self._edits(before, evidence):
            if time.thread_time() > deadline:
                break
            if not self._keeps_rank(line, edit):
                continue
            try:
                found = self._tried(line, edit, before, base, not evidence)
            except Exception:  # noqa: S112 (an edit may raise anything: then it is none)
                continue
            if found is not None and base.wrong <= set(found.mended):
                return found
            if found is not None and (best is None or len(found.mended) > len(best.mended)):
                best = found
        return best

    def _keeps_rank(self, line: Suspect, edit: Candidate) -> bool:
        recorded = self.search.replay.recorded
        node = (
            line.first.node if line.first.node and line.first.node.id in edit.replaced else line.first.result
        )
        assert node is not None
        try:
            return np.ndim(edit.replaced[node.id](recorded)) == np.ndim(recorded(node))
        except Exception:
            return False

    def _tried(
        self, line: Suspect, edit: Candidate, before: Replaced, base: _Base, needs_all: bool
    ) -> ForwardFault | None:
        place: int | None = None
        trials: list[Trial] = []
        mended: set[str] | None = None
        for trial in self.trials:
            replaced = {**trial.replaced, **before, **edit.replaced}
            value_of = self.search.replay.run(replaced)
            if any(np.shape(value_of(error.output)) != error.output.shape for error in self.errors):
                return None
            if self._is_idle(value_of, self.search.replay.run({**trial.replaced, **before})):
                return None
            if not trials and not self._may_mend(base, replaced, value_of, needs_all):
                return None
            each = self.differences.gradients(replaced)
            if place is None:
                place = max(range(len(each)), key=lambda one: self._right(one, each[one], value_of, replaced))
            new = self._trial(place, {**trial.replaced, **edit.replaced}, each[place])
            said = new.verdicts(value_of, replaced)
            right = {name for name, verdict in said.items() if verdict == "right"}
            newly = {name for name in right & new.proving if name not in base.right}
            mended = newly if mended is None else mended & newly
            if not mended or not base.right <= right or (needs_all and not base.wrong <= right):
                return None
            trials.append(new)
        assert place is not None
        found = self._for(line, edit)
        if found is not None and not found.is_met(self.search.replay.run({**before, **edit.replaced})):
            return None
        return ForwardFault(line, edit, tuple(trials), self.losses[place], tuple(sorted(mended or ())), found)

    def _is_idle(self, after: ValueOf, before: ValueOf) -> bool:
        """Whether an edit changes neither an output nor the loss: then it can mend nothing."""
        assert self.analysis.loss is not None
        ends = [*(error.output for error in self.errors), *self.analysis.loss.candidate.roots]
        return all(np.allclose(after(end), before(end), 1e-12, 0, equal_nan=True) for end in ends)

    def _may_mend(self, base: _Base, replaced: Replaced, value_of: ValueOf, needs_all: bool) -> bool:
        """Whether the slopes of a wrong parameter are what is written; where not all need be, of any."""
        directions = [one for one in self.differences.directions if one.parameter.name in base.wrong]
        directions = directions or [
            one for one in self.differences.directions if one.parameter.name not in base.right
        ]
        directions.sort(key=lambda one: (one.is_whole, -np.size(one.parameter.old.like)))
        tried = directions[:1] if needs_all else directions
        return any(self._is_mended(one, replaced, value_of) for one in tried)

    def _is_mended(self, own: Directions, replaced: Replaced, value_of: ValueOf) -> bool:
        if any(piece.index is not None for piece in own.parameter.pieces):
            return True  # judged with all others
        slopes = np.array([*self.differences.slopes(own, replaced)])
        values = self.differences.values(value_of)
        links = [link for piece in own.parameter.pieces for link in piece.chain]
        for place in range(len(self.losses)):
            slope = own.laid(slopes[:, place])
            if any(multiple(values(link.node), slope, 10 * AGREED) is not None for link in links):
                return True
        return False

    def _right(self, place: int, gradients: Mapping[int, Any], value_of: ValueOf, replaced: Replaced) -> int:
        said = self._trial(place, {}, gradients).verdicts(value_of, replaced)
        return sum(verdict == "right" for verdict in said.values())

    def _trial(self, place: int, replaced: Replaced, gradients: Mapping[int, Any]) -> Trial:
        standard, parameters = self.differences.standards[place], self.analysis.parameters

        def verdicts(value_of: ValueOf, edited: Replaced) -> dict[str, ParameterVerdict]:
            values = self.differences.values(with_steps(self.analysis, value_of, edited))
            each = standard.verdicts(values, gradients).each
            return said_of(parameters, each)

        proving = {one.name for one in parameters if np.any(gradients[one.old.id])}
        proving |= {name for one in parameters if one.name in proving for name, _ in named_pieces(one)}
        return Trial(replaced, verdicts, frozenset(proving))


class _Base:
    """What was said before any forward line was edited."""

    def __init__(self, said: Sequence[Mapping[str, ParameterVerdict]]) -> None:
        self.wrong = {name for one in said for name, verdict in one.items() if verdict == "wrong"}
        self.right = {name for name in said[0] if all(one[name] == "right" for one in said)}


def _around(instance: Instance) -> Around:
    """Return the file, the function and the loops that a line stands in."""
    site = instance.site
    return site.place.file, site.function, site.loops


def _is_among(instance: Instance, around: Mapping[Around, int]) -> bool:
    """Whether a line stands where parameters are read; at the top of a file, not before that."""
    began = around.get(_around(instance))
    return began is not None and (bool(instance.site.function) or instance.time >= began)
