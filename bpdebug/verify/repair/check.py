"""The check of a person's own code: record it, judge every gradient, and search for corrections."""

from __future__ import annotations

import itertools
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import CallSite, Source
from bpdebug.errors import Interrupted
from bpdebug.sources.script import Instance, Options, Place, Recording, Site, record_script
from bpdebug.sources.script.analysis.analysis import Analysis, analyse
from bpdebug.sources.script.analysis.computed import stem_of, stem_of_gradient
from bpdebug.sources.script.analysis.standard import is_natural, multiple
from bpdebug.sources.script.analysis.told import Told
from bpdebug.sources.script.environment import callable_again
from bpdebug.sources.script.graph import sources
from bpdebug.sources.script.recorder.records import Frame, Node
from bpdebug.verify.repair.early import EarlyRead, early_reads
from bpdebug.verify.repair.formula import Derived, derived_correction, past
from bpdebug.verify.repair.forward import ForwardFault, ForwardSearch, forward_sentence, other_reading
from bpdebug.verify.repair.replay import Replaced, Replay, ValueOf, ancestors
from bpdebug.verify.repair.report import (
    Assumed,
    Elements,
    Finding,
    ParameterVerdict,
    ScriptReport,
    corrected,
)
from bpdebug.verify.repair.reruns import SHARE, Rewriting, mending, run_again, text_of, told_of
from bpdebug.verify.repair.rewritings import Rewritings
from bpdebug.verify.repair.search import Candidate, Correction, Progress, Search, unsaid
from bpdebug.verify.repair.structures import structures
from bpdebug.verify.repair.suspects import Suspect, suspects
from bpdebug.verify.repair.trials import gradient_nodes, named_pieces, trials_of

SECONDS = 20.0
"""How long corrections are searched for."""
RERUN_SHARE = 0.4
"""The share of the time that is kept for running the script again."""
FORWARD_SECONDS = 6.0
FORWARD_SHARE = 0.25
"""How long of that edits of the forward pass are tried, and what share is kept for them."""
BOTH_SECONDS = 4.0
"""How long they are tried where a backward line is found already."""
MOST_FAULTS = 3
TOLERANCE, EXACT = 1e-6, 1e-9


def check_script(
    script: str | os.PathLike[str],
    arguments: Sequence[str] = (),
    options: Options = Options(),  # noqa: B008 (a constant)
    seconds: float = SECONDS,
    *,
    loss: str | int = "",
    gradients: Mapping[str, str] = MappingProxyType({}),
    parameters: Sequence[str] = (),
    progress: Progress = unsaid,
) -> ScriptReport:
    """Check the gradients in a person's own script.

    Parameters
    ----------
    script : str or path
        A Python file or a notebook. It runs, as Python runs it.
    arguments : sequence of str
        Its arguments.
    options : Options
        What of it is recorded.
    seconds : float
        How long corrections are searched for.
    loss : str or int
        What the loss is, in place of what would be found: its name, the line that computes or implies it, or
        a kind: `mse`, `bce`, `ce`, `mae`.
    gradients : mapping
        The name of a tensor -> the name of its gradient.
    parameters : sequence of str
        The only parameters to look at.
    progress : callable
        Is told which line is looked at and how many edits have been tried; it may raise `Interrupted`, which
        ends the search as Ctrl+C does.

    Returns
    -------
    ScriptReport
        A verdict for each parameter, and a finding for each fault.

    Raises
    ------
    ScriptError
        If the script cannot be read, or nothing in it can be checked.
    BpdebugError
        If a loss, a gradient or a parameter is named that is not there.
    """
    told = Told(str(loss), gradients, tuple(parameters))
    return check_recording(record_script(script, arguments, options), seconds, told, progress)


