"""Where the selected element comes from: the debugger's answer, for the Operation card and the panels."""

from __future__ import annotations

from dataclasses import dataclass

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.nodes import Expression
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.language.provenance.origins import Origin, element_text, origin_of
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.present.slicing import nearest
from bpdebug.present.snapshot import result_name
from bpdebug.present.views import View


@dataclass(frozen=True, slots=True)
class Selection:
    """The element whose origin is shown: a tensor, and an index; the nearest element to it is meant."""

    name: str
    index: Index


def explain_element(
    debugger: Debugger, selection: Selection, digits: int, view: View = "run", tabulate: bool = True
) -> Origin | None:
    """Say where the selected element comes from, long sums as tables; None where nothing is to explain."""
    name = selection.name
    trace = debugger.original if view == "original" else debugger.trace
    expression = _expression_behind(debugger, name)
    if debugger.node is not None and name == result_name(debugger):
        value, name = debugger.node_value(), f"({numpy_text(debugger.node)})"
    else:
        value = trace.values[name] if debugger.is_known(name) else None
    if expression is None or value is None or not value.size:
        return None
    index = nearest(selection.index, value.shape)
    if trace is debugger.trace and debugger.is_replaced(name, index):
        return None
    return origin_of(name, expression, index, value, trace.values, digits, tabulate=tabulate)


def set_text(debugger: Debugger, selection: Selection) -> tuple[str, str]:
    """Return the command that sets the selected element of a known tensor, and the value that it has."""
    value = debugger.trace.values[selection.name]
    index = nearest(selection.index, value.shape)
    written = str(value[index])
    is_number = written.strip("+-")[:1].isdigit()  # the language has no word for NaN and infinity
    return f"set {element_text(selection.name, index)} = ", written if is_number else ""


def given_text(debugger: Debugger, selection: Selection, view: View = "run") -> tuple[str, ...]:
    """Say of an element that no statement computes where it comes from."""
    name = selection.name
    if name not in debugger.program.shapes:
        return ()
    shape = debugger.program.shapes[name]
    if 0 in shape:
        return (f"{name} has no elements",)
    index = nearest(selection.index, shape)
    element = element_text(name, index)
    if view != "original" and debugger.is_known(name) and debugger.is_replaced(name, index):
        now, before = debugger.trace.values[name][index], debugger.original.values[name][index]
        same = now == before or (now != now and before != before)
        return (f"{element} is as it was" if same else f"{element} was set: {now}, not {before}",)
    if name not in debugger.program.inputs:
        return ()
    given = "comes in from outside" if name in debugger.program.gradients else "is given"
    return (f"{element} {given}",)


def subject_text(debugger: Debugger, selection: Selection, origin: Origin | None) -> str:
    """Say of an element that the current statement has not written which it is, and when it was written."""
    name = selection.name
    if origin is None or name == result_name(debugger) or name not in debugger.program.positions:
        return ""
    return f"{element_text(name, selection.index)} was written at step {debugger.program.positions[name]}"


def _expression_behind(debugger: Debugger, name: str) -> Expression | None:
    if debugger.node is not None and name == result_name(debugger):
        return debugger.node
    position = debugger.program.positions.get(name)
    return debugger.program.statements[position - 1].expression if position else None
