"""From what a person names to a case: a script is run and recorded, anything else is a scenario."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath

from bpdebug.errors import BpdebugError
from bpdebug.sources import case, recorded
from bpdebug.sources.capture import loading as capture
from bpdebug.sources.scenario import loading

SCRIPT_SUFFIXES = (".py", ".ipynb")
CAPTURE_SUFFIX = ".bpd"
LONGEST_RUN = 120.0
"""Seconds that a script may run until it is recorded."""


def is_script(source: str | os.PathLike[str]) -> bool:
    """Whether a name is that of a person's own code, by its suffix."""
    return PurePath(source).suffix.lower() in SCRIPT_SUFFIXES


def is_capture(source: str | os.PathLike[str]) -> bool:
    """Whether a name is that of a recording that was saved, by its suffix."""
    return PurePath(source).suffix.lower() == CAPTURE_SUFFIX


def open_case(
    source: str | os.PathLike[str],
    allow_outside: bool = False,
    arguments: Sequence[str] = (),
    until: int = 0,
    iteration: int = 1,
    function: str = "",
    seconds: float = LONGEST_RUN,
) -> case.Case:
    """Return the case that a person names.

    Parameters
    ----------
    source : str or path
        A Python file or a notebook, which runs as Python runs it; a recording that was saved, a scenario
        file, or the name of a shipped one, which run nothing.
    allow_outside : bool
        Whether the tensor files that a scenario names may be outside its folder.
    arguments : sequence of str
        A script's arguments.
    until, iteration, function, seconds
        What is recorded of a script; see `bpdebug.sources.script.Options`.

    Raises
    ------
    ScenarioError
        If a scenario cannot be used.
    ScriptError
        If a script cannot be read, or nothing could be recorded.
    """
    if is_script(source):
        return recorded.recorded_case(source, arguments, until, iteration, function, seconds)
    if is_capture(source):
        return capture.load_capture(source)
    if arguments:
        extra = " ".join(arguments)
        raise BpdebugError(f"Got unexpected extra argument(s) ({extra})")
    return loading.load_scenario(source, allow_outside)
