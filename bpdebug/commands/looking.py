"""Commands that look at the program and its numbers, and change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from bpdebug.commands.command import Answer, Command
from bpdebug.commands.movement import read_position
from bpdebug.commands.session import Session
from bpdebug.commands.stops import breakpoint_data, breakpoint_text, watch_answer
from bpdebug.commands.values import value_data, value_text
from bpdebug.engine.debug.conditions import is_truth, read_expression
from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.nodes import Call, Expression, Name, Subscript
from bpdebug.engine.language.printing import shape_text, shown_text, statement_text
from bpdebug.engine.language.provenance.origins import element_text, origin_of
from bpdebug.engine.language.shapes import shape_of
from bpdebug.errors import BpdebugError

AROUND = 5
"""So many statements before and after the current one are listed."""
DIGITS = 6


def _print(session: Session, text: str) -> Answer:
    expression = read_expression(_wanted(text, "print dw1"), session.debugger.program)
    value = session.debugger.evaluate(expression)
    return Answer(
        (f"{text} = {value_text(value, is_truth(expression))}",), {"expression": text, **value_data(value)}
    )


def _shape(session: Session, text: str) -> Answer:
    program = session.debugger.program
    shape = shape_of(read_expression(_wanted(text, "shape dw1"), program), program.shapes)
    return Answer((f"{text} {shape_text(shape)}",), {"expression": text, "shape": list(shape)})


def _wanted(text: str, example: str) -> str:
    if not text:
        raise BpdebugError(f"nothing is named: write for example `{example}`")
    return text


def read_element(text: str, debugger: Debugger) -> tuple[str, Subscript]:
    """Read a tensor that there is, or a part of it: `dw1[0, 1]`; of a variable, the version of this moment.

    Raises
    ------
    BpdebugError
        If it is anything else.
    """
    expression = debugger.here(read_expression(text, debugger.program))
    if isinstance(expression, Name):
        return expression.id, ()
    if (
        isinstance(expression, Call)
        and expression.function == "subscript"
        and isinstance(tensor := expression.arguments[0], Name)
    ):
        return tensor.id, subscript_of(expression)
    raise BpdebugError(f"expected a tensor or a part of one, as dw1[0, 1]: found {text}")


def subscript_of(expression: Expression) -> Subscript:
    """Return the index of a subscript."""
    assert isinstance(expression, Call)
    return dict(expression.options)["index"]  # type: ignore[return-value]


def _explain(session: Session, text: str) -> Answer:
    debugger = session.debugger
    name, index = read_element(_wanted(text, "explain dw1[0, 1]"), debugger)
    value = debugger.evaluate(Name(name))
    if len(index) != value.ndim or not all(isinstance(part, int) for part in index):
        raise BpdebugError(f"one element is explained at a time: {name} has shape {value.shape}")
    element = tuple(int(part) % extent for part, extent in zip(index, value.shape, strict=True))  # type: ignore[arg-type]
    written = element_text(name, element)
    if debugger.is_replaced(name, element):
        return Answer((f"{written} was set",), {"element": written, "sources": []})
    if name in debugger.program.inputs:
        return Answer((f"{written} is given",), {"element": written, "sources": []})
    expression = debugger.program.statements[debugger.program.positions[name] - 1].expression
    origin = origin_of(name, expression, element, value, debugger.trace.values, DIGITS)
    sources = [
        {"name": source.name, "region": [_bounds(part) for part in source.region]}
        for source in origin.sources
    ]
    data = {"element": written, "symbols": origin.symbols, "numbers": origin.numbers, "sources": sources}
    return Answer((str(origin),), {**data, **value_data(value[element])})


def _bounds(part: slice) -> list[int]:
    """Return what a slice of a region is: its start and stop, and its step where it has holes."""
    return [part.start, part.stop] if part.step in (None, 1) else [part.start, part.stop, part.step]


def _list(session: Session, text: str) -> Answer:
    debugger = session.debugger
    middle = read_position(text, debugger) if text else debugger.position
    if middle > debugger.last:
        raise BpdebugError(f"there is no step {middle}: the program has steps 0 to {debugger.last}")
    numbers = range(max(1, middle - AROUND), min(debugger.last, middle + AROUND) + 1)
    lines, listed = [], []
    for number in numbers:
        statement = debugger.program.statements[number - 1]
        marks = ("b" if debugger.breakpoints.at(number) else " ") + " >"[number == debugger.position]
        shape = shape_text(debugger.program.shapes[statement.name])
        lines.append(f"{marks}{number:4} {shown_text(statement)} ({shape})")
        listed.append({"position": number, "statement": statement_text(statement)})
    return Answer(tuple(lines), {"position": debugger.position, "statements": listed})


def _info_breakpoints(session: Session) -> Answer:
    found = list(session.debugger.breakpoints)
    lines = tuple(map(breakpoint_text, found)) or ("no breakpoints",)
    return Answer(lines, {"breakpoints": [breakpoint_data(one) for one in found]})


def _info_watches(session: Session) -> Answer:
    answers = [watch_answer(session, watch.number) for watch in session.debugger.watches]
    lines = tuple(line for answer in answers for line in answer.lines) or ("no watches",)
    return Answer(lines, {"watches": [dict(answer.data) for answer in answers]})


def _info_tensors(session: Session) -> Answer:
    debugger = session.debugger
    lines, tensors = [], []
    for name, shape in debugger.program.shapes.items():
        value = debugger.value(name)
        if value is None:
            state = f"not computed yet, step {debugger.program.positions[name]} writes it"
        else:
            with np.errstate(all="ignore"):
                state = f"from {value_text(value.min())} to {value_text(value.max())}"
        lines.append(f"{name} {shape_text(shape)} {state}")
        tensors.append({"name": name, "shape": list(shape), "known": value is not None})
    return Answer(tuple(lines), {"tensors": tensors})


def _info_health(session: Session) -> Answer:
    # What only passes a NaN on is told with the tensor in which it arose.
    findings = [one for one in session.debugger.findings if one.is_producer or not one.origin]
    lines = tuple(f"step {one.position} {one.condition}: {one.text}. {one.advice}" for one in findings)
    data = [
        {"position": one.position, "condition": one.condition, "name": one.tensor, "text": one.text}
        for one in findings
    ]
    return Answer(lines or ("nothing is wrong with the health of this run",), {"findings": data})


def _info_output(session: Session) -> Answer:
    script = session.scenario.script
    text = script.output if script is not None else ""
    return Answer(tuple(text.splitlines()) or ("nothing was printed",), {"output": text})


TOPICS: Mapping[str, Callable[[Session], Answer]] = {
    "breakpoints": _info_breakpoints,
    "watches": _info_watches,
    "tensors": _info_tensors,
    "health": _info_health,
    "output": _info_output,
}


def _info(session: Session, text: str) -> Answer:
    found = [topic for topic in TOPICS if text and topic.startswith(text)]
    if len(found) != 1:
        raise BpdebugError(
            f"expected one of {', '.join(TOPICS)}: found {text or 'nothing'}{suggestion(text, TOPICS)}"
        )
    return TOPICS[found[0]](session)


ENTRIES = (
    Command("print", "EXPR", "Show the value of an expression, now.", _print, "p", "expressions"),
    Command("shape", "EXPR", "Show a shape; it is known before anything runs.", _shape, "", "expressions"),
    Command("explain", "NAME[i,j]", "Say where one element comes from.", _explain, "x", "tensors"),
    Command(
        "list", "[N|NAME]", "List the statements around the current one, or another.", _list, "l", "places"
    ),
    Command(
        "info", "|".join(TOPICS), "List what there is, or what the script printed.", _info, "i", "topics"
    ),
)
