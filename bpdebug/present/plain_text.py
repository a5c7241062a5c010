"""Where one is, as plain lines: for a screen reader, a terminal that can do nothing else, or a log.

All that the screen says with its arrangement and its colours stands here in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.printing import shape_text, written_number
from bpdebug.present import code_verdicts
from bpdebug.present.explaining import Selection, explain_element, given_text
from bpdebug.present.operation_text import operation_text
from bpdebug.present.snapshot import result_name
from bpdebug.present.verdicts import CheckVerdicts

MAX_SHOWN = 100
"""A tensor with more elements than this is abbreviated."""


def place_text(debugger: Debugger) -> str:
    """Say where one is: `step 12 of 18, backward, layer 2 dense sigmoid`, or `..., net.py line 30`."""
    parts = [f"step {debugger.position} of {debugger.last}"]
    if debugger.timeline.iterations > 1:
        parts.append(f"iteration {debugger.iteration} of {debugger.timeline.iterations}")
    if debugger.moment.node:
        parts.append(f"node {debugger.moment.node} of the next")
    if (statement := debugger.statement) is not None:
        layer = debugger.program.block_of(statement)
        parts += [statement.phase, *([layer.place] if layer else [])]
        if (source := statement.source) is not None:
            parts.append(f"{source.file} line {source.line}")
    return ", ".join(parts)


def step_lines(
    debugger: Debugger, about: str, digits: int, verdicts: CheckVerdicts | code_verdicts.CodeVerdicts | None
) -> Iterator[str]:
    """Yield what there is to say of the current step, a thought a line.

    Parameters
    ----------
    debugger : Debugger
        Where one is.
    about : str
        What is said at the start.
    digits : int
        Significant digits.
    verdicts : CheckVerdicts or CodeVerdicts, optional
        What a check found about the user's own values, or code.
    """
    selection = Selection(result_name(debugger), ())
    origin = explain_element(debugger, selection, digits, tabulate=False)
    sides = origin.sides if origin is not None else given_text(debugger, selection)
    text = operation_text(debugger, about, sides)
    yield place_text(debugger)
    yield from filter(None, (text.code, text.mathematics, text.shapes, text.rule, text.why))
    name = selection.name
    value = debugger.node_value() if debugger.node is not None else debugger.value(name) if name else None
    if value is not None:
        yield f"{text.code if debugger.node is not None else name}, shape {shape_text(value.shape)}:"
        yield from numbers(value, digits)
    if sides:
        yield " = ".join(sides)
    # A check is of the first iteration, and so is what it says.
    if verdicts is not None and debugger.iteration == 1 and debugger.node is None:
        yield from verdicts.words(name, ())


def numbers(value: Array, digits: int) -> list[str]:
    """Write the numbers of a tensor, a row a line."""

    def written(number: Any) -> str:
        return written_number(float(number), digits)

    if value.ndim == 2 and value.size <= MAX_SHOWN:
        return [f"  row {place}: {'  '.join(map(written, row))}" for place, row in enumerate(value)]
    text = np.array2string(value, threshold=MAX_SHOWN, formatter={"float_kind": written, "int_kind": written})
    return text.split("\n")
