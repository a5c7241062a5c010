"""A trace as text for a person at a terminal: what is given, then every step with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill, indent

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.printing import shape_text, statement_text
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import Trace
from bpdebug.export.array_text import WIDTH, array_text
from bpdebug.sources.case import Case

INDENT = " " * 6
WIDEST = 160
"""The widest cell that a column is as wide as: what is longer, as a sum of thousands, stands out."""


def text_trace(scenario: Case, trace: Trace) -> Iterator[str]:
    """Yield the text in pieces, a tensor or a step each."""
    yield f"{scenario.title}\n"
    if scenario.about:
        yield f"{fill(scenario.about, WIDTH)}\n"
    if scenario.script is not None:
        yield from (f"{sentence}\n" for sentence in scenario.script.sentences)
    layout = f"layout {scenario.layout}, " if scenario.layout else ""
    yield f"{layout}dtype {scenario.dtype}\n\ngiven\n"
    for name in trace.program.inputs:
        value = trace.values[name]
        yield f"  {name}  {shape_text(value.shape)}\n{_numbers(value)}\n"
    phase = ""
    for step, line in zip(trace.steps, _aligned(trace.program), strict=True):
        if step.statement.phase != phase:
            phase = step.statement.phase
            yield f"\n{phase}\n"
        yield f"{line}\n{_numbers(step.value)}\n"


def _aligned(program: Program) -> Iterator[str]:
    """Yield a line for each statement: its number, layer, text, shape and rule, column under column."""
    rows = []
    for number, statement in enumerate(program.statements, start=1):
        layer = program.block_of(statement)
        place = layer.place if layer else _line(statement)
        shape = shape_text(program.shapes[statement.name])
        rows.append((f"{number:3}", place, statement_text(statement), shape, program.rule_of(statement)))
    widths = [
        max((len(cell) for cell in column if len(cell) <= WIDEST), default=0)
        for column in zip(*rows, strict=True)
    ]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _line(statement: Statement) -> str:
    """Write where a statement stands in a person's own code."""
    source = statement.source
    return f"{source.file}:{source.line}" if source else ""


def _numbers(value: Array) -> str:
    return indent(array_text(value), INDENT)
