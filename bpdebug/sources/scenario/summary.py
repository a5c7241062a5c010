"""What a list of scenarios shows of each: read from the file, with nothing built or run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpdebug.errors import Problem, ScenarioError
from bpdebug.plain import printable
from bpdebug.sources.problems import ProblemReport
from bpdebug.sources.scenario import own_program, program_text
from bpdebug.sources.scenario.layers import read_layer
from bpdebug.sources.scenario.model import NetworkDocument, check
from bpdebug.sources.scenario.reading import read_table

ARROW = " → "


@dataclass(frozen=True, slots=True)
class Summary:
    """A scenario file in a few lines.

    Attributes
    ----------
    path : Path
        The file.
    title, about : str
        What the file says about itself; empty where it says nothing.
    layers : str
        The layers in order, as `dense relu → dense sigmoid`; or how long a program of the user's own is.
    problems : tuple of Problem
        What is wrong with it; the shapes are only looked at when the scenario is loaded.
    """

    path: Path
    title: str
    about: str
    layers: str
    problems: tuple[Problem, ...]


def summarise(path: str | os.PathLike[str]) -> Summary:
    """Read a scenario file for a list; what is wrong with it is part of the answer, never an exception."""
    path = Path(path)
    report = ProblemReport(str(path))
    try:
        table = read_table(path, str(path))
    except ScenarioError as error:
        return Summary(path, "", "", "", error.problems)
    document, parts = _outline(table, report)
    return Summary(
        path,
        printable(document.get("title", "")),
        printable(" ".join(document["about"].split())),
        parts,
        report.problems,
    )


def _outline(table: Mapping[str, Any], report: ProblemReport) -> tuple[Mapping[str, Any], str]:
    """Return the sound values of a file's keys, and in a few words what it consists of."""
    if "program" in table:
        document = check(own_program.ProgramDocument, table, (), report)
        count = len(program_text.read_lines(document["program"], report)) if "program" in document else 0
        return document, f"a program of {count} statement{'s' * (count != 1)}"
    document = check(NetworkDocument, table, (), report)
    entries = [
        read_layer(number, table, report) for number, table in enumerate(document.get("layers", ()), 1)
    ]
    return document, ARROW.join(entry.title if entry else "?" for entry in entries)