def check_recording(
    recording: Recording,
    seconds: float = SECONDS,
    told: Told = Told(),  # noqa: B008 (a constant)
    progress: Progress = unsaid,
) -> ScriptReport:
    """Check the gradients of a recording; see `check_script`."""
    deadline = time.thread_time() + seconds
    analysis = analyse(recording, told)
    if analysis.loss is None:
        verdicts: dict[str, ParameterVerdict] = {one.name: "not reached" for one in analysis.parameters}
        notes = (*_ended_early(recording), *analysis.notes)
        return ScriptReport(recording.path, verdicts, (), Assumed("", 1.0, {}, notes, told))
    with ExitStack() as stack, np.errstate(all="ignore"):
        report = _Check(recording, analysis, deadline, stack, progress).report()
    return report._replace(assumed=report.assumed._replace(told=told))


class _Check:
    """One check: what is known of the recording, and the faults that were found so far."""

    def __init__(
        self,
        recording: Recording,
        analysis: Analysis,
        deadline: float,
        stack: ExitStack,
        progress: Progress,
    ) -> None:
        self.stack, self.first, self.progress = stack, recording, progress
        self.findings: list[Finding] = []
        self.shifts: list[tuple[str, int, int]] = []
        self._take(recording, analysis, deadline)

    def _take(self, recording: Recording, analysis: Analysis, deadline: float) -> None:
        """Begin with a recording: that of the script, or that of a corrected text of it."""
        self.stack.enter_context(callable_again(recording))
        self.recording, self.analysis = recording, analysis
        targets = [node for parameter in analysis.parameters for node in _chain_nodes(parameter)]
        self.replay = Replay(recording, targets)
        self.trials = trials_of(analysis, self.replay)
        is_known = partial(self.is_gradient, as_shaped=True)
        self.search = Search(recording, self.replay, self.trials, is_known, deadline, self.progress)
        self.dependent = _dependent(recording, analysis)
        self.corrected: Replaced = {}
        self.early: list[EarlyRead] = []
        self.forward = ForwardSearch(recording, analysis, self.search)
        self.__dict__.pop("by_stem", None)

    def report(self) -> ScriptReport:
        """Find the faults one after the other; who stops that is told what was found until then."""
        verdicts = self.verdicts()
        try:
            self._find()
        except (KeyboardInterrupt, Interrupted):
            self.search.is_stopped = True
        # What the forward pass does not read has no gradient to be right or wrong, until it reads it.
        unread = [name for one in self.findings if one.kind == "forward" for name in one.also_wrong]
        return ScriptReport(
            self.recording.path,
            {**verdicts, **dict.fromkeys(unread, "wrong")},
            tuple(self.findings),
            self.assumed(),
            finished=not (self.search.is_over and self.wrong()),
            stopped=self.search.is_stopped,
        )

    def _find(self) -> None:
        self._structures()
        self._early()
        if self.recording.ending.kind == "raised" and self.recording.ending.line:
            self._raised()
        if self.wrong() or self.forward.has_unread_parameters:
            end = self.search.deadline
            self._forward_with_evidence()
            self.search.deadline = end - FORWARD_SHARE * max(0.0, end - time.thread_time())
            self._backward()
            self.search.deadline = end
            self._forward_instead()
        if self.wrong():  # what mended nothing by itself is proven only if all is right in the end
            self.findings = [
                one._replace(verified=one.verified and bool(one.also_wrong)) for one in self.findings
            ]

    def _backward(self) -> None:
        """Correct backward lines until all is right, or nothing mends any more."""
        while self.wrong() and len(self.findings) < MOST_FAULTS and not self.search.is_over:
            lines, end = self.suspects(), self.search.deadline
            self.search.deadline = end - RERUN_SHARE * max(0.0, end - time.thread_time())
            found = self.search.corrections(lines, self.corrected) or self._with_early_reads(lines)
            if not found:
                known = {line.site for line in lines}
                further = [line for line in self.suspects(every=True) if line.site not in known]
                found = self.search.corrections(further, self.corrected)
            self.search.deadline = end
            if found:
                self._add(found[0])
            elif not self._rewritten(lines):
                derived = self._derived(lines)
                if derived is None or derived.passed:
                    self._unmended(lines, derived)
                    break
                self._add_derived(derived)

    def _derived(self, lines: Sequence[Suspect]) -> Derived | None:
        """Where no edit mends a line, return one with the derived formula."""
        if any(finding.kind == "forward" for finding in self.findings):
            return None  # the derived gradients are those of the forward pass as it was
        return derived_correction(self.search, self.analysis, lines, self.corrected)

    def _add_derived(self, derived: Derived) -> None:
        self._add(derived.correction)
        is_given = self.findings[-1].correction is not None
        self.findings[-1] = self.findings[-1]._replace(is_derived=is_given)

    # ---- the script run again

    def _rewritten(self, lines: Sequence[Suspect]) -> bool:
        """Look for a rewriting of the text that only running it again can judge, and go on with that."""
        forward = [number for number, phase in enumerate(self.analysis.phases) if phase == "forward"]
        rewritings = Rewritings(self.recording, self.replay.run(self.corrected), forward)
        return self._run_again(rewritings.around(lines)) is not None

    def _structures(self) -> None:
        """Look for what is wrong with how statements stand; each is found by running the script again.

        Where another fault hides that it mends anything, what can be nothing but a fault is mended still.
        """
        while self.wrong() and len(self.findings) < MOST_FAULTS:
            early = list(early_reads(self.recording, self.analysis.parameters))
            every = {one.rewriting: one for one in structures(self.recording, early)}
            sure = [one.rewriting for one in every.values() if one.is_sure]
            found = (self._run_again(every) if every else None) or (
                self._run_again(sure, needs_more=False) if sure else None
            )
            if found is None:
                break
            self.findings[-1] = self.findings[-1]._replace(kind=every[found].kind)

    def _run_again(self, rewritings: Iterable[Rewriting], needs_more: bool = True) -> Rewriting | None:
        """Go on with the script as it runs with a rewriting that mends something; None where none does."""
        if self.search.is_over:
            return None
        texts = corrected_texts(self.first, self.findings)
        began = time.thread_time()
        longest = SHARE * (self.search.deadline - began)
        told = told_of(self.analysis)
        base = run_again(self.recording, texts, longest, told) if longest > 0 else None
        if base is None or time.thread_time() - began > longest:
            return None
        found = mending(base, self._told(rewritings), self.search.deadline, needs_more)
        if found is None:
            return None
        rewriting, again = found
        before = {name for name, verdict in self.verdicts().items() if verdict == "right"}
        self._add_rewriting(rewriting, tuple(sorted(again.right - base.right - before)))
        more = rewriting.correction.count("\n") - rewriting.code.count("\n")
        self.shifts.append((rewriting.place.file, rewriting.place.end_line + more, more))
        self._take(again.recording, again.analysis, self.search.deadline)
        return rewriting

    def _told(self, rewritings: Iterable[Rewriting]) -> Iterator[Rewriting]:
        """Say which rewriting is tried."""
        for number, rewriting in enumerate(rewritings, start=self.search.tried + 1):
            self.progress(rewriting.place.line, number)
            yield rewriting

    def _raised(self) -> None:
        """Where the script raises, look for a line with which it goes on, and its gradients are right."""
        forward = {number for number, phase in enumerate(self.analysis.phases) if phase == "forward"}
        # What nobody has read yet was at hand when it was raised.
        read = {parent.id for node in self.recording.nodes for parent in node.parents()}
        unread = [node for node in self.recording.nodes if node.id not in read | forward]
        lines = suspects(self.recording, unread, [], forward, self.dependent, forward)
        edits = [edit for line in lines for edit in self.search.candidates(line, self.corrected)]
        # What stops in the middle of training is most often a shape.
        edits.sort(key=lambda edit: (self._keeps_shape(edit), edit.cost))
        rewritings = [Rewriting(*edit[:5]) for edit in edits]
        if not self._run_again(rewritings):
            ending = self.recording.ending
            source = self.recording.source(ending.file)
            code = source.lines[ending.line - 1] if source else ""
            columns = len(code) - len(code.lstrip()), len(code)
            place = Source(ending.file, ending.line, ending.line, columns, code.strip())
            self._found(Finding(place, "raised", code.strip(), "", f"here it ends: {ending.message}"))

    def _keeps_shape(self, edit: Candidate) -> bool:
        recorded = self.replay.recorded
        for number, new in edit.replaced.items():
            try:
                if np.shape(new(recorded)) != np.shape(recorded(self.recording.nodes[number])):
                    return False
            except Exception:  # noqa: S112 (what makes sense in one execution need not in another)
                continue
        return True

    def _found(self, finding: Finding) -> None:
        """Take a finding, with its lines as they are in the person's text, which has no corrections in it."""
        source = finding.source
        for file, last, more in reversed(self.shifts):
            if source.file == file and source.line > last:
                source = source._replace(line=source.line - more, end_line=source.end_line - more)
        whole = {one.name for one in self.analysis.parameters} & {*finding.also_wrong}
        own = {name for one in self.analysis.parameters if one.name in whole for name, _ in named_pieces(one)}
        finding = finding._replace(also_wrong=tuple(one for one in finding.also_wrong if one not in own))
        place = (source.file, source.line, source.columns)
        known = [
            one for one in self.findings if (one.source.file, one.source.line, one.source.columns) == place
        ]
        if known:
            # What is still wrong with a line was not mended by its correction: it is one fault, without any.
            wrong = tuple(dict.fromkeys(name for one in (*known, finding) for name in one.also_wrong))
            self.findings.remove(known[0])
            finding = finding._replace(also_wrong=wrong, correction=None, verified=False)
        self.findings.append(finding._replace(source=source))

    def _add_rewriting(self, rewriting: Rewriting, mended: tuple[str, ...]) -> None:
        place = rewriting.place
        ran = [one for one in self.recording.instances if one.site.place[:2] == place[:2]]
        site = ran[0].site if ran else None
        source = source_of(site, ran[0].frame, self._turns(site, ran[0]), place) if site else None
        columns = self.recording.source(place.file)
        assert columns is not None
        plain = Source(place.file, place.line, place.end_line, columns.columns(place), rewriting.code, (), ())
        self._found(
            Finding(
                source or plain,
                "wrong",
                (_stored(site) if site else "") or rewriting.code,
                "",
                rewriting.explanation,
                rewriting.correction,
                True,
                also_wrong=mended,
            )
        )

    # ---- the forward pass

    def _forward_with_evidence(self) -> None:
        """Edit the forward line that evidence speaks for; what is wrong then is wrong by itself."""
        fault = self.forward.with_evidence(self.corrected, FORWARD_SECONDS)
        if fault is not None:
            self._add_forward(fault, ())

    def _forward_instead(self) -> None:
        """Edit one forward line, where it takes several of the backward pass, or where nothing mends it.

        Where one backward line has something too much, a forward line may lack it: then both are said.
        """
        backward = [finding for finding in self.findings if finding.kind == "wrong"]
        if not backward or len(backward) < len(self.findings) or self.recording is not self.first:
            return
        is_mended = len(backward) == 1 and not self.wrong()
        if is_mended and not _is_longer(backward[0]):
            return
        fault = self.forward.without_evidence({}, BOTH_SECONDS if is_mended else FORWARD_SECONDS)
        if fault is not None and is_mended:
            said = f"{backward[0].explanation}. {other_reading(fault)}"
            self.findings = [backward[0]._replace(explanation=said)]
        elif fault is not None:
            self.findings, self.corrected = [], {}
            self._add_forward(fault, backward)

    def _add_forward(self, fault: ForwardFault, otherwise: Sequence[Finding]) -> None:
        self.trials = self.search.trials = fault.trials
        self.analysis = replace(self.analysis, loss=fault.loss)
        self.corrected = {**self.corrected, **fault.edit.replaced}
        site, first = fault.line.site, fault.line.first
        source = source_of(site, first.frame, self._turns(site, first), fault.edit.place)
        self._found(
            Finding(
                source,
                "forward",
                _stored(site) or site.code,
                "",
                forward_sentence(fault, otherwise),
                fault.edit.correction,
                True,
                also_wrong=fault.mended,
            )
        )

    def verdicts(self) -> dict[str, ParameterVerdict]:
        """Judge every parameter: wrong if it is on any of the values."""
        judged: dict[str, ParameterVerdict] = {}
        for said in self._judged():
            for parameter in self.analysis.parameters:
                name, verdict = parameter.name, said[parameter.name]
                judged[name] = "wrong" if "wrong" in (verdict, judged.get(name)) else verdict
        return judged

    def wrong(self) -> set[str]:
        """Return the parameters that are wrong still, with the corrections that were found."""
        return {name for said in self._judged() for name, verdict in said.items() if verdict == "wrong"}

    def _judged(self) -> Iterator[Any]:
        for trial in self.trials:
            yield trial.verdicts(self.replay.run({**trial.replaced, **self.corrected}), self.corrected)

    # ---- lines

    def suspects(self, every: bool = False) -> list[Suspect]:
        """Return the lines that can be at fault, the likelier first.

        Unless every line is asked for, what a right gradient was computed from is innocent, and what depends
        on no parameter is no gradient. Both can be otherwise: two wrong signs make a right one.
        """
        wrong = self.wrong()
        judged = self.analysis.verdicts(self.replay.run(self.corrected))
        parameters = self.analysis.parameters
        right = [
            verdict.gradient
            for parameter, verdict in zip(parameters, judged.each, strict=True)
            if parameter.name not in wrong and not verdict.is_zero and verdict.gradient is not None
            if not every
        ]
        right += [
            piece.chain[0].node
            for parameter in parameters
            for name, piece in named_pieces(parameter)
            if name in self.trials[0].proving - wrong and piece.chain and not every
        ]
        steps = [
            node
            for parameter in parameters
            if parameter.name in wrong
            for node in gradient_nodes(parameter, wrong)
        ]
        # Not those alone that compute the same: `sigmoid(z)` in a derivative is no line of the forward pass.
        roots = self.analysis.loss.candidate.roots if self.analysis.loss is not None else ()
        forward = ancestors(roots)
        value_of = self.replay.run(self.corrected)
        explained = {
            number
            for number in ancestors(steps) - forward
            if self.is_explained(self.recording.nodes[number], value_of)
        }
        dependent = set(range(len(self.recording.nodes))) if every else self.dependent
        found = suspects(self.recording, steps, right, forward, dependent, explained)
        if len(self.trials) == 1:
            return found
        # What is the same for other parameters is no gradient yet: zeros, which are to be filled.
        moved = self.replay.run({**self.trials[1].replaced, **self.corrected})
        return sorted(
            found, key=lambda line: not _difference(line.first.node or line.first.result, value_of, moved)
        )

    def is_explained(self, node: Node, value_of: ValueOf) -> bool:
        """Whether a tensor is the right gradient of something: of what it is named after, if known."""
        stems = {stem_of_gradient(name.rpartition(" ·")[0] or name) for name in node.names}
        named = [self.by_stem[stem] for stem in stems if stem in self.by_stem]
        return self.is_gradient(value_of(node), *named)

    @cached_property
    def by_stem(self) -> Mapping[str, tuple[Any, ...]]:
        """The reference gradients by what the tensors are called last: `W1` for `self.W1`."""
        found: dict[str, tuple[Any, ...]] = defaultdict(tuple)
        if self.analysis.loss is not None:
            for number, name in self.analysis.loss.reference.forward.names.items():
                if number in self.analysis.gradients:
                    found[stem_of(name.partition(" ·")[0])] += (self.analysis.gradients[number],)
        return found

    def is_gradient(self, value: Any, *named: Sequence[Any], as_shaped: bool = False) -> bool:
        """Whether a value is the right gradient of something, but for a factor that people write.

        Only of what is named, if anything is; in its very shape, or also transposed or without an axis.
        """
        if any(finding.kind == "forward" for finding in self.findings):
            return False  # the derived gradients are those of the forward pass as it was
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            return False
        if not array.any():
            return False
        references = itertools.chain(*named) if named else self.analysis.gradients.values()
        if array.size == 1:  # it is a multiple of anything, so it must be the same
            common = (self.analysis.loss.verdicts.ratio if self.analysis.loss else None) or 1.0
            single = [common * float(np.ravel(one)[0]) for one in references if np.size(one) == 1]
            return any(abs(float(array.ravel()[0]) - one) <= EXACT * abs(one) for one in single)
        for reference in references:
            if np.size(reference) == array.size and not (as_shaped and np.shape(reference) != array.shape):
                for laid in (array, array.T) if array.ndim == 2 else (array,):
                    ratio = multiple(laid, np.asarray(reference, dtype=float), TOLERANCE)
                    if ratio is not None and is_natural(ratio, TOLERANCE):
                        return True
        return False

    # ---- findings

    def _early(self) -> None:
        """Look for parameters that are updated before they are read for the last time."""
        before = len(self.wrong())
        for early in early_reads(self.recording, self.analysis.parameters) if before else ():
            kept, self.corrected = self.corrected, {**self.corrected, **early.replaced}
            try:
                left = len(self.wrong())
            except Exception:  # the old value may not do where the new one did
                left = before
            if left < before:
                before = left
                self._add_early(early, self._mended_by(kept, self.corrected))
            else:
                self.corrected = kept
                self.early.append(early)

    def _with_early_reads(self, lines: Sequence[Suspect]) -> list[Correction]:
        """Look for a correction that only shows once the parameters are updated later as well."""
        for early in self.early:
            found = self.search.corrections(lines, {**self.corrected, **early.replaced})
            if found:
                self.corrected = {**self.corrected, **early.replaced}
                self.early.remove(early)
                self._add_early(early, set(found[0].mended))
                return found
        return []

    def _add_early(self, early: EarlyRead, mended: set[str]) -> None:
        reader = next((node for node in early.readers if node.site is not None), None)
        if reader is None or reader.site is None:
            return
        name, line = early.parameter.name, early.parameter.line
        self._found(
            Finding(
                source_of(reader.site, reader.frame, self._turns(reader.site, reader)),
                "early update",
                _stored(reader.site) or name,
                "",
                f"`{name}` is read here after line {line} has updated it: the update belongs after this",
                also_wrong=tuple(sorted(mended)),
            )
        )

    def _mended_by(self, before: Replaced, after: Replaced) -> set[str]:
        old = self.trials[0].verdicts(self.replay.run(before), before)
        new = self.trials[0].verdicts(self.replay.run(after), after)
        return {name for name, verdict in new.items() if verdict == "right" and old[name] != "right"}

    def _add(self, correction: Correction) -> None:
        before = self.replay.run(self.corrected)
        self.corrected = {**self.corrected, **correction.replaced}
        after = self.replay.run(self.corrected)
        # Of several executions that one is shown in which the correction makes the largest difference.
        involved = correction.suspect.involved
        first = max(involved, key=lambda one: _difference(_changed(one, before, after), before, after))
        node = _changed(first, before, after)
        site = correction.suspect.site
        source = source_of(site, first.frame, self._turns(site, first), correction.place)
        self._found(
            Finding(
                source._replace(code=correction.code),
                "forward" if node and self.analysis.phases[node.id] == "forward" else "wrong",
                _stored(site) or (first.names[0] if first.names else site.code),
                self._gradient_of(after(node)) if node else "",
                correction.explanation,
                correction.correction,
                True,
                _worst(before(node), after(node)) if node else None,
                correction.mended,
            )
        )

    def _unmended(self, lines: Sequence[Suspect], derived: Derived | None) -> None:
        """Say where it goes wrong, where nothing mends it, and at which line a formula goes past it."""
        if not lines:
            return
        suspect = lines[0]
        first, site = suspect.first, suspect.site
        self._found(
            Finding(
                source_of(site, first.frame, self._turns(site, first)),
                "wrong",
                _stored(site) or site.code,
                "",
                "the gradients are right until here, and what this gives is not the gradient of anything"
                + (past(derived) if derived is not None else ""),
                also_wrong=tuple(sorted(self.wrong())),
            )
        )

    def _gradient_of(self, value: Any) -> str:
        """Return the tensor that a value is the gradient of, as the person named it."""
        loss = self.analysis.loss
        assert loss is not None
        for number, reference in self.analysis.gradients.items():
            has_shape = np.shape(reference) == np.shape(value) and np.size(value) > 1
            if has_shape and multiple(value, reference, TOLERANCE) is not None:
                return loss.reference.forward.names.get(number, "")
        return ""

    def _turns(self, site: Site, ran: Node | Instance) -> tuple[int, ...]:
        return tuple(ran.turns.get(loop, 0) + 1 for loop in site.loops)

    def assumed(self) -> Assumed:
        """Say what was found without being told."""
        loss = self.analysis.loss
        assert loss is not None
        gradients = {
            parameter.name: (verdict.gradient.names or ("its step",))[0]
            for parameter, verdict in zip(self.analysis.parameters, loss.verdicts.each, strict=True)
            if verdict.gradient is not None
        }
        ratio = loss.verdicts.ratio
        notes = [*_ended_early(self.recording)]
        notes += [f"another loss explains as much: {other.text}" for other in self.analysis.equals]
        if ratio is not None and abs(ratio - 1) > TOLERANCE:
            notes.append(f"all gradients are {ratio:.6g} times those of this loss: a convention")
        return Assumed(loss.text, 1.0 if ratio is None else ratio, gradients, (*notes, *self.analysis.notes))


