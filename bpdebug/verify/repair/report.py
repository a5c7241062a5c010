"""What a check of a person's own code found, as plain data: lines, corrections, and what was assumed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from bpdebug.engine.language.nodes import Source
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.sources.script.analysis.told import Told

Kind = Literal["wrong", "missing", "early update", "overwritten", "forward", "raised"]
"""What kind of fault a line has.

wrong : its expression gives a wrong gradient.
missing : something is not done that should be: a gradient never added up, a state never handed on.
early update : it reads a parameter that has already been updated.
overwritten : it reads what was overwritten in place after it was computed.
raised : the script ends here, by an exception.
forward : the forward pass differs from what the backward pass is written for.
"""
ParameterVerdict = Literal["right", "wrong", "convention", "not reached"]
"""What is said of the gradient of a parameter.

right : it is the derived one, but for the factor that all share.
wrong : it is not.
convention : it differs by a constant that another place makes up for.
not reached : the recording has no gradient of it, or ended before there was one.
"""


class Elements(NamedTuple):
    """The element that differs most: where it is, the person's value, and the right one."""

    place: Index
    mine: float
    reference: float


class Amendment(NamedTuple):
    """What should stand in a place, which holds the code that stands there."""

    source: Source
    correction: str


class Finding(NamedTuple):
    """One fault.

    Attributes
    ----------
    source : Source
        The expression that is wrong, with its place; `turns` are those of the first execution that is wrong.
    kind : Kind
        What kind of fault it is.
    tensor : str
        What the line computes, as the person wrote it.
    gradient_of : str
        The tensor that this is the gradient of, as the person wrote it; empty where that is not known.
    explanation : str
        One sentence: what was done, and why it is wrong.
    correction : str, optional
        What should stand in the place of `source.code`.
    verified : bool
        Whether with the correction all gradients that it concerns are right, here and on fresh values.
    elements : Elements, optional
        The element that differs most.
    also_wrong : tuple of str
        The parameters whose gradients are wrong because of it.
    is_derived : bool
        Whether the correction is no edit of the line, but the formula that the derivation has.
    instead : Amendment, optional
        Where nothing mends the line itself: a later line with the derived formula, which does without what is
        wrong. All gradients that the fault concerns are right with it, here and on fresh values.
    """

    source: Source
    kind: Kind
    tensor: str
    gradient_of: str
    explanation: str
    correction: str | None = None
    verified: bool = False
    elements: Elements | None = None
    also_wrong: tuple[str, ...] = ()
    is_derived: bool = False
    instead: Amendment | None = None


class Assumed(NamedTuple):
    """What the check rests on: found in the code, or told.

    Attributes
    ----------
    loss : str
        The loss in words, and how it was found; empty where none was.
    factor : float
        The number by which all hand-written gradients are as large as the derived ones.
    gradients : mapping
        Parameter -> its hand-written gradient, as the person wrote both.
    notes : tuple of str
        Whatever else is to be said of it, a sentence each: another loss that explains as much, a sign.
    told : Told
        What was not found but told.
    """

    loss: str
    factor: float
    gradients: Mapping[str, str]
    notes: tuple[str, ...] = ()
    told: Told = Told()


class ScriptReport(NamedTuple):
    """The outcome of a check of a person's own code.

    Attributes
    ----------
    file : str
        The script, as the user named it.
    verdicts : mapping
        Parameter -> what is said of its gradient.
    findings : tuple of Finding
        A finding for each fault, the surest first.
    assumed : Assumed
        What was taken for granted.
    finished : bool
        Whether the search for corrections came to its end within its time.
    stopped : bool
        Whether someone has stopped it.
    """

    file: str
    verdicts: Mapping[str, ParameterVerdict]
    findings: tuple[Finding, ...]
    assumed: Assumed
    finished: bool = True
    stopped: bool = False

    @property
    def is_judged(self) -> bool:
        """Whether anything could be said of any gradient."""
        return any(verdict != "not reached" for verdict in self.verdicts.values())

    @property
    def passed(self) -> bool:
        """Whether gradients were judged, and nothing is wrong."""
        return self.is_judged and not self.findings and "wrong" not in self.verdicts.values()


def replacements(findings: Sequence[Finding]) -> Iterator[Amendment]:
    """Yield what verified corrections put in the place of what."""
    for finding in findings:
        if finding.verified and finding.correction is not None:
            yield Amendment(finding.source, finding.correction)
        if finding.instead is not None:
            yield finding.instead


def corrected(text: str, replaced: Iterable[Amendment]) -> str:
    """Return the text of a file with corrections in it.

    Parameters
    ----------
    text : str
        The file.
    replaced : iterable of Amendment
        What should stand in it.
    """
    lines = lines_of(text)
    each = list(replaced)
    each = [one for one in each if not any(_is_within(one.source, other.source) for other in each)]
    # From the end to the beginning: what has been replaced moves nothing that is still to be replaced.
    for source, correction in sorted(
        each, key=lambda one: (one.source.line, one.source.columns), reverse=True
    ):
        first, last, (begin, end) = source.line - 1, source.end_line - 1, source.columns
        lines[first : last + 1] = lines_of(f"{lines[first][:begin]}{correction}{lines[last][end:]}")
    return "".join(lines)


def _is_within(source: Source, other: Source) -> bool:
    """Whether a place lies among lines that are replaced as a whole, its correction with them."""
    return source.file == other.file and other.line < source.line <= other.end_line


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their ends; a form feed or a Unicode separator ends none."""
    return io.StringIO(text, newline="").readlines()
