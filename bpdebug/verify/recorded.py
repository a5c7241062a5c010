"""A recorded program as a scenario to check: its forward pass derived anew, its own gradients as mine.

A recording that was saved has no script to run again. But its statements are there: those of the forward pass
are derived anew, and the gradients that were recorded are held to that.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from bpdebug.engine.language.nodes import names
from bpdebug.engine.program.passages import LOSS
from bpdebug.engine.program.program import with_backward
from bpdebug.engine.program.trace import read_only, run
from bpdebug.errors import BpdebugError
from bpdebug.sources.case import Case


def as_scenario(case: Case) -> Case:
    """Return a case whose backward pass is derived, and which has the recorded gradients as `mine`.

    Parameters
    ----------
    case : Case
        One that was recorded.

    Raises
    ------
    BpdebugError
        If it has no loss, or no gradient of a parameter.
    """
    program = case.program
    forward = [one for one in program.statements if one.phase == "forward"]
    loss = next((one.name for one in forward if one.role == LOSS), "")
    recorded = {one.of: one.name for one in program.statements if one.phase == "backward" and one.of}
    if not loss or not recorded:
        raise BpdebugError(f"{case.source}: found no loss with gradients, expected a recording of a training")
    forward = forward[: [one.name for one in forward].index(loss) + 1]
    read = {name for one in forward for name in names(one.expression)}
    inputs = {name: shape for name, shape in program.inputs.items() if name in read}
    computed = {one.name for one in forward} | inputs.keys()
    forward = [one for one in forward if set(names(one.expression)) <= computed]
    wanted = [name for name in recorded if name in inputs]
    derived = with_backward(inputs, forward, loss, parameters=wanted, wanted=wanted)
    values = run(program, case.values).values
    gradient_of = derived.index.gradient_of
    mine = {gradient_of[name]: read_only(values[recorded[name]]) for name in wanted if name in gradient_of}
    ones = {name: np.ones(derived.inputs[name]) for name in derived.incoming}
    given = {name: case.values[name] for name in inputs} | {
        name: read_only(one) for name, one in ones.items()
    }
    return replace(case, program=derived, values=MappingProxyType(given), mine=mine)
