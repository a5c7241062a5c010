"""What a list of scenarios shows of each: read from the file, with nothing built or run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bpdebug.errors import Problem, ScenarioError
from bpdebug.scenario.model import Document, check
from bpdebug.scenario.network import read_layer
from bpdebug.scenario.problems import Report, printable
from bpdebug.scenario.reading import read_table

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
        The layers in order, as `dense relu → dense sigmoid`.
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
    report = Report(str(path))
    try:
        table = read_table(path, str(path))
    except ScenarioError as error:
        return Summary(path, "", "", "", error.problems)
    document = check(Document, table, (), report)
    entries = [
        read_layer(number, table, report) for number, table in enumerate(document.get("layers", ()), 1)
    ]
    return Summary(
        path,
        printable(document.get("title", "")),
        printable(" ".join(document["about"].split())),
        ARROW.join(entry.title if entry else "?" for entry in entries),
        report.problems,
    )
