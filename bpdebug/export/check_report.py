"""The report of a check: for a person, a program, a page and a build server."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from bpdebug.engine.language.excerpts import told_apart
from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.verify.report import Report, TensorReport, Verdict

VERSION = 1
SAID: dict[Verdict, str] = {
    "right": "right",
    "wrong": "wrong here",
    "innocent": "innocent",
    "kink": "right (kink)",
    "convention": "convention",
    "not given": "not given",
}


def text_report(report: Report) -> Iterator[str]:
    """Write a report for a person at a terminal."""
    yield from (f"{theirs} is understood as {ours}\n" for theirs, ours in report.renamed.items())
    width = max((len(tensor.name) for tensor in report.tensors), default=0)
    said = max(map(len, SAID.values()))
    for tensor in report.tensors:
        head = f"{tensor.name:{width}}  {_said(tensor):{said}}  {_summary(tensor)}"
        yield head.rstrip() + "\n"
        yield from (f"{' ' * width}  {line}\n" for line in _diagnosis_lines(tensor, report))
    yield _conclusion(report) + "\n"


def markdown_report(report: Report) -> Iterator[str]:
    """Write a report as a page: a table, and below it what was computed instead."""
    yield "| tensor | verdict | |\n| --- | --- | --- |\n"
    for tensor in report.tensors:
        yield f"| `{tensor.name}` | {_said(tensor)} | {_summary(tensor)} |\n"
    for tensor in report.tensors:
        if tensor.diagnoses or tensor.shows_in:
            yield f"\n`{tensor.name}`:\n\n"
            yield from (f"    {line}\n" for line in _diagnosis_lines(tensor, report))
    yield f"\n{_conclusion(report)}\n"


def json_report(report: Report) -> Iterator[str]:
    """Write a report for a program: strict JSON, numbers to the last digit."""
    tensors = [
        {
            "name": tensor.name,
            "layer": tensor.layer,
            "verdict": tensor.verdict,
            "max_relative_error": _json_number(tensor.max_relative_error),
            "worst": None
            if tensor.worst is None
            else {
                "index": list(tensor.worst.index),
                "mine": _json_number(tensor.worst.mine),
                "reference": _json_number(tensor.worst.reference),
            },
            "note": tensor.note,
            "diagnoses": [
                {
                    "formula": diagnosis.formula,
                    "edits": list(diagnosis.edits),
                    "explanation": diagnosis.explanation,
                    "fix": diagnosis.fix,
                    "residual": _json_number(diagnosis.residual),
                }
                for diagnosis in tensor.diagnoses
            ],
            "ambiguous": tensor.ambiguous,
            "shows_in": list(tensor.shows_in),
        }
        for tensor in report.tensors
    ]
    yield json.dumps(
        {
            "format": "bpdebug-check",
            "version": VERSION,
            "passed": report.passed,
            "renamed": dict(report.renamed),
            "tensors": tensors,
        },
        allow_nan=False,
        indent=2,
    )
    yield "\n"


def junit_report(report: Report) -> Iterator[str]:
    """Write a report as JUnit's XML, one test for each tensor, for a build server."""
    failed = sum(tensor.verdict == "wrong" for tensor in report.tensors)
    skipped = sum(tensor.verdict == "not given" for tensor in report.tensors)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    counts = f'tests="{len(report.tensors)}" failures="{failed}" skipped="{skipped}"'
    yield f'<testsuite name="bpdebug check" {counts}>\n'
    for tensor in report.tensors:
        yield f'  <testcase classname="layer {tensor.layer}" name={quoteattr(tensor.name)}'
        if tensor.verdict == "wrong":
            lines = "\n".join(_diagnosis_lines(tensor, report))
            message = quoteattr(f"{SAID[tensor.verdict]}: {_summary(tensor)}")
            yield f">\n    <failure message={message}>{escape(lines)}</failure>\n  </testcase>\n"
        elif tensor.verdict == "not given":
            yield ">\n    <skipped/>\n  </testcase>\n"
        else:
            yield "/>\n"
    yield "</testsuite>\n"


def _said(tensor: TensorReport) -> str:
    """Say the verdict; what was there but could not be compared has a note that says why."""
    return "not compared" if tensor.verdict == "not given" and tensor.note else SAID[tensor.verdict]


def _summary(tensor: TensorReport) -> str:
    """Say in one line how a tensor differs."""
    parts = []
    if tensor.worst is not None and tensor.max_relative_error:
        place = element_text("", tensor.worst.index)
        mine, reference = f"{tensor.worst.mine:.4g}", f"{tensor.worst.reference:.4g}"
        if mine == reference:
            mine, reference = f"{tensor.worst.mine:.10g}", f"{tensor.worst.reference:.10g}"
        if tensor.verdict in ("wrong", "innocent", "convention"):
            parts.append(f"worst element {place}: mine {mine}, reference {reference}")
        else:
            parts.append(f"largest relative error {tensor.max_relative_error:.1e}")
    if tensor.note:
        parts.append(tensor.note)
    return "; ".join(parts)


def _diagnosis_lines(tensor: TensorReport, report: Report) -> Iterator[str]:
    """Write what was computed instead, what should have been, and what else is wrong because of it."""
    if tensor.ambiguous:
        yield f"Cannot tell these apart on this scenario: {report.would_tell}."
    for diagnosis in tensor.diagnoses:
        yours, right = told_apart(diagnosis.formula, diagnosis.fix)
        yield f"yours is   {yours}"
        yield f"should be  {right}"
        yield diagnosis.explanation
    if tensor.because_of_it:
        yield tensor.because_of_it


def _conclusion(report: Report) -> str:
    wrong = [tensor.name for tensor in report.tensors if tensor.verdict == "wrong"]
    compared = sum(tensor.verdict != "not given" for tensor in report.tensors)
    if not compared:
        return "Nothing was compared: no gradient comes in, or there are no numbers to compare, or no time."
    if not wrong:
        left = sum(_said(tensor) == "not compared" for tensor in report.tensors)
        others = f", {left} not compared" if left else ""
        return f"All right: {compared} tensor{'s' if compared != 1 else ''}{others}."
    return f"{len(wrong)} of {compared} wrong: {', '.join(wrong)}."


def _json_number(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
