"""What tensors under unknown names probably are: told by their shapes and values, for the user to confirm.

A wrong gradient still points much the same way as the right one, so among the tensors of its shape the one at
the smallest angle is the likely one. It is a proposal: nothing is judged by it until the user says so.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping
from itertools import islice

import numpy as np

from bpdebug.engine.language.forms import Shape, element_count
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import run
from bpdebug.sources.problems import MAX_LISTED

LONGEST = 400
"""The longest name that is written out, in characters."""
UNKNOWN = "NAME"
"""What stands in a proposal for a tensor that is like none."""


def likely_names(
    unknown: Mapping[str, Array], program: Program, values: Mapping[str, Array], taken: Collection[str]
) -> dict[str, str]:
    """Return which tensor of the program each unknown one is most like; each of ours is given once.

    Parameters
    ----------
    unknown : mapping
        The user's tensors, by their names in the user's code.
    program : Program
        The program whose tensors may be meant.
    values : mapping
        A value for each of its inputs.
    taken : collection of str
        The tensors that are known to be meant by other names.
    """
    reference = run(program, values).values
    trained = {program.index.gradient_of.get(name, "") for name in program.parameters}
    pairs = sorted(
        (place, ours not in trained, -_likeness(laid_out, reference[ours]), theirs, ours)
        for theirs, array in unknown.items()
        for ours in program.shapes
        if ours in program.positions and ours not in taken
        for place, laid_out in as_laid_out(array, program.shapes[ours])
    )
    found: dict[str, str] = {}
    for *_, theirs, ours in pairs:
        if theirs not in found and ours not in found.values():
            found[theirs] = ours
    return found


def as_laid_out(array: Array, shape: Shape) -> Iterator[tuple[int, Array]]:
    """Yield an array in a shape that it may be meant to have, and how far that is from its own shape.

    As it is, or the other way round, or a bias with an axis of length 1 too few or too many.
    """
    if array.shape == shape:
        yield 0, array
    elif array.shape[::-1] == shape:
        yield 1, array.T
    elif 1 < array.size == max(shape, default=1) == max(array.shape) == element_count(shape):
        yield 1, array.reshape(shape)


def _likeness(one: Array, other: Array) -> float:
    """Return the size of the cosine of the angle between two tensors; 0 where there is none."""
    with np.errstate(all="ignore"):
        cosine = np.abs(np.vdot(one, other)) / (np.linalg.norm(one) * np.linalg.norm(other))
    return float(cosine) if np.isfinite(cosine) else 0.0


def proposal(unknown: Collection[str], likely: Mapping[str, str]) -> str:
    """Write what to paste into the command line: `--map g1=dw1 --map g2=db1`.

    Of very many tensors only those are in it that are like one of the program, and no name too long to paste.
    """
    few = unknown if len(unknown) <= MAX_LISTED else [name for name in unknown if name in likely]
    names = islice((name for name in few if len(name) <= LONGEST), MAX_LISTED)
    return " ".join(f"--map {shlex.quote(f'{name}={likely.get(name, UNKNOWN)}')}" for name in names)
