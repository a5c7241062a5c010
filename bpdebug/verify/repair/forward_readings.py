"""Faults of the forward pass: those that evidence speaks for, and those that may be meant instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bpdebug.verify.repair.findings import of_forward
from bpdebug.verify.repair.forward_fault import ForwardFault, other_reading
from bpdebug.verify.repair.found import FaultsFound
from bpdebug.verify.repair.report import Finding

FORWARD_SECONDS = 6.0
"""How long edits of the forward pass are tried."""
BOTH_SECONDS = 2.0
"""How long they are tried where all is right with the backward lines that were found."""


def forward_with_evidence(found: FaultsFound) -> None:
    """Edit the forward line that evidence speaks for; what is wrong then is wrong by itself."""
    fault = found.forward.with_evidence(found.judge.corrected, FORWARD_SECONDS)
    if fault is not None:
        _add_forward(found, fault, ())


def forward_instead(found: FaultsFound) -> None:
    """Edit one forward line, where it takes several of the backward pass, or where nothing mends it.

    Where one backward line has something too much, a forward line may lack it: then both are said.
    """
    others = [finding for finding in found.findings.each if finding.kind != "wrong"]
    backward = [*found.findings.each, *found.doubtful]
    if not backward or others or found.proven or found.recording is not found.first:
        return
    is_mended = len(backward) == 1 and not found.judge.wrong()
    if is_mended and not _is_longer(backward[0]):
        return
    seconds = FORWARD_SECONDS if found.judge.wrong() else BOTH_SECONDS
    fault = found.forward.without_evidence({}, seconds)
    loss = found.judge.analysis.loss
    if (
        fault is not None
        and loss is not None
        and fault.loss.candidate.is_explicit < loss.candidate.is_explicit
    ):
        return  # a loss that the script computes is not given up for one that nobody wrote
    if fault is not None and is_mended:
        said = f"{backward[0].explanation}. {other_reading(fault)}"
        found.findings.each = [backward[0]._replace(explanation=said)]
    elif fault is not None:
        found.findings.each, found.judge.corrected = [], {}
        _add_forward(found, fault, backward)


def _add_forward(found: FaultsFound, fault: ForwardFault, otherwise: Sequence[Finding]) -> None:
    found.judge.trials = found.search.trials = fault.trials
    found.judge.forget()
    found.search.known = found.judge.known
    found.judge.analysis = replace(found.judge.analysis, loss=fault.loss)
    found.judge.corrected = {**found.judge.corrected, **fault.edit.replaced}
    found.add_finding(of_forward(fault, otherwise))


def _is_longer(finding: Finding) -> bool:
    """Whether a line says more than its correction."""
    return finding.correction is not None and len(finding.source.code) > len(finding.correction)
