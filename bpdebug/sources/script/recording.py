"""A recording: what a run of a script left behind, and how one is made."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import CodeType, MappingProxyType
from typing import Any, NamedTuple

from bpdebug.sources.script.imports import Compiled, OwnFiles
from bpdebug.sources.script.instrumentation import decoded, instrument
from bpdebug.sources.script.instrumentation.copies import Copies, all_functions
from bpdebug.sources.script.recorder.branches import Test
from bpdebug.sources.script.recorder.function_calls import FunctionCall, GoneBack
from bpdebug.sources.script.recorder.held import Containers
from bpdebug.sources.script.recorder.journal import Write
from bpdebug.sources.script.recorder.limits import OVER, RecordingLimits
from bpdebug.sources.script.recorder.objects import Objects
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recorder.records import Frame, Instance, Node
from bpdebug.sources.script.recorder.updates import Update
from bpdebug.sources.script.running import Ending, run
from bpdebug.sources.script.script_files import cells_of, instrumented, read_script
from bpdebug.sources.script.seen_libraries import see_libraries
from bpdebug.sources.script.sites import InstrumentedFile, Site
from bpdebug.sources.script.spelling import spell

MOST_NODES = 400_000
"""So many operations are kept: of element loops, some hundred megabytes."""


class RecordingOptions(NamedTuple):
    """What is recorded.

    Attributes
    ----------
    until : int
        The line of the script at which the recording ends, when it is reached; 0 for none.
    iteration : int
        Which iteration of the training is recorded, from 1.
    function : str
        Only the first call of this function is recorded, `Net.backward` or `backward`; empty for all.
    seconds : float
        How long the script may run.
    """

    until: int = 0
    iteration: int = 1
    function: str = ""
    seconds: float = 120.0


@dataclass(frozen=True)
class Recording:
    """What a run of a script left behind.

    Attributes
    ----------
    path : str
        The script, as the person named it.
    arguments : tuple of str
        What it was called with.
    options : RecordingOptions
        What was asked for.
    ending : Ending
        How the run ended.
    output : str
        What the script wrote.
    messages : tuple of str
        What there is to say about the recording: cells that were left out, what was forgotten.
    nodes : sequence of Node
        All operations, in the order in which they were carried out; the number of a node is its place.
    instances : sequence of Instance
        All executions of value expressions, in order.
    updates : sequence of Update
        The steps of parameters.
    tests : sequence of Test
        What branches were decided by.
    frames : sequence of Frame
        The calls of the person's functions; the first is the script.
    sites : sequence of Site
        All places that had a hook.
    objects : Objects
        Which node an object stood for, and when.
    journal : mapping
        The identity of a container -> the container, and the writes to it, in order.
    held : mapping
        The identity of a container -> the container, and what it held when the recording ended; empty where
        the script ended with it.
    functions : sequence of FunctionCall
        The calls of functions whose gradients the person wrote, in a library that derives all others.
    gone_back : sequence of GoneBack
        From which numbers that library was asked for gradients, in order.
    iteration : int
        Which iteration it is, from 1: the last one where there are fewer than were asked for.
    replacing : sequence of Site
        Where the multiple of something takes the place of what it was computed from, and is not added to it.
    """

    path: str
    arguments: tuple[str, ...]
    options: RecordingOptions
    ending: Ending
    output: str
    messages: tuple[str, ...]
    nodes: Sequence[Node]
    instances: Sequence[Instance]
    updates: Sequence[Update]
    tests: Sequence[Test]
    frames: Sequence[Frame]
    sites: Sequence[Site]
    objects: Objects
    journal: Mapping[int, tuple[Any, list[Write]]]
    held: Containers
    functions: Sequence[FunctionCall]
    gone_back: Sequence[GoneBack]
    iteration: int
    replacing: Sequence[Site]

    @property
    def ended_early(self) -> str:
        """What to say where the script did not come to the end of an iteration; empty where it did."""
        kind, message, _, file, line = self.ending
        if kind in ("stopped", "finished"):
            return ""
        at = f" at {file}:{line}" if line else ""
        return f"the recording ended early{at}: {message}"

    @cached_property
    def own_sites(self) -> Sequence[Site]:
        """The places of the files that ran: what is recorded in one process shares a list of all places."""
        if self.can_run_again:
            return self.sites
        calls = (frame.site for frame in self.frames if frame.site is not None)
        ran = {self.path, *(site.place.file for site in (*calls, *(one.site for one in self.instances)))}
        return [site for site in self.sites if site.place.file in ran]

    @property
    def can_run_again(self) -> bool:
        """Whether it is a script that ran, and not a part of a program that goes on."""
        return not self.held

    @cached_property
    def undone(self) -> dict[tuple[int, int], tuple[Any, Any]]:
        """The identity of a container and a moment -> it, and what it held then, where that was asked."""
        return {}

    @cached_property
    def only_calls(self) -> Mapping[tuple[str, str], Instance]:
        """The file and name of a function that was called once -> the last expression of its own."""
        last: dict[tuple[str, str], Instance] = {}
        again: set[tuple[str, str]] = set()
        for instance in self.instances:
            key = instance.site.place.file, instance.site.function
            if key in last and last[key].frame is not instance.frame:
                again.add(key)
            last[key] = instance
        return {key: instance for key, instance in last.items() if key not in again}

    def source(self, file: str) -> InstrumentedFile | None:
        """Return the text of a file that was instrumented."""
        return next((site.source for site in self.sites if site.place.file == file), None)


def record_script(
    path: str | os.PathLike[str],
    arguments: Sequence[str] = (),
    options: RecordingOptions = RecordingOptions(),  # noqa: B008
    texts: Mapping[str, str] = MappingProxyType({}),
) -> Recording:
    """Run a script as `python` would, and record one iteration of what it trains.

    Parameters
    ----------
    path : str or path
        A Python file, or a notebook (`.ipynb`).
    arguments : sequence of str
        What stands after its name in `sys.argv`.
    options : RecordingOptions
        What is recorded.
    texts : mapping
        The name of a file, as the sites have it -> a text that runs in place of its own.

    Raises
    ------
    ScriptError
        If the file cannot be read, or is not Python. What the script itself raises is no error here: it is
        in the ending of the recording.
    """
    name = os.fspath(path)
    data = read_script(name)
    sites: list[Site] = []
    limits = RecordingLimits((name, options.until), options.iteration, options.function, MOST_NODES)
    recorder = Recorder(sites, limits)
    hooked = _of_one_function(recorder) if options.function else partial(instrument, sites=sites)

    libraries = ExitStack()

    def compiled(text: str | bytes, file: str) -> CodeType:
        text = texts.get(file, text)
        see_libraries(recorder, text if isinstance(text, str) else decoded(text), libraries)
        return hooked(text, file)

    finder = OwnFiles(Path(name).parent, compiled, recorder.files)
    messages: list[str] = []
    is_notebook = Path(name).suffix == ".ipynb"
    skipped = messages if is_notebook else None
    with libraries:
        parts = (
            cells_of(name, data, finder, messages, texts)
            if is_notebook
            else [instrumented(data, name, finder)]
        )
        ending, output = run(Path(name), parts, arguments, recorder, finder, options.seconds, skipped)
    recorder.settle()
    return recording_of(name, tuple(arguments), options, ending, output, messages, recorder)


def recording_of(
    name: str,
    arguments: tuple[str, ...],
    options: RecordingOptions,
    ending: Ending,
    output: str,
    messages: Sequence[str],
    recorder: Recorder,
) -> Recording:
    """Put together what a recorder has seen, and how that ended."""
    forgotten = (
        f"more than {recorder.limits.nodes:,} operations came before the first update of a parameter: "
        "only the last of them were kept"
    )
    record = spell(recorder.kept or recorder.record_so_far(), recorder.sites)
    fewer = f"iteration {options.iteration} was not reached: this is iteration {record.iteration}, the last"
    said = (
        *messages,
        *([forgotten] if recorder.forgotten else ()),
        *([fewer] if record.iteration < options.iteration else ()),
    )
    if record.was_over:
        ending = Ending("stopped", OVER)
    parts = record._asdict()
    del parts["was_over"]
    return Recording(name, arguments, options, ending, output, said, sites=recorder.sites, **parts)


def _of_one_function(recorder: Recorder) -> Compiled:
    """Let only one function have hooks, until it is called: what comes before runs as fast as it does."""
    copies = Copies(recorder.sites)
    recorder.whenever_begun = lambda: copies.exchange(all_functions())
    return lambda text, file: copies.only(text, file, recorder.limits.function)
