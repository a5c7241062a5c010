"""Common origins: wrong tensors that no edit explains, and what they all follow from.

A wrong `dz1` that was not given is in `dw1` and in `db1`, and where no small edit says what it is, one fault
is still likelier than two. It is where all of them come from and nothing that is right does. The backward
pass is linear in every gradient: whether any value of that one gives them all is a system of equations.
What is wrong in a loop is wrong at each of its steps: they are one place, told at the first one that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import takewhile

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import names
from bpdebug.engine.program.program import Program
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.arising import is_hidden
from bpdebug.verify.shared_faults import FEWEST

MOST_UNKNOWNS = 256
"""Of a tensor with more elements, one value or another is taken to give what follows from it."""
MOST_PATHS = 200_000
"""Where more tensors were given, of more statements, to follow all paths between them takes too long."""


def common_origins(
    program: Program,
    unexplained: Collection[str],
    mine: Mapping[str, Array],
    fed: Mapping[str, Array],
    is_right: Callable[[str, Array], bool],
    allowance: Allowance,
) -> Iterator[tuple[str, list[str]]]:
    """Yield what was not given but is wrong, and the unexplained tensors that follow from it.

    Parameters
    ----------
    program : Program
        The right program.
    unexplained : collection of str
        The wrong tensors that nothing explains.
    mine : mapping
        All tensors that the user gave.
    fed : mapping
        What the user's formulas were fed, of all names.
    is_right : callable
        (tensor, value) -> whether the user has this value.
    allowance : Allowance
        How long it may take.
    """
    if len(mine) * len(program.statements) > MOST_PATHS:
        return
    above = {name: _hidden_above(program, name, mine) for name in mine if name in program.positions}
    settled = {hidden for name, found in above.items() if name not in unexplained for hidden in found}
    left = [name for name in unexplained if np.isfinite(mine[name]).all()]
    steps: dict[str, list[str]] = {}
    for one in program.statements:
        if one.phase == "backward" and not one.part and one.name not in settled:
            steps.setdefault(program.index.series(one.name), []).append(one.name)
    places = [*steps.values()]
    while places and len(left) >= FEWEST and not allowance.is_over:
        shown = [[name for name in left if not above[name].isdisjoint(place)] for place in places]
        chosen = max(range(len(places)), key=lambda at: (len(shown[at]), program.positions[places[at][-1]]))
        origin, tensors = places[chosen], shown[chosen]
        if len(tensors) < FEWEST:
            return
        if _follow(program, origin, tensors, mine, fed, is_right, allowance):
            yield origin[0], tensors
            left = [name for name in left if name not in tensors]
            places = [*steps.values()]
        else:
            places.remove(origin)


def _hidden_above(program: Program, name: str, given: Collection[str]) -> set[str]:
    """Return the gradients that were not given and that a tensor is computed from."""
    found, waiting = set[str](), [name]
    while waiting:
        statement = program.index.statement(waiting.pop())
        hidden = names(statement.expression) if statement else ()
        new = {one for one in hidden if is_hidden(program, one, given)} - found
        found |= new
        waiting += new
    return found


def _follow(
    program: Program,
    origin: Sequence[str],
    tensors: Collection[str],
    mine: Mapping[str, Array],
    fed: Mapping[str, Array],
    is_right: Callable[[str, Array], bool],
    allowance: Allowance,
) -> bool:
    """Whether one value of the origin, at each of its steps, gives all the tensors."""
    ends = np.cumsum([fed[name].size for name in origin])
    if ends[-1] > MOST_UNKNOWNS:
        return True
    unit, last = np.eye(ends[-1]), max(program.positions[name] for name in tensors)
    after = [one for one in program.runnable[program.positions[origin[0]] : last] if one[0] not in origin]

    def following(value: Array) -> Array:
        parts = zip(origin, np.split(value, ends[:-1]), strict=True)
        values = {**fed} | {name: part.reshape(program.shapes[name]) for name, part in parts}
        given = dict[str, Array]()
        with np.errstate(all="ignore"):
            for name, function, operands in after:
                # The user's own is what later statements were fed.
                (given if name in mine else values)[name] = function(*[values[read] for read in operands])
        return np.concatenate([np.ravel(given[name]) for name in tensors])

    rest = following(np.zeros(len(unit)))
    columns = [following(one) - rest for one in takewhile(lambda one: not allowance.is_over, unit)]
    if len(columns) < len(unit):
        return False
    slopes = np.stack(columns, axis=1)
    wanted = np.concatenate([mine[name].ravel() for name in tensors])
    found = slopes @ np.linalg.lstsq(slopes, wanted - rest)[0] + rest
    parts = np.split(found, np.cumsum([mine[name].size for name in tensors])[:-1])
    return all(
        is_right(name, part.reshape(mine[name].shape)) for name, part in zip(tensors, parts, strict=True)
    )
