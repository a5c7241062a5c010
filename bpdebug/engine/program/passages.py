"""The passages of a person's own code: what one goes by that is longer than a line.

A pass (forward, backward, update) is divided where the person divided it: by the calls in it, a layer, a time
step, a loss function, each again by the calls in it. A call with a single line of its own, such as an
activation, belongs to what surrounds it, and so does one that no parameter has a part in; a module of a
library is a passage if it has parameters of its own. The loss is a passage of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from bpdebug.engine.language.nodes import CallSite, Name, Statement, names

LOSS = "loss"
"""The role of the statement that computes the loss."""
MOST_CALLS = 50
"""What is called more often within a passage is a part of its arithmetic."""


def passages_of(statements: Sequence[Statement], parameters: Collection[str]) -> tuple[int, ...]:
    """Return for each statement the number of its passage, from 1; statements in a row share it."""
    given, reached = {*parameters}, {*parameters}
    lines = []
    for statement in statements:
        depends = not reached.isdisjoint(names(statement.expression))
        if depends:
            reached.add(statement.name)
        reads = not given.isdisjoint(names(statement.expression))
        lines.append(_Line(statement, statement.source.calls if statement.source else (), depends, reads))
    numbers: list[int] = []
    number = 0
    for _, own in groupby(lines, key=lambda one: one.statement.phase):
        of_phase = [*own]
        loss = next((at for at, one in enumerate(of_phase) if one.statement.role == LOSS), len(of_phase))
        for part in (of_phase[:loss], of_phase[loss:]):
            for length in _divided(part, 0) if part else ():
                number += 1
                numbers += [number] * length
    return tuple(numbers)


class _Line(NamedTuple):
    """A statement, the calls that it ran in, whether it depends on a parameter, and whether it reads one."""

    statement: Statement
    calls: Sequence[CallSite]
    depends: bool
    reads: bool


def _divided(lines: Sequence[_Line], depth: int) -> Iterator[int]:
    """Yield the lengths of the passages of what runs in one call, which lies so deep."""
    runs = list(_runs(lines, depth))
    calls = sum(_is_passage(run, depth) for run in runs)
    if not 0 < calls <= MOST_CALLS:
        yield len(lines)
        return
    lengths: list[int] = []
    was_call = True
    for run in runs:
        if _is_passage(run, depth):
            lengths += _divided(run, depth + 1)
        elif lengths and (not was_call or all(type(one.statement.expression) is Name for one in run)):
            lengths[-1] += len(run)  # what is only passed on belongs to where it comes from
            continue
        else:
            lengths.append(len(run))
        was_call = _is_passage(run, depth)
    yield from lengths


def _is_passage(run: Sequence[_Line], depth: int) -> bool:
    """Whether what runs in a call is more than one line of its own."""
    own: Counter[int] = Counter(len(line.calls) - depth for line in run if line.depends and line.calls)
    is_layer = any(line.reads and len(line.calls) > depth and line.calls[depth].is_module for line in run)
    return (
        own[1] > 1
        or is_layer
        or any(
            _is_passage(inner, depth + 1)
            for inner in _runs(run, depth + 1)
            if len(inner[0].calls) > depth + 1
        )
    )


def _runs(lines: Sequence[_Line], depth: int) -> Iterator[list[_Line]]:
    """Yield what runs in one call, with what the same line does with its result; or between two calls."""
    run: list[_Line] = []
    call = place = 0
    for line in lines:
        number = line.calls[depth].number if len(line.calls) > depth else 0
        source = line.statement.source
        is_result = bool(call) and not number and source is not None and source.line == place
        if run and number != call and not is_result:
            yield run
            run = []
        if not is_result:
            call, place = number, line.calls[depth].line if number else 0
        run.append(line)
    if run:
        yield run
