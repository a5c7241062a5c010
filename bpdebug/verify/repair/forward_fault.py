"""A fault of the forward pass as it is said: the line, what should stand there, and the other reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bpdebug.sources.script.analysis.explanation import Explanation
from bpdebug.verify.repair.evidence import Evidence
from bpdebug.verify.repair.report import Finding
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trying import Candidate, Trial


class ForwardFault(NamedTuple):
    """An edit of a forward line for which the backward pass is right.

    Attributes
    ----------
    line : Suspect
        The line.
    edit : Candidate
        What should stand there.
    trials : tuple of Trial
        The trials, with the edit in them and the gradients that it has.
    loss : Explanation
        The loss that is meant then.
    mended : tuple of str
        The parameters whose gradients are right with it, and were not.
    evidence : Evidence or None
        What speaks for it, beyond that.
    """

    line: Suspect
    edit: Candidate
    trials: tuple[Trial, ...]
    loss: Explanation
    mended: tuple[str, ...]
    evidence: Evidence | None


def forward_sentence(fault: ForwardFault, otherwise: Sequence[Finding]) -> str:
    """Say what is wrong with a forward line, and what else may be meant.

    Parameters
    ----------
    fault : ForwardFault
        The line, and its edit.
    otherwise : sequence of Finding
        The backward lines that would have to be others if the forward line is right.
    """
    evidence = f"{fault.evidence.text}: " if fault.evidence else ""
    said = f"{evidence}{fault.edit.explanation}; the backward pass is right for that"
    lines = sorted({finding.source.line for finding in otherwise})
    if not lines:
        return said
    listed = ", ".join(map(str, lines[:-1])) + (" and " if lines[1:] else "") + str(lines[-1])
    which = f"lines {listed} do" if lines[1:] else f"line {listed} does"
    return f"{said}. Or this is meant, and {which} not fit it"


def other_reading(fault: ForwardFault) -> str:
    """Say of a forward line that it may be at fault, instead of a backward line."""
    code, correction = (" ".join(text.split()) for text in (fault.edit.code, fault.edit.correction))
    line = f"line {fault.line.site.line} of the forward pass"
    return f"Or this is meant, and {line} should be `{correction}`, not `{code}`"
