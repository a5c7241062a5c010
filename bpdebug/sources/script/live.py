"""Recording from Python, in a program that runs: `@bpdebug.record`, and `with bpdebug.recording()`.

@bpdebug.record
def step(x, y): ...

step(x, y)                      # does and returns what it did; this call was recorded
bpdebug.check(step.case)        # the case of the last call

with bpdebug.recording() as recording:
loss = net.train(x, y)
bpdebug.open(recording.case)
"""

from __future__ import annotations

import functools
import inspect
import linecache
import sys
from collections.abc import Callable
from types import CodeType, FrameType, MethodType
from typing import Any

from bpdebug.errors import Problem, ScriptError
from bpdebug.sources.script.blocks import block_at, refused, runnable
from bpdebug.sources.script.recorder.tracebacks import without_own
from bpdebug.sources.script.watched import NEEDS_SOURCE, Recorded, instrumented, is_watched, watched


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
        tree = instrumented(file, line, frame.f_globals).tree
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
    code = compile(instrumented(name, 1, variables).tree, name, "exec", dont_inherit=True)
    recorded = Recorded()
    with watched(name, 1, variables, recorded):
        exec(code, variables)  # noqa: S102 (it is what running a cell means)
    return recorded


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
