"""The report on a person's own code: for a person, a program, a page, a build server, and as a patch."""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from bpdebug.engine.language.excerpts import told_apart
from bpdebug.engine.language.nodes import Source
from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.export.corrections import SourceFile
from bpdebug.export.json_trace import json_numbers
from bpdebug.sources.script.sites import shown
from bpdebug.verify.repair.report import Amendment, Finding, ScriptReport

VERSION = 1
MOST_NAMED = 12
"""So many are named one by one."""
POSITION, NUMBERED = re.compile(r"\[[-\d, :]*\]"), re.compile(r" ·\d+")
"""What tells names apart that are written alike: `w[0, 1]`, and `b ·2` for the second `b`."""


def text_report(report: ScriptReport) -> Iterator[str]:
    """Write a report for a person at a terminal."""
    yield from (f"{line}\n" for line in _assumed(report))
    for finding in report.findings:
        yield "\n"
        yield from (f"{line}\n" for line in _lines(finding))
    yield f"\n{conclusion(report)}\n"


def markdown_report(report: ScriptReport) -> Iterator[str]:
    """Write a report as a page: what was found in the code, then a section for each fault."""
    yield from (f"- {line}\n" for line in _assumed(report))
    for finding in report.findings:
        head, *rest = _lines(finding)
        yield f"\n## `{head.split(': ', 1)[0]}`\n\n"
        yield from (f"    {line.strip()}\n" for line in (head.split(": ", 1)[1], *rest))
    yield f"\n{conclusion(report)}\n"


def json_report(report: ScriptReport) -> Iterator[str]:
    """Write a report for a program: strict JSON, values to the last digit."""
    document = {
        "format": "bpdebug-check",
        "version": VERSION,
        "file": report.file,
        "passed": report.passed,
        "finished": report.finished,
        "stopped": report.stopped,
        "assumed": {
            "told": report.assumed.told._asdict() | {"gradients": dict(report.assumed.told.gradients)},
            "loss": report.assumed.loss,
            "factor": json_numbers(np.asarray(report.assumed.factor)),
            "parameters": list(report.verdicts),
            "gradients": dict(report.assumed.gradients),
            "notes": list(report.assumed.notes),
        },
        "verdicts": dict(report.verdicts),
        "findings": [_entry(finding) for finding in report.findings],
    }
    yield json.dumps(document, allow_nan=False, indent=2)
    yield "\n"


def junit_report(report: ScriptReport) -> Iterator[str]:
    """Write a report as JUnit's XML for a build server: a test for each parameter, and one for each fault."""
    tests = len(report.verdicts) + len(report.findings)
    failures = sum(verdict == "wrong" for verdict in report.verdicts.values()) + len(report.findings)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    skipped = sum(verdict == "not reached" for verdict in report.verdicts.values())
    counts = f'tests="{tests}" failures="{failures}" skipped="{skipped}"'
    yield f'<testsuite name="bpdebug check" {counts}>\n'
    for parameter, verdict in report.verdicts.items():
        name = quoteattr(f"gradient of {parameter}")
        case = f"  <testcase classname={quoteattr(report.file)} name={name}"
        inside = {"wrong": '<failure message="wrong"/>', "not reached": "<skipped/>"}.get(verdict)
        yield f"{case}>{inside}</testcase>\n" if inside else f"{case}/>\n"
    for finding in report.findings:
        head, *rest = _lines(finding)
        yield f"  <testcase classname={quoteattr(report.file)} name={quoteattr(_place(finding))}>\n"
        details = escape("\n".join(rest))
        yield f"    <failure message={quoteattr(head)}>{details}</failure>\n  </testcase>\n"
    yield "</testsuite>\n"


CHECK_FORMATS: dict[str, Callable[[ScriptReport], Iterator[str]]] = {
    "text": text_report,
    "json": json_report,
    "markdown": markdown_report,
    "junit": junit_report,
}


def diff(files: Sequence[SourceFile]) -> Iterator[str]:
    """Write the verified corrections as a unified diff, for `patch -p0`.

    Parameters
    ----------
    files : sequence of SourceFile
        The files, with what was found in each.
    """
    for file in files:
        name = shown(file.name)
        before, after = (re.findall(r"[^\n]*\n|[^\n]+$", text) for text in (file.text, file.corrected))
        for line in difflib.unified_diff(before, after, name, name):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


PROVEN = "verified on fresh values"
NOT_FOUND = "Which line is wrong was not found."


