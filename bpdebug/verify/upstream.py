"""What the user's code was fed: one pass over the program with the user's values in it.

A wrong value early makes everything after it differ from the reference. So each tensor is judged by the
values that the user's code had when it came to it, the *upstream* values: the user's own where one is
given; where none is, what the program's statement gives from them; and the reference as long as nothing
before it is the user's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Expression
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import read_only


def upstream_values(
    program: Program, reference: Mapping[str, Array], mine: Mapping[str, Array | Expression]
) -> dict[str, Array]:
    """Return the value of every name of the program as the user's code had it.

    Parameters
    ----------
    program : Program
        The statements.
    reference : mapping
        The values of the program's own run, for every name.
    mine : mapping
        The user's values by name, as arrays or formulas. One of another shape than the program's cannot be
        read by later statements: for them, what the program's own statement gives stands in for it.

    Returns
    -------
    dict
        An array of the program's shape for every name. What nothing of the user's reaches is the very array
        of the reference.
    """
    return _pass(program, reference, mine)[1]


def evaluate_mine(
    program: Program, reference: Mapping[str, Array], mine: Mapping[str, Array | Expression]
) -> dict[str, Array]:
    """Return the user's values with every formula computed from its upstream values.

    A formula that reads its own name reads what the program's own statement gives there. One that reads a
    name which the program computes later reads the user's array of that name, else the reference.

    Parameters
    ----------
    program, reference, mine
        As for `upstream_values`.

    Returns
    -------
    dict
        The names of `mine`, in its order, with their arrays, of whatever shape.

    Raises
    ------
    KeyError
        If a formula reads a name that the program does not have.
    """
    evaluated = _pass(program, reference, mine)[0]
    return {name: evaluated[name] for name in mine}


def own_value(
    program: Program, name: str, values: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Return what the program's own statement gives for a name from `values`; for an input, the reference.

    Where every operand is the very array of the reference, so is the result, and nothing is computed.
    """
    if name in program.inputs:
        return reference[name]
    _, function, operands = program.runnable[program.positions[name] - 1]
    if all(values[operand] is reference[operand] for operand in operands):
        return reference[name]
    with np.errstate(all="ignore"):
        return read_only(function(*[values[operand] for operand in operands]))


def _pass(
    program: Program, reference: Mapping[str, Array], mine: Mapping[str, Array | Expression]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the user's values, all as arrays, and the upstream values of every name."""
    evaluated = {name: value for name, value in mine.items() if isinstance(value, np.ndarray)}
    formulas = {name: value for name, value in mine.items() if not isinstance(value, np.ndarray)}
    values = dict(reference) | {
        name: value for name, value in evaluated.items() if value.shape == program.shapes.get(name)
    }
    for name, shape in program.shapes.items():
        given = evaluated.get(name)
        if given is None or given.shape != shape:
            values[name] = own_value(program, name, values, reference)
        if name in formulas:
            evaluated[name] = read_only(np.asarray(evaluate(formulas[name], values)))
            if evaluated[name].shape == shape:
                values[name] = evaluated[name]
    return evaluated, values
