"""The check: the derived gradients against differences, or the user's gradients against the derived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.program import Program
from bpdebug.engine.trace import run
from bpdebug.scenario import Scenario
from bpdebug.verify.blame import Judgement, judge
from bpdebug.verify.comparison import Tolerance
from bpdebug.verify.diagnosis import Bench, diagnose
from bpdebug.verify.gradient_check import check_gradients
from bpdebug.verify.mine import evaluate_mine
from bpdebug.verify.mine_files import read_mine_files
from bpdebug.verify.report import Report, TensorReport
from bpdebug.verify.structure import describe

DIAGNOSIS_RTOL = 0.1
"""A formula must fit the user's numbers ten times as well as a tensor must fit to be called right."""


def check_scenario(
    scenario: Scenario,
    files: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    tolerance: Tolerance | None = None,
) -> Report:
    """Check the gradients that a scenario's `[mine]` and the user's files give.

    Parameters
    ----------
    scenario : Scenario
        The network and its numbers; its `[mine]` may hold tensors and formulas.
    files : sequence of str
        Files of tensors; what they give goes before what the scenario gives.
    names : mapping, optional
        What names in the files mean: theirs -> ours.
    tolerance : Tolerance, optional
        What counts as equal.

    Raises
    ------
    ScenarioError
        If a file cannot be used, with every problem found.
    """
    program, values = scenario.program, scenario.values
    found = read_mine_files(files, program, names or {})
    mine = {**scenario.mine, **found.values}
    evaluated = evaluate_mine(program, run(program, values).values, mine) if mine else {}
    return check(program, values, evaluated, tolerance, found.renamed)


def check(
    program: Program,
    values: Mapping[str, Array],
    mine: Mapping[str, Array] | None = None,
    tolerance: Tolerance | None = None,
    renamed: Mapping[str, str] | None = None,
) -> Report:
    """Check gradients.

    Parameters
    ----------
    program : Program
        The network.
    values : mapping
        A value for each of its inputs.
    mine : mapping, optional
        The user's own values, of any of the program's tensors. Without any, the derived gradients are
        checked against differences of the forward pass.
    tolerance : Tolerance, optional
        What counts as equal; by default what the precision of the values gives.
    renamed : mapping, optional
        The user's names that were understood as others, for the report.

    Returns
    -------
    Report
        A verdict for each tensor, and for each wrong one the formulas that give its numbers.
    """
    tolerance = tolerance or Tolerance()
    if not mine:
        return Report(check_gradients(program, values), renamed or {})
    reference = run(program, values).values
    bench = Bench(program)
    judgements, fed = judge(program, reference, mine, tolerance, bench.batch)
    by_name = {judgement.name: judgement for judgement in judgements}
    reports = []
    for statement in program.statements:
        judgement = by_name.pop(statement.name, None)
        if judgement is None:
            if statement.phase == "backward":
                reports.append(TensorReport(statement.name, statement.layer, "not given"))
            continue
        report = _reported(judgement, statement.layer)
        if judgement.verdict == "wrong":
            numbers = mine[statement.name]
            rtol = DIAGNOSIS_RTOL * tolerance.relative(numbers, reference[statement.name])
            diagnoses, ambiguous = diagnose(bench, statement, numbers, fed, mine.keys(), rtol)
            report = replace(report, diagnoses=diagnoses, ambiguous=ambiguous)
            if not diagnoses:
                report = replace(report, note=describe(numbers, reference, statement, judgement))
        reports.append(report)
    given_inputs = [_reported(judgement, 0) for judgement in by_name.values()]
    return Report((*given_inputs, *reports), renamed or {})


def _reported(judgement: Judgement, layer: int) -> TensorReport:
    comparison = judgement.comparison
    return TensorReport(
        judgement.name,
        layer,
        judgement.verdict,
        comparison.max_relative_error if comparison else None,
        comparison.worst if comparison else None,
        judgement.note,
    )