def conclusion(report: ScriptReport) -> str:
    """Say in one line what came out."""
    wrong = [parameter for parameter, verdict in report.verdicts.items() if verdict == "wrong"]
    unfinished = _unfinished(report)
    if not report.verdicts:
        return "Nothing was compared: no parameter was found." + unfinished
    open_ones = [parameter for parameter, verdict in report.verdicts.items() if verdict == "not reached"]
    left = f" Not judged: {_listed(open_ones)}." if open_ones else ""
    if not report.is_judged:
        return f"Nothing was compared.{left}{unfinished}"
    if report.passed:
        count = len(report.verdicts) - len(open_ones)
        right = "All right" if not open_ones else "Right"
        return f"{right}: {count} gradient{'s' if count != 1 else ''}.{left}{unfinished}"
    lines = len({(finding.source.file, finding.source.line) for finding in report.findings})
    at = f"{lines} line{'s' if lines != 1 else ''} to mend." if lines else NOT_FOUND * bool(wrong)
    counted = f"{len(wrong)} of {len(report.verdicts)} gradients wrong: {_listed(wrong)}. " if wrong else ""
    return f"{counted}{at}{left}{unfinished}".strip()


def _unfinished(report: ScriptReport) -> str:
    if report.finished:
        return ""
    if report.stopped:
        return " The search was stopped: this is what had been found."
    return " The search was ended by its time: --seconds gives it more."


def _assumed(report: ScriptReport) -> Iterator[str]:
    assumed = report.assumed
    if told := str(assumed.told):
        yield f"told: {told}"
    yield f"loss: {assumed.loss}" if assumed.loss else "loss: none found"
    pairs = _listed([f"{gradient} of {parameter}" for parameter, gradient in assumed.gradients.items()])
    if pairs:
        yield f"gradients: {pairs}"
    yield from assumed.notes


def _place(finding: Finding) -> str:
    return f"{shown(finding.source.file)}:{finding.source.line}"


def _lines(finding: Finding) -> Iterator[str]:
    """Yield the lines on a fault: where and what it is, what should stand there, what it leads to."""
    yield f"{_place(finding)}: {finding.explanation}"
    yield from (f"    {line}" for line in both_codes(finding))
    if finding.elements is not None:
        place, mine, reference = finding.elements
        element, digits = element_text(finding.tensor, place), _digits_apart(mine, reference)
        yield f"    {element} is {mine:.{digits}g}, and should be {reference:.{digits}g}"
    if finding.also_wrong:
        yield f"    wrong because of it: {_listed(finding.also_wrong)}"


def _listed(names: Sequence[str]) -> str:
    """Write names one after the other; many that differ in a position or a version, as one: `w[…] (×36)`."""
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    alike = Counter(NUMBERED.sub("", POSITION.sub("[…]", name)) for name in names)
    return ", ".join(name if count == 1 else f"{name} (×{count})" for name, count in alike.items())


def _digits_apart(mine: float, reference: float) -> int:
    """Return with how many digits two numbers can be told apart: with a few, unless they are very near."""
    return next((digits for digits in range(6, 17) if f"{mine:.{digits}g}" != f"{reference:.{digits}g}"), 6)


def both_codes(finding: Finding) -> Iterator[str]:
    """Yield what stands there, and what should; of a long derived formula, the part that differs."""
    yours, right = map(_one_line, (finding.source.code, finding.correction or ""))
    if finding.is_derived:
        yours, right = told_apart(yours, right)
    label = "the formula is" if finding.is_derived else "should be"
    width = len(label) + 2 if finding.correction is not None else len("should be") + 2
    yield f"{'yours':<{width}}{yours}"
    if finding.correction is not None:
        proof = PROVEN if finding.verified else "not verified"
        yield f"{label:<{width}}{right}    ({proof})"
    if finding.instead is not None:
        place, instead = finding.instead
        yield f"line {place.line} should be  {_one_line(instead)}    ({PROVEN})"


def _one_line(code: str) -> str:
    """Write code in one line; several statements with the semicolons that Python takes between them."""
    lines = code.splitlines()
    between = "; " if len(lines) > 1 and all(map(_is_statement, lines)) else " "
    return between.join(" ".join(line.split()) for line in lines)


def _is_statement(line: str) -> bool:
    try:
        return bool(ast.parse(line.strip()).body)
    except SyntaxError:
        return False


def _entry(finding: Finding) -> dict[str, object]:
    source, elements = finding.source, finding.elements
    return {
        **_source(source),
        "function": source.calls[-1].function if source.calls else "",
        "turns": list(source.turns),
        "kind": finding.kind,
        "tensor": finding.tensor,
        "gradient_of": finding.gradient_of,
        "explanation": finding.explanation,
        "correction": finding.correction,
        "derived": finding.is_derived,
        "verified": finding.verified,
        "index": None if elements is None else list(elements.place),
        "mine": None if elements is None else json_numbers(np.asarray(elements.mine)),
        "reference": None if elements is None else json_numbers(np.asarray(elements.reference)),
        "also_wrong": list(finding.also_wrong),
        "instead": None if finding.instead is None else _amendment(finding.instead),
    }


def _amendment(instead: Amendment) -> dict[str, object]:
    return {**_source(instead.source), "correction": instead.correction}


def _source(source: Source) -> dict[str, object]:
    return {
        "file": shown(source.file),
        "line": source.line,
        "end_line": source.end_line,
        "columns": list(source.columns),
        "code": source.code,
    }
