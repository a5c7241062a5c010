"""A trace as strict JSON, from which every number comes back exactly.

JSON has no words for what is not a number: NaN, Infinity and -Infinity are written as strings. A number
of a small dtype is written as the float64 that equals it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.trace import Step, Trace
from bpdebug.sources.case import Case

FORMAT = "bpdebug-trace"
VERSION = 1
PIECE = 2**16
"""So many numbers are turned into text at once."""


def json_trace(scenario: Case, trace: Trace) -> Iterator[str]:
    """Yield the pieces of one JSON document, an input or a step a line."""
    head = {"title": scenario.title, "layout": scenario.layout, "dtype": scenario.dtype}
    yield f'{{"format": {_text(FORMAT)}, "version": {VERSION}, "scenario": {_text(head)},\n"inputs": {{'
    for number, name in enumerate(trace.program.inputs):
        value = trace.values[name]
        yield f'{"," if number else ""}\n{_text(name)}: {{"shape": {_text(value.shape)}, "value": '
        yield from _value(value)
        yield "}"
    yield '\n},\n"steps": ['
    for number, step in enumerate(trace.steps):
        yield f'{"," if number else ""}\n{_text(_head(trace, step))[:-1]}, "value": '
        yield from _value(step.value)
        yield "}"
    yield "\n]}\n"


def _head(trace: Trace, step: Step) -> dict[str, Any]:
    statement = step.statement
    return _place(statement) | {
        "index": step.number,
        "phase": statement.phase,
        "layer": statement.layer,
        "role": statement.role,
        "name": statement.name,
        "statement": statement_text(statement),
        "rule": trace.program.rule_of(statement),
        "shape": step.value.shape,
    }


def _place(statement: Statement) -> dict[str, Any]:
    """Return where a statement stands in a person's own code; nothing where it was written in a scenario."""
    source = statement.source
    if source is None:
        return {}
    return {
        "file": source.file,
        "line": source.line,
        "end_line": source.end_line,
        "columns": source.columns,
        "code": source.code,
        "names": [statement.name],
        "function": source.calls[-1].function if source.calls else "",
        "turns": source.turns,
    }


def _value(value: Array) -> Iterator[str]:
    if value.ndim == 0 or value.size <= PIECE:
        yield _text(json_numbers(value))
    elif value.ndim == 1:
        for start in range(0, len(value), PIECE):
            yield (", " if start else "[") + _text(json_numbers(value[start : start + PIECE]))[1:-1]
        yield "]"
    else:
        for number, part in enumerate(value):
            yield ", " if number else "["
            yield from _value(part)
        yield "]"


def json_numbers(value: Array) -> Any:
    """Return the numbers as Python's own, with words in the place of those that JSON does not have."""
    if np.isfinite(value).all():
        return value.tolist()
    words = value.astype(object)
    words[np.isnan(value)] = "NaN"
    words[np.isposinf(value)] = "Infinity"
    words[np.isneginf(value)] = "-Infinity"
    return words.tolist()


def _text(value: Any) -> str:
    return json.dumps(value, allow_nan=False)