def corrected_texts(recording: Recording, findings: Sequence[Finding]) -> dict[str, str]:
    """Return the texts of the files with the corrections that were found in them."""
    found = [one for one in findings if one.verified and one.correction is not None]
    return {
        file: corrected(text_of(recording, {}, file), [one for one in found if one.source.file == file])
        for file in dict.fromkeys(one.source.file for one in found)
    }


def _is_longer(finding: Finding) -> bool:
    """Whether a line says more than its correction."""
    return finding.correction is not None and len(finding.source.code) > len(finding.correction)


def _ended_early(recording: Recording) -> Iterator[str]:
    """Say that the script did not come to the end of an iteration, where it did not."""
    if recording.ended_early:
        yield recording.ended_early


def _dependent(recording: Recording, analysis: Analysis) -> set[int]:
    """Return the numbers of the nodes that are computed from a parameter."""
    parameters = {parameter.old.id for parameter in analysis.parameters}
    found = set(parameters)
    for node in recording.nodes:
        if any(parent.id in found for parent in sources(node)):
            found.add(node.id)
    return found - parameters


def source_of(site: Site, frame: Frame, turns: tuple[int, ...], place: Place | None = None) -> Source:
    """Return where something stands, and under what it ran."""
    place = place or site.place
    columns = site.source.columns(place) if site.source else (place.column, place.end_column)
    code = site.source.code(place) if site.source else ""
    return Source(place.file, place.line, place.end_line, columns, code, _calls(frame), turns)


