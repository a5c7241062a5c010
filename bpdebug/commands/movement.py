"""Commands that move through the run. Each answers where one is then, and why it stopped there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpdebug.commands.command import Answer, Command
from bpdebug.commands.session import MAX_DIGITS, Session
from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.debug.places import read_line, versions_written
from bpdebug.engine.debug.stop import Stop
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.printing import numpy_text, shape_text, shown_text
from bpdebug.errors import BpdebugError


def stop_answer(debugger: Debugger, stop: Stop) -> Answer:
    """Say where one is now, and why."""
    place = place_text(debugger)
    reason = stop.text if stop.hits or stop.reason in ("nowhere", "end", "phase") else ""
    data: dict[str, Any] = {
        "iteration": stop.moment.iteration,
        "position": stop.moment.position,
        "node": stop.moment.node,
        "name": debugger.statement.name if debugger.statement else None,
        "reason": stop.reason,
    }
    if stop.hits:
        data["breakpoints"] = [
            {"number": hit.breakpoint.number, "evidence": list(hit.evidence)} for hit in stop.hits
        ]
    return Answer((" | ".join(filter(None, (place, reason))),), data, reason)


def place_text(debugger: Debugger) -> str:
    """Say where one is: `8/12 dw2 = dz2 @ a1.T (2×4)`."""
    where = f"{debugger.position}/{debugger.last}"
    if debugger.timeline.iterations > 1:
        where = f"iteration {debugger.iteration}, {where}"
    statement = debugger.statement
    if statement is None:
        return f"{where} at the start"
    if debugger.node is not None:
        return f"{where} + node {debugger.moment.node} of {statement.name}: {numpy_text(debugger.node)}"
    if statement.source is not None:
        where = f"{where} {statement.source.file}:{statement.source.line}"
    return f"{where} {shown_text(statement)} ({shape_text(debugger.program.shapes[statement.name])})"


def _verb(verb: Callable[[Debugger], Stop]) -> Callable[[Session, str], Answer]:
    def run(session: Session, text: str) -> Answer:
        return stop_answer(session.debugger, verb(session.debugger))

    return run


def _repeated(verb: Callable[[Debugger], Stop]) -> Callable[[Session, str], Answer]:
    def run(session: Session, text: str) -> Answer:
        count = read_count(text)
        stop = verb(session.debugger)
        for _ in range(count - 1):
            if stop.reason == "nowhere":
                break
            stop = verb(session.debugger)
        return stop_answer(session.debugger, stop)

    return run


def read_count(text: str) -> int:
    """Read how often; once, if nothing is said.

    Raises
    ------
    BpdebugError
        If it is no whole number from 1, or one of too many digits.
    """
    if not text:
        return 1
    if not (is_number(text) and int(text) >= 1):
        raise BpdebugError(f"expected how many times, a whole number from 1: found {text}")
    return int(text)


def read_position(text: str, debugger: Debugger) -> int:
    """Read a position: its number, or the tensor that its statement writes.

    In a person's own code a number is a line, `57` or `net.py:57`, and a name a variable: where it runs, or
    is assigned, next, else first. `step 7` is always a position.

    Raises
    ------
    BpdebugError
        If no step writes such a tensor, or the line did not run.
    """
    word, _, number = text.partition(" ")
    if word == "step" and is_number(number):
        return int(number)
    program, here = debugger.program, debugger.position
    if program.is_recorded and text != "0":
        found = read_line(text, program, here) or versions_written(text, program)
        if found:
            return next((position for position in found if position > here), found[0])
    if is_number(text):
        return int(text)
    positions = program.positions
    if text not in positions:
        if text in debugger.program.inputs:
            raise BpdebugError(f"{text} is given: no step writes it")
        raise BpdebugError(
            f"expected a step's number or the tensor that it writes: found {text or 'nothing'}"
            f"{suggestion(text, positions)}"
        )
    return positions[text]


def read_moment(text: str, debugger: Debugger) -> tuple[int, int | None]:
    """Read a position, and before a colon its iteration: `dw1`, `12:dw1`, `12:`.

    Raises
    ------
    BpdebugError
        If either cannot be read.
    """
    iteration, colon, position = text.rpartition(":")
    if not colon or debugger.program.is_recorded:
        return read_position(text, debugger), None
    if not is_number(iteration.strip()):
        raise BpdebugError(f"expected an iteration's number before the colon: found {iteration or 'nothing'}")
    place = read_position(position.strip(), debugger) if position.strip() else debugger.position
    return place, int(iteration)


def is_number(text: str) -> bool:
    """Whether a text is a whole number of a sensible length."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


def _goto(session: Session, text: str) -> Answer:
    return stop_answer(session.debugger, session.debugger.goto(*read_moment(text, session.debugger)))


ENTRIES = (
    Command("step", "[N]", "Run the next statement, or the next N.", _repeated(Debugger.step), "n next"),
    Command("back", "[N]", "Go back by one statement, or by N.", _repeated(Debugger.back)),
    Command("into", "[N]", "Compute one node of the next statement, or N.", _repeated(Debugger.into), "s"),
    Command("out", "", "Finish the statement, or the call, that one is in.", _verb(Debugger.out)),
    Command(
        "next-layer",
        "",
        "Go to the next layer; in your own code, to the next pass or call.",
        _verb(Debugger.next_layer),
    ),
    Command(
        "previous-layer",
        "",
        "Go to the previous layer; in your own code, to the previous pass or call.",
        _verb(Debugger.previous_layer),
    ),
    Command("finish", "", "Run to the end of this pass.", _verb(Debugger.finish_phase), "f"),
    Command("continue", "", "Run to the next breakpoint, or to the end.", _verb(Debugger.continue_), "c"),
    Command(
        "reverse-continue",
        "",
        "Go back to the breakpoint before, or to the start.",
        _verb(Debugger.reverse_continue),
        "rc",
    ),
    Command(
        "next-iteration",
        "[N]",
        "Go to the same statement of the next iteration, or turn of the line, or N further.",
        _repeated(Debugger.next_iteration),
    ),
    Command(
        "previous-iteration",
        "[N]",
        "Go to the same statement of the iteration before, or turn of the line, or N further.",
        _repeated(Debugger.previous_iteration),
    ),
    Command(
        "goto",
        "[ITERATION:]N|NAME",
        "Go to a step, by its number or the tensor it writes.",
        _goto,
        "g",
        "places",
    ),
    Command("restart", "", "Go to the start.", _verb(Debugger.restart)),
    Command("end", "", "Go to the end.", _verb(Debugger.end)),
)
