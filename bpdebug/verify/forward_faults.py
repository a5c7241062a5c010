"""Faults of the forward pass that was not given, told from the gradients that follow from it.

Who forgets a bias in `z1` and hands in gradients has all of them wrong, and no edit of the backward pass
gives one. So the formulas of the forward pass are edited, what follows is computed anew, and an edit that
makes everything right that nothing explains, and nothing wrong that was right, is the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import takewhile

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.verify.blame import Judged
from bpdebug.verify.diagnosis import Bench
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.edits import FormulaEdit, single_edits
from bpdebug.verify.diagnosis.evaluator import Evaluator
from bpdebug.verify.diagnosis.fits import BATCH, SCALES
from bpdebug.verify.diagnosis.search import FormulaCandidate
from bpdebug.verify.diagnosis.written_out import written_out
from bpdebug.verify.report import TensorReport
from bpdebug.verify.shared_faults import SharedFault, does_follow
from bpdebug.verify.upstream import own_value, upstream_values

MOST_NAMED = 4
"""So many results of the forward pass are asked for at most."""


def forward_fault(
    bench: Bench,
    judged: Judged,
    unexplained: Collection[str],
    is_right: Callable[[str, Array], bool],
    allowance: Allowance,
) -> SharedFault | None:
    """Return the statement of the forward pass that explains what nothing else does; None without one.

    Parameters
    ----------
    bench : Bench
        The program.
    judged : Judged
        What was said of the user's tensors.
    unexplained : collection of str
        The wrong ones that nothing explains.
    is_right : callable
        (tensor, value) -> whether the user has this value.
    allowance : Allowance
        How long it may take.
    """
    program, fed = bench.program, bench.with_examples(judged.fed)
    own, reference = {name: fed[name] for name in judged.mine}, judged.fed
    wrong = [one.name for one in judged.judgements if one.verdict == "wrong"]
    statements = takewhile(lambda one: not allowance.is_over, _not_given(bench, judged))
    edits = [(one, edit) for one in statements for edit in _edits(bench, one, fed)]
    evaluator, found = Evaluator(fed, {}), list[tuple[Statement, FormulaEdit]]()
    explained: tuple[str, ...] = ()
    for statement, edit in sorted(edits, key=lambda pair: pair[1].cost):
        if allowance.is_over:
            break
        value = evaluator.value(edit.expression)
        if (found and statement != found[0][0]) or value is None or value.shape != fed[statement.name].shape:
            continue
        values = upstream_values(program, reference, {**own, statement.name: value})
        follows = partial(does_follow, program, values, is_right)
        if all(map(follows, unexplained)) and all(
            is_right(one, own_value(program, one, values, reference)) for one in judged.right
        ):
            found.append((statement, edit))
            explained = explained or tuple(filter(follows, wrong))
    if not found:
        return None
    right = found[0][0].expression
    candidates = (FormulaCandidate(edit.expression, (edit,), edit.cost, 0.0, right) for _, edit in found)
    return SharedFault(found[0][0], tuple(candidates), explained, reference)


def _not_given(bench: Bench, judged: Judged) -> Iterator[Statement]:
    """Yield the statements of the layers, without those of a loop, whose faults are at all of its steps."""
    losses = {block.number for block in bench.program.blocks if block.is_loss}
    for statement in bench.program.statements:
        is_given = statement.name in judged.mine or statement.layer in losses
        if statement.phase == "forward" and statement.time is None and not is_given:
            yield statement


def _edits(bench: Bench, statement: Statement, fed: dict[str, Array]) -> Iterator[FormulaEdit]:
    right = statement.expression
    yield from single_edits(right, bench.scope(statement, fed))
    for scale in SCALES:
        if BATCH not in scale.text:
            scaled = scale.applied_to(right)
            yield FormulaEdit(scaled, scale.kind, right, scaled, scale.cost)


def forward_hint(
    program: Program, statement: Statement, given: Collection[str], earlier: Iterable[TensorReport]
) -> str:
    """Say which results of the forward pass would tell whether the fault lies there.

    Of the gradients, that is said of the first that is wrong, which is the nearest to the loss.
    """
    earlier = [*earlier]
    if any(tensor.verdict == "wrong" for tensor in earlier):
        return ""
    right = (tensor.name for tensor in earlier if tensor.verdict == "right")
    # What a right gradient was computed from is right.
    shown = {name for one in right for name in _forward_results(program, one, given)}
    read = dict.fromkeys(_forward_results(program, statement.name, given))
    forward = [name for name in read if name not in shown and name not in given]
    if not forward:
        return ""
    return f"the forward pass may differ: with {', '.join(forward[:MOST_NAMED])} of yours it can be told"


def _forward_results(program: Program, name: str, given: Collection[str]) -> list[str]:
    """Return the results of the forward pass that a gradient is computed from, with others or alone."""
    statement = program.index.statement(name)
    if statement is None or statement.phase != "backward":
        return []
    formula, _ = written_out(program, statement, given)[-1]
    found = [one for one in names(formula) if program.index.phase(one) == "forward"]
    # What a loss computes on its way has no name in a person's code: the output has.
    of_loss = {
        name: block.tensors.get("prediction", "")
        for block in program.blocks
        if block.is_loss
        for name in block.tensors.values()
    }
    return [of_loss.get(one, one) for one in found]
