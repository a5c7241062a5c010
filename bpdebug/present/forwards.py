"""What an element feeds, for the reader: which statements, and which of their elements."""

from __future__ import annotations

from collections.abc import Mapping

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.nodes import names
from bpdebug.engine.language.provenance.forwards import Fed, fed_elements
from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.engine.language.provenance.regions import RegionReader
from bpdebug.present.explaining import Selection

MOST_NAMED = 8
"""More statements than this are counted."""


def fed_by(debugger: Debugger, selection: Selection) -> Mapping[str, Fed]:
    """Return, for each tensor that a statement computes from an element, the elements that it feeds."""
    program, values = debugger.program, debugger.trace.values
    found: dict[str, Fed] = {}
    for position in program.index.uses.get(selection.name, ()):
        statement = program.statements[position - 1]
        operands = {name: values[name] for name in names(statement.expression)}
        reader = RegionReader(operands, {name: value.shape for name, value in operands.items()})
        fed = fed_elements(reader, statement.expression, selection.name, selection.index)
        if fed.elements:
            found[statement.name] = fed
    return found


def fed_text(debugger: Debugger, selection: Selection, fed: Mapping[str, Fed]) -> str:
    """Say what an element feeds: `z1[0,0] feeds a1[0,0] (step 2), dz1[0,0] (step 9)`."""
    element = element_text(selection.name, selection.index)
    if not fed:
        return f"{element} feeds nothing: no later statement reads it"

    def written(name: str, own: Fed) -> str:
        count, more = len(own.elements), "" if own.complete else "+"
        what = element_text(name, own.elements[0]) if count == 1 else f"{count}{more} elements of {name}"
        return f"{what} (step {debugger.program.positions[name]})"

    parts = [written(name, own) for name, own in fed.items()]
    rest = [f"and {len(parts) - MOST_NAMED} more"] * (len(parts) > MOST_NAMED)
    return f"{element} feeds {', '.join([*parts[:MOST_NAMED], *rest])}"
