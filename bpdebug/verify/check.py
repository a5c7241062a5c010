"""The check: the derived gradients against differences, or the user's gradients against the derived."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from bpdebug.engine.language.forms import written
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import run
from bpdebug.errors import Problem, ScenarioError
from bpdebug.sources.case import Case
from bpdebug.sources.scenario.channels import in_channels_first
from bpdebug.sources.scenario.loading import load_scenario
from bpdebug.verify.blame import Judged, Judgement, judge
from bpdebug.verify.common_origins import common_origins
from bpdebug.verify.comparison import Tolerance, agrees, compare
from bpdebug.verify.diagnosis import Bench, described, explanations
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.forward_faults import forward_fault, forward_hint
from bpdebug.verify.gradient_check import RTOL, gradient_checks
from bpdebug.verify.meanings import meanings_of
from bpdebug.verify.recorded import as_scenario
from bpdebug.verify.report import Report, TensorReport, Verdict
from bpdebug.verify.shared_faults import SharedFaults
from bpdebug.verify.spellings import understood
from bpdebug.verify.structure import describe
from bpdebug.verify.telling_apart import would_tell
from bpdebug.verify.upstream import evaluate_mine

Progress = Callable[[TensorReport], None]
SECONDS = 8.0
"""How long derived gradients are checked, by default: of a large network those that it comes to."""
ELSEWHERE_SECONDS = 0.5
"""How long a fault is looked for in the forward pass, and then in what was not given."""
DIAGNOSIS_RTOL = 0.1
"""A formula must fit the user's numbers ten times as well as a tensor must fit to be called right."""


def check_scenario(
    scenario: Case | str | os.PathLike[str],
    mine: Mapping[str, Array] | None = None,
    tolerance: Tolerance | None = None,
    renamed: Mapping[str, str] | None = None,
    progress: Progress = lambda tensor: None,
    seconds: float = SECONDS,
) -> Report:
    """Check a user's gradients in a scenario; without any, those that bpdebug derives.

    Parameters
    ----------
    scenario : Case, or the path or the name of one
        The network and its numbers; its `[mine]` may hold tensors and formulas.
    mine : mapping, optional
        Arrays by name, as `{"dw1": dW1, "db1": db1}`; names of common code are understood (`dW1`,
        `grad_w1`). They go before what `[mine]` says.
    tolerance : Tolerance, optional
        What counts as equal; by default what the precision of the values gives.
    renamed : mapping, optional
        Names that were understood as others already, for the report: theirs -> ours.
    progress : callable, optional
        Is told each tensor as soon as it has been checked.
    seconds : float, optional
        How long the derived gradients are checked; those that it does not come to are said.

    Returns
    -------
    Report
        The same that `bpdebug check` prints.

    Raises
    ------
    ScenarioError
        If the scenario cannot be used, or a name means nothing in it; with every problem found.
    """
    if not isinstance(scenario, Case):
        scenario = load_scenario(scenario)
    if scenario.program.gradients and not scenario.program.incoming:
        scenario = as_scenario(scenario)
    program, values = scenario.program, scenario.values
    arrays = {theirs: np.asarray(value) for theirs, value in (mine or {}).items()}
    if scenario.images == "nhwc":
        ours = {theirs: theirs for theirs in arrays} | understood(arrays, program)
        arrays = {name: in_channels_first(ours[name], array, program) for name, array in arrays.items()}
    meanings = meanings_of(arrays, program, values)
    given = {meanings.get(theirs, theirs): array for theirs, array in arrays.items()}
    unknown = given.keys() - program.shapes.keys() - program.unused.keys()
    if unknown:
        known = ", ".join(program.positions)
        raise ScenarioError(
            *(Problem("mine", name, f"no such tensor: expected one of {known}") for name in sorted(unknown))
        )
    everything = {**scenario.mine, **given}
    evaluated = evaluate_mine(program, run(program, values).values, everything) if everything else {}
    changed = {theirs: ours for theirs, ours in meanings.items() if theirs != ours}
    return check(program, values, evaluated, tolerance, {**(renamed or {}), **changed}, progress, seconds)