def _calls(frame: Frame | None) -> tuple[CallSite, ...]:
    if frame is None or frame.site is None:
        return ()
    own = CallSite(frame.number, frame.site.function, *frame.caller)
    return (*_calls(frame.parent), own)


def _stored(site: Site) -> str:
    return site.targets[0].text if site.targets else ""


def _chain_nodes(parameter: Any) -> list[Node]:
    chain = [link.node for piece in parameter.pieces for link in piece.chain]
    return [*chain, *([parameter.new] if parameter.new is not None else [])]


def _changed(instance: Instance, before: ValueOf, after: ValueOf) -> Node | None:
    """Return what an edit changes: the value of a statement, or only what is stored, as with a sign."""
    nodes = [node for node in (instance.node, instance.result) if node is not None]
    return next((node for node in nodes if _difference(node, before, after)), nodes[0] if nodes else None)


def _difference(node: Node | None, before: ValueOf, after: ValueOf) -> float:
    """Return by how much a value differs at most."""
    if node is None:
        return 0.0
    worst = _worst(before(node), after(node))
    return 0.0 if worst is None else abs(worst.mine - worst.reference)


def _worst(mine: Any, reference: Any) -> Elements | None:
    """Return the element that differs most."""
    mine, reference = np.asarray(mine, dtype=float), np.asarray(reference, dtype=float)
    if mine.shape != reference.shape or not mine.size:
        return None
    place = np.unravel_index(int(np.argmax(np.abs(mine - reference))), mine.shape)
    index = tuple(int(i) for i in place)
    return Elements(index, float(mine[place]), float(reference[place]))
