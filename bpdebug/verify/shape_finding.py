"""What a shape that does not fit tells about the mistake: a missing sum, a wrong axis, a transposition."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from bpdebug.engine.language.forms import REDUCTION, Shape, reduced_axes, written
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Statement, calls
from bpdebug.engine.language.shapes import options_of, shape_of
from bpdebug.engine.program.program import Program
from bpdebug.sources.scenario.channels import IMAGES


def shape_finding(name: str, found: Shape, expected: Shape, program: Program) -> str:
    """Say in words how a user's tensor came to a shape that is not the program's.

    Parameters
    ----------
    name : str
        The tensor.
    found, expected : tuple of int
        Its shape in the user's code, and in the program; they differ.
    program : Program
        The program that has a tensor of this name.

    Returns
    -------
    str
        For example `not summed over the batch: (2, 5), expected (2, 1)`. Where several mistakes give the
        same shape, all are named.
    """
    causes = list(dict.fromkeys(_causes(name, found, expected, program)))
    return f"{' or '.join(causes) or 'does not fit'}: {written(found)}, expected {written(expected)}"


def _causes(name: str, found: Shape, expected: Shape, program: Program) -> Iterator[str]:
    if name in program.positions:
        yield from _sums(program.statements[program.positions[name] - 1], found, expected, program)
    if len(found) > 1 and found == expected[::-1]:
        yield "transposed"
    if len(found) == len(IMAGES) and expected == tuple(found[axis] for axis in IMAGES):
        yield 'has its channels last, for which there is axes = "nhwc" in [inputs]'
    if _without_ones(found) == _without_ones(expected):
        if len(found) < len(expected):
            yield "lost an axis of length 1"
        elif len(found) > len(expected):
            yield "has an extra axis of length 1"


def _sums(statement: Statement, found: Shape, expected: Shape, program: Program) -> Iterator[str]:
    """Compare with what the sums of the statement could have given instead."""
    over = "the batch" if statement.of in program.parameters else "the right axis"
    for call in calls(statement.expression):
        operands = [shape_of(argument, program.shapes) for argument in call.arguments]
        if FUNCTIONS[call.function].form is REDUCTION:
            yield from _reductions(call, operands[0], found, over)
        elif call == statement.expression and call.function == "matmul" and over == "the batch":
            # The product of each example for itself: the batch is an axis of its own, first or last.
            terms = operands[0][-1]
            if found in ((terms, *expected), (*expected, terms)):
                yield f"not summed over {over}"


def _reductions(call: Call, operand: Shape, found: Shape, over: str) -> Iterator[str]:
    right = set(reduced_axes(operand, options_of(call).get("axis")))
    for count in range(len(operand) + 1):
        for axes in map(set, combinations(range(len(operand)), count)):
            kept = tuple(1 if axis in axes else extent for axis, extent in enumerate(operand))
            dropped = tuple(extent for axis, extent in enumerate(operand) if axis not in axes)
            if axes != right and found in (kept, dropped):
                yield _wrong_sum(axes, right, over)


def _wrong_sum(axes: set[int], right: set[int], over: str) -> str:
    if not axes:
        return f"not summed over {over}"
    return "summed over too many axes" if axes > right else "summed over the wrong axis"


def _without_ones(shape: Shape) -> Shape:
    return tuple(extent for extent in shape if extent != 1)