def check(
    program: Program,
    values: Mapping[str, Array],
    mine: Mapping[str, Array] | None = None,
    tolerance: Tolerance | None = None,
    renamed: Mapping[str, str] | None = None,
    progress: Progress = lambda tensor: None,
    seconds: float = SECONDS,
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
    progress : callable, optional
        Is told each tensor as soon as it has been checked.
    seconds : float, optional
        How long the derived gradients are checked; those that it does not come to are said.

    Returns
    -------
    Report
        A verdict for each tensor, and for each wrong one the formulas that give its numbers.
    """
    tolerance = tolerance or Tolerance()
    if not mine:
        checked = []
        rtol = RTOL if tolerance.rtol is None else tolerance.rtol
        for report in gradient_checks(program, values, rtol, tolerance.atol, seconds):
            progress(report)
            checked.append(report)
        return Report(tuple(checked), renamed or {})
    reference, mine = run(program, values).values, _in_one_precision(mine, program)
    return _of_mine(program, reference, mine, tolerance, renamed or {}, progress)


def _in_one_precision(mine: Mapping[str, Array], program: Program) -> dict[str, Array]:
    """Return the tensors in single precision where one of the gradients is: all went through as few digits.

    A mask of 64 bits makes a gradient of 64 bits of one that was computed in 32.
    """
    if all(value.dtype == float for name, value in mine.items() if name in program.gradients):
        return {**mine}
    with np.errstate(over="ignore"):
        return {
            name: value.astype(np.float32) if value.dtype == float else value for name, value in mine.items()
        }


@np.errstate(all="ignore")  # numbers that have overflowed are judged and looked for as any others
def _of_mine(
    program: Program,
    reference: Mapping[str, Array],
    mine: Mapping[str, Array],
    tolerance: Tolerance,
    renamed: Mapping[str, str],
    progress: Progress,
) -> Report:
    """Report on the user's tensors; `reference` has the right values of all."""
    judged = judge(program, reference, mine, tolerance)
    wrong = {one.name: judged.mine[one.name] for one in judged.judgements if one.verdict == "wrong"}
    bench = Bench(program, mine=wrong)
    by_name = {judgement.name: judgement for judgement in judged.judgements}
    reports: dict[str, TensorReport] = {}

    def has(name: str, value: Array) -> bool:
        own = judged.mine[name]
        return agrees(own, value, tolerance, judged.rounding.allowed(name, own, reference[name]))

    faults = SharedFaults(bench, judged, has)
    for statement in program.statements:
        name = statement.name
        judgement = by_name.pop(name, None)
        if judgement is None:
            # A part of a gradient is only spoken of where the user has it too.
            if statement.phase == "backward" and not statement.part:
                reports[name] = TensorReport(name, statement.layer, "not given")
            continue
        report = _reported(judgement, statement.layer)
        if judgement.verdict == "wrong" and name not in faults.explained:
            numbers = judged.mine[name]
            rtol = DIAGNOSIS_RTOL * tolerance.relative(numbers, reference[name])
            fed = faults.fed_to(statement)
            found = explanations(bench, statement, numbers, fed, mine.keys(), rtol)
            faults.look_for(statement, found)
            diagnoses, ambiguous = described(bench, found)
            report = replace(report, diagnoses=diagnoses, ambiguous=ambiguous)
            if not diagnoses:
                note = describe(numbers, reference, statement, judgement, bench.allowance.is_cut_short)
                if hint := forward_hint(program, statement, mine.keys(), reports.values()):
                    note += f"; {hint}"
                report = replace(report, note=note)
        progress(report)
        reports[name] = report
    reports = _arising_elsewhere(bench, judged, faults, reports, has)
    given_inputs = [_reported(judgement, 0) for judgement in by_name.values()]
    unused = [_of_unused(name, mine[name], program, tolerance) for name in program.unused if name in mine]
    told = (*given_inputs, *faults.told_once(reports), *unused)
    is_ambiguous = any(tensor.ambiguous for tensor in told)
    return Report(told, renamed, would_tell(program, reference) if is_ambiguous else "")


def _arising_elsewhere(
    bench: Bench,
    judged: Judged,
    faults: SharedFaults,
    reports: Mapping[str, TensorReport],
    is_right: Callable[[str, Array], bool],
) -> dict[str, TensorReport]:
    """Tell what was found wrong with what it follows from: of the forward pass, or of what was not given."""
    found, program = dict(reports), bench.program
    standing = [
        name
        for name, one in reports.items()
        if one.verdict == "wrong" and one.worst and name not in faults.explained
    ]
    unexplained = [name for name in standing if not reports[name].diagnoses]
    # Several that are explained, each by itself, may follow from one, too: if one is of the forward pass.
    is_forward = len(standing) > 1 and any(program.index.phase(name) == "forward" for name in standing)
    if sought := unexplained or (standing if is_forward else []):
        fault = forward_fault(bench, judged, sought, is_right, Allowance(seconds=ELSEWHERE_SECONDS))
        if fault is not None:
            at = fault.statement
            found = {at.name: TensorReport(at.name, at.layer, "wrong")} | found
            faults.take(fault)
    unexplained = [name for name in unexplained if name not in faults.explained]
    allowance, fed = Allowance(seconds=ELSEWHERE_SECONDS), judged.fed_back
    for origin, tensors in common_origins(program, unexplained, judged.mine, fed, is_right, allowance):
        faults.explained |= dict.fromkeys(tensors, origin)
        where = "" if program.index.time(origin) is None else ", at this or another step"
        note = f"not given; it{where}, or what it comes from: no small edit explains what is wrong by it"
        first, before = program.index.statement(tensors[0]), [*reports][: [*reports].index(tensors[0])]
        if first and (hint := forward_hint(program, first, judged.mine, [reports[one] for one in before])):
            note += f"; {hint}"
        found[origin] = replace(found[origin], verdict="wrong", note=note)
    return found


def _of_unused(name: str, mine: Array, program: Program, tolerance: Tolerance) -> TensorReport:
    """Report on the gradient of a parameter that nothing uses."""
    parameter = program.unused[name]
    note = f"the loss does not depend on {parameter}: its gradient is 0"
    right = np.zeros(program.shapes[parameter])
    if mine.shape != right.shape:
        return TensorReport(
            name, 0, "wrong", note=f"{note}, of shape {written(right.shape)}: found {written(mine.shape)}"
        )
    comparison = compare(mine, right, tolerance)
    verdict: Verdict = "right" if comparison.agrees else "wrong"
    return TensorReport(name, 0, verdict, comparison.max_relative_error, comparison.worst, note)


def _reported(judgement: Judgement, layer: int) -> TensorReport:
    comparison = judgement.comparison
    report = TensorReport(judgement.name, layer, judgement.verdict, note=judgement.note)
    if comparison is None:
        return report
    wrong = np.zeros_like(comparison.wrong) if judgement.verdict == "convention" else comparison.wrong
    return replace(
        report, max_relative_error=comparison.max_relative_error, worst=comparison.worst, wrong=wrong
    )
