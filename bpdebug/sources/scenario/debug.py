"""The `[debug]` of a file: the breakpoints and watches that a session starts with.

They are texts of the tensor language, checked here against the program like all else in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from bpdebug.engine.debug.breakpoints import read_breakpoint
from bpdebug.engine.debug.conditions import read_expression
from bpdebug.engine.program.program import Program
from bpdebug.errors import BpdebugError
from bpdebug.sources.problems import ProblemReport, described
from bpdebug.sources.scenario.model import STRICT, NonEmptyText, check

DEBUG = "debug"
MAX_ENTRIES = 100
"""More breakpoints or watches than this nobody can follow; each takes time at every step."""

Entries = Annotated[list[NonEmptyText], Field(max_length=MAX_ENTRIES)]


class Debug(BaseModel):
    """What a session starts with."""

    model_config = STRICT

    breakpoints: Entries = Field(default_factory=list)
    watches: Entries = Field(default_factory=list)


def read_debug(
    table: Mapping[str, Any], program: Program, report: ProblemReport
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Check the table and return the texts of the breakpoints and of the watches.

    Parameters
    ----------
    table : mapping
        What the file says.
    program : Program
        The program of the file.
    report : ProblemReport
        Takes what is wrong.
    """
    values = check(Debug, table, (DEBUG,), report)
    readers: Mapping[str, Callable[[str], object]] = {
        "breakpoints": lambda text: read_breakpoint(text, program, 1),
        "watches": lambda text: read_expression(text, program),
    }
    for key, read in readers.items():
        for number, text in _texts(table.get(key)):
            if not text.isprintable():
                expected = "one line without control characters"
                report.add((DEBUG, key, number), f"wrong value: found {described(text)}, expected {expected}")
                continue
            try:
                read(text)
            except BpdebugError as error:
                report.add((DEBUG, key, number), f"cannot be used: {error}")
    return tuple(values["breakpoints"]), tuple(values["watches"])


def _texts(entries: object) -> Iterator[tuple[int, str]]:
    """Yield the texts among the entries, each with its number; what is no text must not hide these."""
    if isinstance(entries, list) and len(entries) <= MAX_ENTRIES:
        yield from ((number, text) for number, text in enumerate(entries) if isinstance(text, str) and text)
