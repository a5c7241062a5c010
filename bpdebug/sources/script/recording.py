"""A recording: what a run of a script left behind, and how one is made."""

from __future__ import annotations

import linecache
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, MappingProxyType
from typing import Any, NamedTuple

from bpdebug.errors import Problem, ScriptError
from bpdebug.sources.script.imports import OwnFiles
from bpdebug.sources.script.instrumentation import instrument
from bpdebug.sources.script.notebooks import cells
from bpdebug.sources.script.recorder.objects import Objects
from bpdebug.sources.script.recorder.recorder import Limits, Recorder
from bpdebug.sources.script.recorder.records import Frame, Instance, Node, Test, Update, Write
from bpdebug.sources.script.running import Ending, run
from bpdebug.sources.script.sites import Site, Source

MOST_NODES = 400_000
"""So many operations are kept: of element loops, some hundred megabytes."""


class Options(NamedTuple):
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
    options : Options
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
    """

    path: str
    arguments: tuple[str, ...]
    options: Options
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

    def source(self, file: str) -> Source | None:
        """Return the text of a file that was instrumented."""
        return next((site.source for site in self.sites if site.place.file == file), None)


def record_script(
    path: str | os.PathLike[str],
    arguments: Sequence[str] = (),
    options: Options = Options(),  # noqa: B008
    texts: Mapping[str, str] = MappingProxyType({}),
) -> Recording:
    """Run a script as `python` would, and record one iteration of what it trains.

    Parameters
    ----------
    path : str or path
        A Python file, or a notebook (`.ipynb`).
    arguments : sequence of str
        What stands after its name in `sys.argv`.
    options : Options
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
    data = texts[name].encode() if name in texts else _read(name)
    sites: list[Site] = []
    limits = Limits((name, options.until), options.iteration, options.function, MOST_NODES)
    recorder = Recorder(sites, limits)
    finder = OwnFiles(Path(name).parent, sites, recorder.files, texts)
    messages: list[str] = []
    is_notebook = Path(name).suffix == ".ipynb"
    parts = (
        _cells(name, data, recorder, messages, texts)
        if is_notebook
        else [_instrumented(data, name, recorder)]
    )
    skipped = messages if is_notebook else None
    ending, output = run(Path(name), parts, arguments, recorder, finder, options.seconds, skipped)
    if recorder.forgotten:
        messages.append(
            f"more than {limits.nodes:,} operations came before the first update of a parameter: "
            "only the last of them were kept"
        )
    return Recording(
        name,
        tuple(arguments),
        options,
        ending,
        output,
        tuple(messages),
        recorder.nodes,
        recorder.instances,
        recorder.updates,
        recorder.tests,
        recorder.frames,
        sites,
        recorder.objects,
        recorder.journal,
    )


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        raise ScriptError(Problem(name, "", "no such file", "expected a Python script")) from None
    except OSError as error:
        raise ScriptError(Problem(name, "", f"cannot be read: {error.strerror}")) from None


def _instrumented(text: str | bytes, file: str, recorder: Recorder) -> CodeType:
    recorder.files.add(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return instrument(text, file, recorder.sites)
    except SyntaxError as error:
        where = f"{file}:{error.lineno}" if error.lineno else file
        message = f"not Python: {error.msg}"
        raise ScriptError(Problem(where, "", message, (error.text or "").strip())) from None
    except (ValueError, RecursionError) as error:
        raise ScriptError(Problem(file, "", f"not Python: {error}")) from None


def _cells(
    name: str, data: bytes, recorder: Recorder, messages: list[str], texts: Mapping[str, str]
) -> list[CodeType]:
    found: list[CodeType] = []
    for cell in cells(data.decode("utf-8", errors="replace"), name):
        file = f"{name}[{cell.number}]"
        text = texts.get(file, cell.text)
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        try:
            found.append(_instrumented(text, file, recorder))
        except ScriptError as error:
            messages.append(f"cell {cell.number} was left out: {error.problems[0].message}")
    return found
