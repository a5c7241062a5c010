"""Faults that only running the script again shows: how statements stand, what it raises at."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from bpdebug.sources.script import Recording
from bpdebug.verify.repair.findings import of_end, of_rewriting
from bpdebug.verify.repair.found import FaultsFound
from bpdebug.verify.repair.raising import fitting
from bpdebug.verify.repair.replay import forward_of
from bpdebug.verify.repair.report import Finding, corrected, replacements
from bpdebug.verify.repair.reruns import SHARE, Rewriting, mending, run_again, text_of, told_of
from bpdebug.verify.repair.rewritings import Rewritings
from bpdebug.verify.repair.structures.early import early_reads
from bpdebug.verify.repair.structures.structures import structures
from bpdebug.verify.repair.suspects import Suspect, suspects
from bpdebug.verify.repair.trying import Candidate


def rewritten(found: FaultsFound, lines: Sequence[Suspect]) -> bool:
    """Look for a rewriting of the text that only running it again can judge, and go on with that."""
    forward = forward_of(found.judge.analysis)
    rewritings = Rewritings(found.recording, found.judge.replay.run(found.judge.corrected), forward)
    return _run_again(found, rewritings.around(lines)) is not None


def mend_structures(found: FaultsFound) -> None:
    """Look for what is wrong with how statements stand; each is found by running the script again.

    Where another fault hides that it mends anything, what can be nothing but a fault is mended still.
    """
    while found.judge.wrong() and len(found.findings.each) < found.most_faults:
        early = list(early_reads(found.judge.analysis))
        every = {one.rewriting: one for one in structures(found.recording, found.judge.analysis, early)}
        sure = [one.rewriting for one in every.values() if one.is_sure]
        mended = (_run_again(found, every) if every else None) or (
            _run_again(found, sure, needs_more=False) if sure else None
        )
        if mended is None:
            break
        found.findings.each[-1] = found.findings.each[-1]._replace(kind=every[mended].kind)


def _run_again(
    found: FaultsFound, rewritings: Iterable[Rewriting], needs_more: bool = True
) -> Rewriting | None:
    """Go on with the script as it runs with a rewriting that mends something; None where none does."""
    if found.search.is_over:
        return None
    texts = corrected_texts(found.first, found.findings.each)
    began = time.thread_time()
    longest = SHARE * (found.search.deadline - began)
    analysis = found.judge.analysis
    base = run_again(found.recording, texts, longest, told_of(analysis), analysis) if longest > 0 else None
    if base is None or time.thread_time() - began > longest:
        return None
    better = mending(base, _told(found, rewritings), found.search.deadline, needs_more)
    if better is None:
        return None
    rewriting, again = better
    before = {name for name, verdict in found.judge.verdicts().items() if verdict == "right"}
    mended = sorted(again.right - base.right - before)
    found.add_finding(of_rewriting(found.recording, rewriting, mended))
    found.findings.shift(rewriting)
    found.begin_with(again.recording, again.analysis, found.search.deadline)
    return rewriting


def _told(found: FaultsFound, rewritings: Iterable[Rewriting]) -> Iterator[Rewriting]:
    """Say which rewriting is tried."""
    for number, rewriting in enumerate(rewritings, start=found.search.tried + 1):
        found.progress(rewriting.place.line, number)
        yield rewriting


def mend_what_raises(found: FaultsFound) -> None:
    """Where the script raises, look for a line with which it goes on, and its gradients are right."""
    forward = {number for number, phase in enumerate(found.judge.analysis.phases) if phase == "forward"}
    # What nobody has read yet was at hand when it was raised.
    read = {parent.id for node in found.recording.nodes for parent in node.parents()}
    unread = [node for node in found.recording.nodes if node.id not in read | forward]
    lines = suspects(found.recording, unread, [], forward, found.localisation.dependent, forward)
    # What stops in the middle of training is most often a shape: first that of what its name says otherwise.
    off = [line for line in lines if found.search.is_misshapen(line)]
    others = [line for line in lines if line not in off]
    ways = (
        partial(_edits_of, found, off),
        partial(fitting, found.recording),
        partial(_edits_of, found, others),
    )
    if not any((rewritings := way()) and _run_again(found, rewritings) for way in ways):
        found.add_finding(of_end(found.recording))


def _edits_of(found: FaultsFound, lines: Sequence[Suspect]) -> list[Rewriting]:
    """Return the edits of some lines, those first that keep the shape and fit what it is stored under."""
    edits = [
        (_keeps_shape(found, edit), not found.search.fits_its_name(edit, line), edit.cost, place, edit)
        for line in lines
        for place, edit in enumerate(found.search.candidates(line, found.judge.corrected))
    ]
    edits.sort(key=lambda each: each[:4])
    return [Rewriting(*edit.texts, edit.cost) for *_, edit in edits]


def _keeps_shape(found: FaultsFound, edit: Candidate) -> bool:
    recorded = found.judge.replay.recorded
    for number, new in edit.replaced.items():
        try:
            if np.shape(new(recorded)) != np.shape(recorded(found.recording.nodes[number])):
                return False
        except Exception:  # noqa: S112 (what makes sense in one execution need not in another)
            continue
    return True


def leave_out(found: FaultsFound) -> None:
    """Leave out what mended nothing by itself, where all is right without it."""
    for one in [one for one in found.findings.each if not one.also_wrong and one.verified]:
        rest = [other for other in found.findings.each if other is not one]
        if rest and not found.judge.wrong() and _is_right_with(found, rest):
            found.findings.each = rest


def leave_out_doubts(found: FaultsFound) -> None:
    """Leave out what no correction was found for, where the script is right with the others.

    When it runs with them, it may be seen that something is taken as a constant, which a fault had hidden.
    """
    proven = [one for one in found.findings.each if one.verified]
    if proven and len(proven) < len(found.findings.each) and _is_right_with(found, proven):
        found.findings.each = proven


def _is_right_with(found: FaultsFound, findings: Sequence[Finding]) -> bool:
    """Whether the script is right with some of the corrections, when it runs with them."""
    left = found.search.deadline - time.thread_time()
    if left <= 0:
        return False
    texts = corrected_texts(found.first, findings)
    again = run_again(found.first, texts, left, told_of(found.judge.analysis))
    return again is not None and bool(again.right) and not again.wrong


def corrected_texts(recording: Recording, findings: Sequence[Finding]) -> dict[str, str]:
    """Return the texts of the files with the corrections that were found in them."""
    found = list(replacements(findings))
    return {
        file: corrected(text_of(recording, {}, file), (one for one in found if one.source.file == file))
        for file in dict.fromkeys(one.source.file for one in found)
    }
