"""Weights whose step takes their place: `w = rate * delta * x`, where `w += rate * delta * x` was meant.

Nothing is added to them, so nothing is seen to be trained. All assignments of that form are made steps, up or
down, and the script runs again: then all must be right.
"""

from __future__ import annotations

import ast
import time

from bpdebug.sources.script import Recording, SourceRange
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.told import Told
from bpdebug.verify.repair.assumed import assumed
from bpdebug.verify.repair.findings import of_rewriting
from bpdebug.verify.repair.report import ParameterVerdict, ScriptReport
from bpdebug.verify.repair.reruns import Rewriting, analysed, recorded_again, with_rewriting

OPERATORS = ("+=", "-=")
MOST_STATEMENTS = 8
"""Where more are of that form, it is no fault."""


def put_in_place(recording: Recording, told: Told, deadline: float) -> ScriptReport | None:
    """Return what is said of assignments that should be steps; None where not all is right with them.

    Parameters
    ----------
    recording : Recording
        Of a script in which nothing is seen to be trained.
    told : Told
        What was said of its loss and gradients.
    deadline : float
        When the check ends, on the clock of `time.thread_time`.
    """
    places = [site.statement for site in recording.replacing]
    for operator in OPERATORS if 0 < len(places) <= MOST_STATEMENTS else ():
        rewritings = [one for place in places if (one := _as_step(recording, place, operator)) is not None]
        texts: dict[str, str] = {}
        for one in sorted(rewritings, key=lambda one: one.place, reverse=True):
            source = recording.source(one.place.file)
            assert source is not None
            texts[one.place.file] = with_rewriting(texts.get(one.place.file, source.text), one)
        left = deadline - time.thread_time()
        if not rewritings or left <= 0:
            return None
        again = recorded_again(recording, texts, recording.options._replace(seconds=left))
        found = None if again is None else analysed(again, texts, told)
        if found is not None and found.right and not found.wrong:
            lines = {(one.place.file, one.place.line) for one in rewritings}
            verdicts: dict[str, ParameterVerdict] = {
                one.name: "wrong" if lines & _stepped_at(one) else "right"
                for one in found.analysis.parameters
            }
            findings = tuple(of_rewriting(recording, one, ()) for one in rewritings)
            said = assumed(found.recording, found.analysis)._replace(told=told)
            return ScriptReport(recording.path, verdicts, findings, said)
    return None


def _stepped_at(parameter: TrainedParameter) -> set[tuple[str, int]]:
    """Return the lines at which a parameter is stepped."""
    statements = (update.site.statement for update in parameter.updates)
    return {(one.file, one.line) for one in statements}


def _as_step(recording: Recording, place: SourceRange, operator: str) -> Rewriting | None:
    """Return an assignment as a step; None where it is written over several lines."""
    source = recording.source(place.file)
    code = "" if source is None else source.code(place)
    try:
        (statement,) = ast.parse(code).body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(statement, ast.Assign) or "\n" in code:
        return None
    after = statement.targets[0].end_col_offset
    whole = code.encode()
    text = (whole[:after] + whole[after:].replace(b"=", operator.encode(), 1)).decode()
    written = ast.unparse(statement.targets[0])
    said = f"the step takes the place of `{written}`, and should be added to it or subtracted from it"
    return Rewriting(place, code, text, said, 1.0)
