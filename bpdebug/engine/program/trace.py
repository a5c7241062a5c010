"""A trace: what every statement of a program gave, frozen. The debugger only moves through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.program.program import Program


class Step(NamedTuple):
    """One executed statement: its number from 1, and its value, read-only."""

    number: int
    statement: Statement
    value: Array


class Trace(NamedTuple):
    """A run of a whole program: every tensor that it read or wrote.

    Attributes
    ----------
    program : Program
        What ran.
    values : mapping
        Every tensor by name, inputs and results, read-only.
    """

    program: Program
    values: Mapping[str, Array]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every executed statement with its value, in order."""
        statements = enumerate(self.program.statements, start=1)
        return tuple(Step(number, statement, self.values[statement.name]) for number, statement in statements)


def run(program: Program, inputs: Mapping[str, Array]) -> Trace:
    """Compute every statement of a program, in order.

    Parameters
    ----------
    program : Program
        What to run.
    inputs : mapping
        A value for each of the program's inputs, with the shape that the program says.

    Returns
    -------
    Trace
        All values. Not-a-number and infinity are values like others, and no warning is issued.

    Raises
    ------
    KeyError
        If an input has no value.
    """
    # What the caller could still change is copied: a trace is history.
    values = {
        name: read_only(value.copy() if value.flags.writeable else value)
        for name, value in ((name, np.asarray(inputs[name])) for name in program.inputs)
    }
    with np.errstate(all="ignore"):
        for result, function, operands in program.runnable:
            values[result] = recorded(function(*[values[name] for name in operands]))
    return Trace(program, values)


def recorded(value: Array) -> Array:
    """Make a result read-only: in place if it is its own, else as a view, because others may have it."""
    value = np.asarray(value)
    if not value.flags.owndata:
        return read_only(value)
    value.setflags(write=False)
    return value


def read_only(value: Array) -> Array:
    """Return a view of an array through which nothing can be written."""
    view = np.asarray(value).view()
    view.setflags(write=False)
    return view
