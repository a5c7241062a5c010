"""Code that is recorded while a program runs: every function of the person's has its code with hooks then.

Theirs are those in files under the same folder, and those in the same namespace. One iteration is recorded;
what comes after it runs as it always did.
"""

from __future__ import annotations

import builtins
import linecache
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FunctionType
from typing import Any

from bpdebug.errors import Problem, ScriptError
from bpdebug.sources.script.blocks import refused
from bpdebug.sources.script.case import RecordedCase, case_of
from bpdebug.sources.script.imports import is_below
from bpdebug.sources.script.instrumentation.copies import Copies, File, all_functions, exchange_back
from bpdebug.sources.script.recorder.hooks import Hooks
from bpdebug.sources.script.recorder.limits import RecordingLimits
from bpdebug.sources.script.recorder.quiet import QUIET
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recording import (
    MOST_NODES,
    Recording,
    RecordingOptions,
    recording_of,
)
from bpdebug.sources.script.running import Ending, hooks_in_place, raised, rare_collection
from bpdebug.sources.script.seen_libraries import LIBRARIES, watch_of

COPIES = Copies([])
"""One for all: functions that were made while one recording ran may run in the next."""

NEEDS_SOURCE = "expected code in a file, or in a cell of a notebook"


class Recorded:
    """What was recorded last."""

    def __init__(self) -> None:
        self._recording: Recording | None = None
        self._case: RecordedCase | None = None

    def take(self, recording: Recording) -> None:
        """Keep a recording in place of the last one."""
        self._recording, self._case = recording, None

    @property
    def recording(self) -> Recording:
        """What was recorded last.

        Raises
        ------
        ScriptError
            If nothing was recorded.
        """
        if self._recording is None:
            hint = "a case is there once the function has been called, or the block is over"
            raise ScriptError(Problem("bpdebug", "", "nothing was recorded yet", hint))
        return self._recording

    @property
    def case(self) -> RecordedCase:
        """The case of what was recorded last: `bpdebug.open`, `bpdebug.trace` and `bpdebug.check` take it.

        Raises
        ------
        ScriptError
            If nothing was recorded, or nothing in it could be stepped through.
        """
        if self._case is None:
            self._case = case_of(self.recording)
        return self._case


def is_watched() -> bool:
    """Whether code is being recorded, or evaluated again, at this moment."""
    return isinstance(getattr(getattr(builtins, "__bp_enter__", None), "__self__", None), Hooks)


@contextmanager
def watched(
    file: str,
    line: int,
    variables: dict[str, Any],
    recorded: Recorded,
    others: Sequence[FunctionType] = (),
    library: str = "",
) -> Iterator[Recorder | None]:
    """Record what runs within, once the functions that are there have their code with hooks.

    Parameters
    ----------
    file, line : str, int
        What is recorded.
    variables : dict
        Its module's variables: what was defined there is the person's as well.
    recorded : Recorded
        Takes the recording.
    others : sequence of function
        What is the person's too, wherever it stands.
    library : str
        The library that computes; by default the first one that is imported.

    Yields
    ------
    Recorder or None
        What records; None within another recording.
    """
    if is_watched():
        yield None
        return
    instrumented(file, line, variables)
    recorder = Recorder(COPIES.sites, RecordingLimits(nodes=MOST_NODES, stops=False))
    there = all_functions()
    own = {
        id(one): one for one in (*_own_functions(file, variables, there), *_with_their_files(others, there))
    }
    exchanged = COPIES.exchange(own.values())
    recorder.files = set(COPIES.files)
    ending = Ending("finished", "it has come to its end")

    def over() -> None:
        exchange_back(exchanged)
        COPIES.take_back()
        vars(builtins).update(QUIET)

    recorder.whenever_over = over
    try:
        with hooks_in_place(Hooks(recorder).table()), rare_collection(), ExitStack() as libraries:
            for name in [name for name in LIBRARIES if name in sys.modules and library in ("", name)][:1]:
                libraries.enter_context(watch_of(name)(recorder))
            yield recorder
    except BaseException as error:
        ending = raised(error, recorder)
        raise
    finally:
        if recorder.kept is None:
            recorder.on = False
            recorder.keep()
            over()
        else:
            ending = Ending("stopped", recorder.ended)
        recorded.take(recording_of(file, (), RecordingOptions(), ending, "", (), recorder))


def _own_functions(file: str, variables: dict[str, Any], there: Sequence[FunctionType]) -> list[FunctionType]:
    """Return the functions of the person's, once their files are instrumented."""
    folder = (Path(file).parent if Path(file).exists() else Path.cwd()).resolve()
    below = {name for name in {one.__code__.co_filename for one in there} if is_below(folder, name)}
    own = [one for one in there if one.__globals__ is variables or one.__code__.co_filename in below]
    for name, among in {one.__code__.co_filename: one.__globals__ for one in own}.items():
        with suppress(ScriptError):  # what has no source is a library to us
            instrumented(name, 0, among)
    return own


def _with_their_files(functions: Sequence[FunctionType], there: Sequence[FunctionType]) -> list[FunctionType]:
    """Return all functions of the files that some functions stand in, once these are instrumented."""
    files = {one.__code__.co_filename: one.__globals__ for one in functions}
    for name, among in files.items():
        with suppress(ScriptError):  # what has no source has no lines to name
            instrumented(name, 0, among)
    return [one for one in there if one.__code__.co_filename in files] if files else []


def instrumented(file: str, line: int, variables: dict[str, Any]) -> File:
    """Return the file of running code with hooks."""
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file, variables))
    if not text:
        raise refused(file, line, "its source cannot be read", NEEDS_SOURCE)
    try:
        return COPIES.file(file, text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise refused(file, line, f"its source is not Python: {error}", NEEDS_SOURCE) from None
