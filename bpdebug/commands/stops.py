"""Commands for breakpoints and watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bpdebug.commands.command import Answer, Command
from bpdebug.commands.movement import is_number
from bpdebug.commands.session import Session
from bpdebug.commands.values import watch_text, watch_value
from bpdebug.engine.debug.breakpoints import Breakpoint
from bpdebug.engine.debug.numbered import Numbered
from bpdebug.errors import BpdebugError


def breakpoint_text(found: Breakpoint) -> str:
    """Write a breakpoint as a list shows it: `1 dw1 if norm(dw1) > 10 (once, disabled, 2 hits)`."""
    hits = f"{found.hits} hit{'s' * (found.hits != 1)}"
    marks = [*["once"] * found.once, *["disabled"] * (not found.enabled), hits]
    return f"{found.number} {found.text} ({', '.join(marks)})"


def breakpoint_data(found: Breakpoint) -> dict[str, Any]:
    """Return a breakpoint as JSON knows it."""
    return {
        "number": found.number,
        "text": found.text,
        "enabled": found.enabled,
        "once": found.once,
        "hits": found.hits,
    }


def _answer(found: Sequence[Breakpoint], words: str) -> Answer:
    lines = tuple(f"{words} {breakpoint_text(one)}" for one in found)
    return Answer(lines, {"breakpoints": [breakpoint_data(one) for one in found]})


def _break(once: bool) -> Callable[[Session, str], Answer]:
    def run(session: Session, text: str) -> Answer:
        if not text:
            if session.debugger.position == 0:
                raise BpdebugError(
                    "nothing has run yet: write for example `break dw1` or `break norm(dw1) > 10`"
                )
            text = str(session.debugger.position)
        return _answer([session.debugger.breakpoints.add(text, once)], "breakpoint")

    return run


def _rebreak(session: Session, text: str) -> Answer:
    number, _, place = text.partition(" ")
    return _answer([session.debugger.breakpoints.change(read_number(number), place)], "breakpoint")


def _condition(session: Session, text: str) -> Answer:
    number, _, condition = text.partition(" ")
    found = session.debugger.breakpoints.set_condition(read_number(number), condition)
    return _answer([found], "breakpoint")


def _each(change: Callable[[Session, int], Breakpoint], words: str) -> Callable[[Session, str], Answer]:
    """Make a command for the breakpoints that it names, or for all of them."""

    def run(session: Session, text: str) -> Answer:
        numbers = _named(session.debugger.breakpoints, text)
        return _answer([change(session, number) for number in numbers], words)

    return run


def _named(entries: Numbered[Any], text: str) -> tuple[int, ...]:
    """Return the numbers of the entries that a command names, or of all; each of them exists."""
    numbers = tuple(dict.fromkeys(read_number(word) for word in text.split()))
    if not (numbers or entries):
        raise BpdebugError(f"there are no {entries.NOUNS}")
    for number in numbers:
        entries[number]
    return numbers or entries.numbers


def read_number(text: str) -> int:
    """Read the number of a breakpoint or a watch.

    Raises
    ------
    BpdebugError
        If it is none.
    """
    if not is_number(text):
        raise BpdebugError(f"expected a number: found {text or 'nothing'}")
    return int(text)


def _watch(session: Session, text: str) -> Answer:
    if not text:
        raise BpdebugError("nothing to watch: write for example `watch norm(dw1)`")
    watch = session.debugger.watches.add(text)
    return watch_answer(session, watch.number)


def _rewatch(session: Session, text: str) -> Answer:
    number, _, expression = text.partition(" ")
    return watch_answer(session, session.debugger.watches.change(read_number(number), expression).number)


def watch_answer(session: Session, number: int) -> Answer:
    """Say what a watch shows now."""
    watch = session.debugger.watches[number]
    value = watch_value(session.debugger, watch)
    line = f"watch {watch.number} {watch.text} {watch_text(watch.expression, value)}"
    return Answer((line,), {"number": watch.number, "expression": watch.text, **value.data})


def _unwatch(session: Session, text: str) -> Answer:
    removed = [session.debugger.watches.remove(number) for number in _named(session.debugger.watches, text)]
    lines = tuple(f"removed watch {watch.number} {watch.text}" for watch in removed)
    return Answer(lines, {"watches": [watch.number for watch in removed]})


PLACE = "[N|NAME|layer N|PHASE|ROLE|HEALTH|CONDITION] [if CONDITION]"
ENTRIES = (
    Command(
        "break",
        PLACE,
        "Stop at a step, a tensor, a layer, a pass, a role, a sickness, or where a condition holds.",
        _break(once=False),
        "b",
        "places",
    ),
    Command("tbreak", PLACE, "Stop there once.", _break(once=True), "tb", "places"),
    Command(
        "rebreak", f"N {PLACE}", "Let breakpoint N stop at another place instead.", _rebreak, "", "places"
    ),
    Command(
        "condition",
        "N [EXPR]",
        "Give breakpoint N a condition, or take it away.",
        _condition,
        "cond",
        "expressions",
    ),
    Command(
        "enable",
        "[N ...]",
        "Let breakpoints stop again; without a number, all of them.",
        _each(lambda session, number: session.debugger.breakpoints.set_enabled(number, True), "enabled"),
    ),
    Command(
        "disable",
        "[N ...]",
        "Let breakpoints stop nothing; without a number, all of them.",
        _each(lambda session, number: session.debugger.breakpoints.set_enabled(number, False), "disabled"),
    ),
    Command(
        "delete",
        "[N ...]",
        "Remove breakpoints; without a number, all of them.",
        _each(lambda session, number: session.debugger.breakpoints.remove(number), "removed"),
        "d",
    ),
    Command("watch", "EXPR", "Show an expression at every step.", _watch, "w", "expressions"),
    Command("rewatch", "N EXPR", "Show another expression in watch N.", _rewatch, "", "expressions"),
    Command("unwatch", "[N ...]", "Remove watches; without a number, all of them.", _unwatch),
)
