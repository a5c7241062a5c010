"""Recording from Python, in a program that runs: `@bpdebug.record`, and `with bpdebug.recording()`.

    @bpdebug.record
    def step(x, y): ...

    step(x, y)                      # does and returns what it did; this call was recorded
    bpdebug.check(step.case)        # the case of the last call

    with bpdebug.recording() as recording:
        loss = net.train(x, y)
    bpdebug.open(recording.case)

While it is recorded, every function of the person's has its code with hooks: those in files under the same
folder, and those in the same namespace. One iteration is recorded; what comes after it runs as it always did.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any

from bpdebug.errors import Problem, ScriptError
from bpdebug.sources.script.blocks import block_at, refused, runnable
from bpdebug.sources.script.case import RecordedCase, case_of
from bpdebug.sources.script.imports import is_below
from bpdebug.sources.script.instrumentation.copies import Copies, File, all_functions, exchange_back
from bpdebug.sources.script.recorder.hooks import Hooks
from bpdebug.sources.script.recorder.limits import RecordingLimits
from bpdebug.sources.script.recorder.quiet import QUIET
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recorder.tracebacks import without_own
from bpdebug.sources.script.recording import (
    LIBRARIES,
    MOST_NODES,
    Recording,
    RecordingOptions,
    recording_of,
    watch_of,
)
from bpdebug.sources.script.running import Ending, hooks_in_place, raised, rare_collection

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


class RecordedFunction(Recorded):
    """A function whose calls are recorded; `case` is that of the last call."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.__wrapped__ = function
        functools.update_wrapper(self, function)
        self._code = _code_of(function)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the function, and record that."""
        function = inspect.unwrap(self.__wrapped__)
        with watched(self._code.co_filename, self._code.co_firstlineno, function.__globals__, self):
            return self.__wrapped__(*arguments, **options)

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        """Be a method of an object."""
        return self if owner is None else MethodType(self, owner)


class RecordedBlock(Recorded):
    """A `with` statement whose body is recorded; `case` is there when it is over."""

    def __init__(self) -> None:
        super().__init__()
        self._entered: FrameType | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> RecordedBlock:
        """Run the body with hooks, and let the frame pass over it."""
        frame = sys._getframe(1)
        if is_watched():
            return self
        file, line = frame.f_code.co_filename, frame.f_lineno
        tree = _instrumented(file, line, frame.f_globals).tree
        run = runnable(block_at(tree, file, line), frame, self)
        try:
            with watched(file, line, frame.f_globals, self):
                run()
        except BaseException as error:
            self._error = error.with_traceback(without_own(error.__traceback__))
        self._entered, self._traces = frame, (sys.gettrace(), frame.f_trace)
        sys.settrace(lambda *event: None)
        frame.f_trace = self._pass_over
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        """Go on behind the body, or raise what it has raised."""
        frame, self._entered = self._entered, None
        if frame is None:
            return False
        traced, frame.f_trace = self._traces
        sys.settrace(traced)
        if self._error is not None:
            error, self._error = self._error, None
            context = error.__context__
            try:
                raise error
            finally:
                error.__context__ = context
                del error
        return True

    def _pass_over(self, frame: FrameType, event: str, argument: object) -> Any:
        """Leave the body at its first line."""
        if event == "line":
            raise _PassedOver
        return self._pass_over


class _PassedOver(BaseException):
    """The body of a block has run already."""


def record(function: Callable[..., Any]) -> RecordedFunction:
    """Record every call of a function: a decorator.

    The function does and returns what it did; `function.case` is the case of its last call. Where the call
    trains for several iterations, the first is recorded.

    Raises
    ------
    ScriptError
        If it is no function of Python's with a source, or a generator.
    """
    return RecordedFunction(function)


def recording() -> RecordedBlock:
    """Record the body of a `with` statement.

    `with bpdebug.recording() as recording:` runs its body as it stands there, with hooks; `recording.case` is
    the case. The body must be in a file or in a cell of a notebook, and must not leave by `return`, `yield`,
    `break` or `continue`: entering it raises a ScriptError that says so.
    """
    return RecordedBlock()


def run_cell(text: str, name: str, variables: dict[str, Any]) -> Recorded:
    """Run a cell of a notebook among the variables of the notebook, and record that.

    Parameters
    ----------
    text : str
        The cell, as Python.
    name : str
        What its lines are called after in messages.
    variables : dict
        Takes what it assigns.

    Raises
    ------
    ScriptError
        If it is not Python.
    Exception
        Whatever the cell raises.
    """
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    code = compile(_instrumented(name, 1, variables).tree, name, "exec", dont_inherit=True)
    recorded = Recorded()
    with watched(name, 1, variables, recorded):
        exec(code, variables)  # noqa: S102 (it is what running a cell means)
    return recorded


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
    _instrumented(file, line, variables)
    recorder = Recorder(COPIES.sites, RecordingLimits(nodes=MOST_NODES, stops=False))
    own = {id(one): one for one in (*_own_functions(file, variables), *_with_their_files(others))}
    exchanged = COPIES.exchange(own.values())
    recorder.files = set(COPIES.files)
    ending = Ending("finished", "it has come to its end")

    def over() -> None:
        exchange_back(exchanged)
        COPIES.take_back(all_functions())  # those that were made in the meantime
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


def _own_functions(file: str, variables: dict[str, Any]) -> list[FunctionType]:
    """Return the functions of the person's, once their files are instrumented."""
    folder = (Path(file).parent if Path(file).exists() else Path.cwd()).resolve()
    own = [
        one
        for one in all_functions()
        if one.__globals__ is variables or is_below(folder, one.__code__.co_filename)
    ]
    for name, among in {one.__code__.co_filename: one.__globals__ for one in own}.items():
        with suppress(ScriptError):  # what has no source is a library to us
            _instrumented(name, 0, among)
    return own


def _with_their_files(functions: Sequence[FunctionType]) -> list[FunctionType]:
    """Return all functions of the files that some functions stand in, once these are instrumented."""
    files = {one.__code__.co_filename: one.__globals__ for one in functions}
    for name, among in files.items():
        with suppress(ScriptError):  # what has no source has no lines to name
            _instrumented(name, 0, among)
    return [one for one in all_functions() if one.__code__.co_filename in files] if files else []


def _instrumented(file: str, line: int, variables: dict[str, Any]) -> File:
    """Return the file of running code with hooks."""
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file, variables))
    if not text:
        raise refused(file, line, "its source cannot be read", NEEDS_SOURCE)
    try:
        return COPIES.file(file, text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise refused(file, line, f"its source is not Python: {error}", NEEDS_SOURCE) from None


def _code_of(function: Any) -> CodeType:
    """Return the code of a function that can be recorded."""
    plain = inspect.unwrap(function)
    code: CodeType | None = getattr(plain, "__code__", None)
    if code is None:
        what = f"found {type(function).__name__}, expected a function of Python's"
        raise ScriptError(Problem("bpdebug.record", "", what, "put it on a function or a method"))
    file, line = code.co_filename, code.co_firstlineno
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        hint = "put @bpdebug.record on what goes over it"
        raise refused(file, line, "a generator runs after its call has returned", hint)
    if not linecache.getlines(file, plain.__globals__):
        raise refused(file, line, "its source cannot be read", NEEDS_SOURCE)
    return code
