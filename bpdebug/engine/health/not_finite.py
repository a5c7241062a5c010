"""NaN and infinities: where they arise, and which tensors only pass them on.

A tensor that is not finite though all its operands are has produced the trouble, and so has an input
that was given so; every other one has taken it over. The producer is the one to mend, and the
operation that went wrong there can be written down with its numbers: `log(p[0,2]) = log(0) = -inf`.
The −∞ that a mask writes is no trouble: it is there to become a 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpdebug.engine.health.finding import Symptom
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Statement, names
from bpdebug.engine.language.provenance.origins import element_text, origin_of
from bpdebug.engine.language.provenance.regions import Index, RegionReader, cell_of, point
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.trace import Trace


def symptoms(trace: Trace) -> Iterator[Symptom]:
    """Yield every tensor with a NaN or an infinity, and the tensor in which that arose.

    Where several operands bring it along, the origin is the one that arose first.
    """
    ranks: dict[str, int] = {}
    origins: dict[str, str] = {}
    for name in trace.program.inputs:
        if not np.isfinite(trace.values[name]).all():
            ranks[name], origins[name] = len(ranks), name
            yield Symptom(name, f"{_contents(name, trace.values[name])}; it is given so", name)
    for statement in trace.program.statements:
        name, value = statement.name, trace.values[statement.name]
        if np.isfinite(value).all():
            continue
        inherited = {origins[operand] for operand in names(statement.expression) if operand in origins}
        if not inherited and name in trace.program.masks and (value < np.inf).all():
            continue
        origins[name] = min(inherited, key=ranks.__getitem__, default=name)
        if inherited:
            yield Symptom(name, f"{_contents(name, value)}, passed on from {origins[name]}", origins[name])
        else:
            ranks[name] = len(ranks)
            yield Symptom(name, f"{_contents(name, value)}{_operation(statement, value, trace)}", name)


def _contents(name: str, value: Array) -> str:
    """Count what is not finite, and say where the first of it is: `z2 has 2 NaN, first at z2[0,3]`."""
    nan, infinite = int(np.isnan(value).sum()), int(np.isinf(value).sum())
    counts = [f"{nan} NaN"] if nan else []
    counts += [f"{infinite} {'infinity' if infinite == 1 else 'infinities'}"] if infinite else []
    where = f", first at {element_text(name, _first_not_finite(value))}" if value.ndim else ""
    return f"{name} has {' and '.join(counts)}{where}"


def _first_not_finite(value: Array) -> Index:
    return tuple(int(i) for i in np.unravel_index(np.argmin(np.isfinite(value)), value.shape))


def _operation(statement: Statement, value: Array, trace: Trace) -> str:
    """Write the operation that gave the first element that is not finite, with its operands."""
    if not isinstance(statement.expression, Call):
        return ""
    reader = RegionReader(trace.values, trace.program.shapes)
    call, index = _where_it_arose(statement.expression, _first_not_finite(value), reader)
    # Of an inner result only this element is computed; the view gives it the shape of the whole.
    element = value[index] if call is statement.expression else reader.value(call, point(index))
    result = np.broadcast_to(np.asarray(element).reshape(()), shape_of(call, trace.program.shapes))
    origin = origin_of("", call, index, result, trace.values)
    return ": " + " = ".join(dict.fromkeys((origin.symbols, origin.numbers, origin.total)))


def _where_it_arose(call: Call, index: Index, reader: RegionReader) -> tuple[Call, Index]:
    """Go down from an element that is not finite to the innermost call whose own operands are finite."""
    for argument, region in zip(call.arguments, reader.operand_regions(call, point(index)), strict=True):
        if isinstance(argument, Call):
            part = reader.value(argument, region)
            if not np.isfinite(part).all():
                return _where_it_arose(argument, cell_of(region, _first_not_finite(part)), reader)
    return call, index
