"""The diagnosis of one wrong tensor: the search for formulas that give the user's numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Number, Statement
from bpdebug.verify.diagnosis.bench import Bench
from bpdebug.verify.diagnosis.describing import Explanations
from bpdebug.verify.diagnosis.edits import FormulaEdit
from bpdebug.verify.diagnosis.every_step import ExplainedByLoop, Loop
from bpdebug.verify.diagnosis.everywhere import ALL_STEPS
from bpdebug.verify.diagnosis.search import FormulaCandidate, Sought, search, search_pairs
from bpdebug.verify.diagnosis.written_out import written_out


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
    bench.allowance.is_cut_short = bench.allowance.is_over
    if bench.allowance.is_over:  # of thousands of tensors, even to begin takes long
        return Explanations(())
    values = bench.with_examples(values)
    formulas = written_out(bench.program, statement, given)
    loop, allowance = bench.loop(statement, given), bench.allowance
    is_long = loop.steps > ALL_STEPS
    scope = bench.scope(statement, values, bench.around(1, loop.steps) if is_long else None)
    sought = Sought(mine, values, scope, bench.program.batch, rtol)
    # What is hidden in the steps of a loop is wrong in all of them, which no formula of one step says.
    looked_at = formulas[:1] if loop.steps else formulas
    # A formula of hundreds of steps takes as long as hundreds of formulas: its steps come first.
    candidates = search(looked_at, sought, allowance, is_whole=is_long)
    if not candidates and mine.shape == bench.program.shapes[statement.name] and mine.size and not mine.any():
        candidates = [_zeros(formulas[0][0])]
    if loop.steps and not candidates:
        if loop not in bench.at_every_step:
            wrong = {**bench.mine, statement.name: mine}
            bench.at_every_step[loop] = _at_every_step(bench, loop, wrong, values, rtol)
        if found := bench.at_every_step[loop][statement.name]:
            return Explanations((), tuple(found), loop, statement.name)
    if not candidates and is_long:
        candidates = search(looked_at, sought, allowance)
    elif not candidates:
        candidates = search_pairs(formulas[0], sought, allowance)
    return Explanations(tuple(candidates))


def _at_every_step(
    bench: Bench, loop: Loop, mine: Mapping[str, Array], values: Mapping[str, Array], rtol: float
) -> ExplainedByLoop:
    """Find what was computed instead at every step of a layer over time."""
    program = bench.program
    scopes = {
        name: bench.scope(statement, values, bench.around(statement.time or 0))
        for name in loop.kinds
        for statement in (program.statements[program.positions[name] - 1],)
    }
    return loop.explaining(loop.edits(scopes, bench.allowance), mine, values, rtol, bench.allowance)


def _zeros(right: Expression) -> FormulaCandidate:
    """Say that there are zeros alone: a factor of 0 explains them, and so no two edits are tried."""
    nothing = Call("multiply", (Number(0), right))
    return FormulaCandidate(
        nothing, (FormulaEdit(nothing, "all zeros", right, nothing, 1.0),), 1.0, 0.0, right
    )
