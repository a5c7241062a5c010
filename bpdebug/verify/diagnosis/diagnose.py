"""The diagnosis of one wrong tensor: the search for formulas that give the user's numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Number, Statement
from bpdebug.verify.diagnosis.bench import Bench
from bpdebug.verify.diagnosis.describing import Explanations, described
from bpdebug.verify.diagnosis.edits import FormulaEdit
from bpdebug.verify.diagnosis.every_step import AtEveryStep, Loop
from bpdebug.verify.diagnosis.search import FormulaCandidate, search, search_pairs
from bpdebug.verify.diagnosis.written_out import written_out
from bpdebug.verify.report import Diagnosis


def explanations(
    bench: Bench,
    statement: Statement,
    mine: Array,
    values: Mapping[str, Array],
    given: Collection[str],
    rtol: float,
) -> Explanations:
    """Find what was computed instead of a statement.

    Parameters
    ----------
    bench : Bench
        The program.
    statement : Statement
        The statement whose result is wrong.
    mine : array
        The user's result.
    values : mapping
        What the user's formula was fed: all tensors of the program.
    given : collection of str
        The tensors that the user gave. What was not given may hide the mistake, and is written out.
    rtol : float
        How close a formula must come, relative to the largest number.
    """
    values = bench.with_examples(values)
    scope = bench.scope(statement, values)
    batch, formulas = bench.program.batch, written_out(bench.program, statement, given)
    loop = Loop(bench.program, statement, given)
    # What is hidden in the steps of a loop is wrong in all of them, which no formula of one step says.
    looked_at, allowance = formulas[:1] if loop.steps else formulas, bench.allowance
    candidates = search(looked_at, mine, values, scope, batch, rtol, allowance)
    if not candidates and mine.shape == scope.shapes[statement.name] and mine.size and not mine.any():
        candidates = [_zeros(formulas[0][0])]
    if loop.steps and not candidates:
        found = _at_every_step(bench, loop, mine, values, rtol)
        if found:
            return Explanations((), tuple(found), loop)
    candidates = candidates or search_pairs(formulas[0], mine, values, scope, batch, rtol, allowance)
    return Explanations(tuple(candidates))


def diagnose(
    bench: Bench,
    statement: Statement,
    mine: Array,
    values: Mapping[str, Array],
    given: Collection[str],
    rtol: float,
) -> tuple[tuple[Diagnosis, ...], bool]:
    """Find what was computed instead of a statement, and describe it.

    Parameters
    ----------
    bench, statement, mine, values, given, rtol
        As for `explanations`.

    Returns
    -------
    (diagnoses, ambiguous) : pair
        As of `described`.
    """
    return described(bench, explanations(bench, statement, mine, values, given, rtol))


def _at_every_step(
    bench: Bench, loop: Loop, mine: Array, values: Mapping[str, Array], rtol: float
) -> list[tuple[AtEveryStep, float]]:
    """Find what was computed instead at every step of a layer over time."""
    program = bench.program
    scopes = {
        name: bench.scope(statement, values, bench.around(statement.time or 0))
        for name in loop.kinds
        for statement in (program.statements[program.positions[name] - 1],)
    }
    # One loop gives the gradients of all parameters: what explained one of them is tried first.
    found = loop.explaining(bench.at_every_step, mine, values, rtol, bench.allowance)
    if not found:
        found = loop.explaining(loop.edits(scopes, bench.allowance), mine, values, rtol, bench.allowance)
        bench.at_every_step.extend(one for one, _ in found)
    return found


def _zeros(right: Expression) -> FormulaCandidate:
    """Say that there are zeros alone: a factor of 0 explains them, and so no two edits are tried."""
    nothing = Call("multiply", (Number(0), right))
    return FormulaCandidate(
        nothing, (FormulaEdit(nothing, "all zeros", right, nothing, 1.0),), 1.0, 0.0, right
    )
