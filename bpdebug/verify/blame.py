"""Where first: each of the user's tensors is judged by what it was fed.

A tensor is compared with what its statement gives from the user's own values upstream. So a mistake
early in the backward pass does not light up everything after it, and two independent mistakes are
both found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.verify.comparison import Comparison, Tolerance, agrees, compare
from bpdebug.verify.report import Verdict
from bpdebug.verify.shape_finding import shape_finding
from bpdebug.verify.upstream import upstream_values

CONVENTIONS = {
    "times m": "m times the reference: 1/m is taken at the parameters",
    "divided by m": "the reference divided by m: 1/m is taken at the loss",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one of the user's tensors.

    Attributes
    ----------
    name : str
        The tensor.
    verdict : Verdict
        `right`, `innocent`, `wrong`, or `convention`.
    comparison : Comparison or None
        How it compares with the reference; None where the shapes differ.
    note : str
        The shape that does not fit, or where an innocent tensor's fault came from.
    """

    name: str
    verdict: Verdict
    comparison: Comparison | None
    note: str = ""


def judge(
    program: Program,
    reference: Mapping[str, Array],
    mine: Mapping[str, Array],
    tolerance: Tolerance,
    batch: int,
) -> tuple[tuple[Judgement, ...], dict[str, Array]]:
    """Judge the user's tensors.

    Parameters
    ----------
    program : Program
        The right program.
    reference : mapping
        Its values, of all names.
    mine : mapping
        The user's values, of some.
    tolerance : Tolerance
        What counts as equal.
    batch : int
        The size of the batch.

    Returns
    -------
    (judgements, fed) : pair
        A judgement for each of the user's tensors, in the order of the program; and the values that
        their formulas were fed.
    """
    words, factor, convention = mean_elsewhere(program, reference, mine, tolerance, batch)
    # By that convention more or less flows than here; what it feeds is judged without the factor.
    mine = {name: value / factor if name in convention else value for name, value in mine.items()}
    fed = upstream_values(program, reference, mine)
    order = [*program.inputs, *(statement.name for statement in program.statements)]
    judgements: dict[str, Judgement] = {}
    for name in order:
        if name in convention:
            comparison = compare(factor * mine[name], reference[name], tolerance)
            judgements[name] = Judgement(name, "convention", comparison, words)
        elif name in mine:
            judgements[name] = _judged(program, name, reference, mine[name], fed, judgements, tolerance)
    return tuple(judgements.values()), fed


def _judged(
    program: Program,
    name: str,
    reference: Mapping[str, Array],
    mine: Array,
    fed: Mapping[str, Array],
    earlier: Mapping[str, Judgement],
    tolerance: Tolerance,
) -> Judgement:
    if mine.shape != program.shapes[name]:
        return Judgement(name, "wrong", None, shape_finding(name, mine.shape, program.shapes[name], program))
    comparison = compare(mine, reference[name], tolerance)
    if comparison.agrees:
        return Judgement(name, "right", comparison)
    position = program.positions.get(name)
    if position is None:
        return Judgement(name, "wrong", comparison, "it differs from the value that the scenario gives")
    statement = program.statements[position - 1]
    if agrees(mine, np.asarray(evaluate(statement.expression, fed)), tolerance):
        return Judgement(name, "innocent", comparison, _source_of_fault(program, statement, earlier))
    return Judgement(name, "wrong", comparison)


def _source_of_fault(program: Program, statement: Statement, earlier: Mapping[str, Judgement]) -> str:
    """Follow the operands up to the nearest tensor of the user that is wrong itself."""
    waiting, seen = list(names(statement.expression)), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if name in earlier and earlier[name].verdict == "wrong":
            return f"right given what it was fed: the fault came from {name}"
        if name in program.positions:
            waiting += names(program.statements[program.positions[name] - 1].expression)
    return "right given what it was fed"


def mean_elsewhere(
    program: Program,
    reference: Mapping[str, Array],
    mine: Mapping[str, Array],
    tolerance: Tolerance,
    batch: int,
) -> tuple[str, float, frozenset[str]]:
    """Return the gradients that differ from the reference by where the mean over the batch is taken.

    Ng's course keeps the 1/m of a mean loss out of `dz` and puts it into `dw` and `db`: all that flows is m
    times as large, and the parameters' gradients are the same. It is a convention if that holds for all
    that flows and for some parameter; otherwise a factor m is a mistake. Where the program itself follows
    that course, the other convention is recognised in the same way.

    Returns
    -------
    (words, factor, names)
        What to say, by what factor the user's values differ, and those that do; none if it is no convention.
    """
    parameters = {program.index.gradient_of.get(name) for name in program.parameters}
    given = mine.keys() & program.gradients
    flowing, trained = given - parameters, given & parameters
    kind, factor = ("divided by m", 1 / batch) if program.summed else ("times m", float(batch))
    if (
        batch > 1
        and flowing
        and all(agrees(mine[name], factor * reference[name], tolerance) for name in flowing)
        and any(agrees(mine[name], reference[name], tolerance) for name in trained)
    ):
        return CONVENTIONS[kind], factor, frozenset(flowing)
    return "", 1.0, frozenset()
