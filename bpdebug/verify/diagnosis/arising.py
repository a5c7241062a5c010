"""Where an edit arises: of a formula with hidden tensors written out, the tensor in whose formula it lies."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.verify.diagnosis.fits import with_added
from bpdebug.verify.diagnosis.search import UPDATED, FormulaCandidate
from bpdebug.verify.diagnosis.written_out import DEEPEST_OF_LAYER, with_parts


class Hidden(NamedTuple):
    """A tensor that the user did not give, as an edit of its formula would make it.

    Attributes
    ----------
    statement : Statement
        What computes it.
    candidate : FormulaCandidate
        Its formula, and how it differs from the right one.
    """

    statement: Statement
    candidate: FormulaCandidate


def arising(
    program: Program, statement: Statement, candidate: FormulaCandidate, given: Collection[str]
) -> Iterator[Hidden]:
    """Yield the tensors above a wrong one in which an edit of its formula may lie, the deepest first.

    Parameters
    ----------
    program : Program
        The right program.
    statement : Statement
        What gives the wrong tensor.
    candidate : FormulaCandidate
        A formula that gives the user's numbers, with what was not given written out.
    given : collection of str
        The tensors that the user gave.
    """
    *_, whole = candidate.edits
    if len(candidate.edits) == 1 and whole.old == candidate.right:
        yield from _scaled(program, statement, candidate, given)
        return
    if whole.kind == UPDATED and isinstance(whole.old, Name) and isinstance(whole.new, Number):
        yield from _updated(program, statement, candidate, whole.old, whole.new.value, given)
        return
    found = [*_within(program, statement, candidate.right, candidate.expression, given)]
    yield from (
        Hidden(at, replace(candidate, expression=edited, right=right))
        for at, right, edited in reversed(found)
    )


def _within(
    program: Program, statement: Statement, right: Expression, edited: Expression, given: Collection[str]
) -> Iterator[tuple[Statement, Expression, Expression]]:
    """Follow an edit from tensor to tensor, as long as it lies in the formula of one that was not given."""
    while True:
        pattern = with_parts(program, statement.expression, given)
        occurrences = _occurrences(pattern, right, edited, program, given)
        changed = {name: pair for name, *pair in occurrences or () if pair[0] != pair[1]}
        if len(changed) != 1:
            return
        ((name, (right, edited)),) = changed.items()
        if any(other == name and after != edited for other, _, after in occurrences or ()):
            return  # in one place of two
        statement = program.statements[program.positions[name] - 1]
        yield statement, right, edited


def _updated(
    program: Program,
    statement: Statement,
    candidate: FormulaCandidate,
    parameter: Name,
    rate: float,
    given: Collection[str],
) -> Iterator[Hidden]:
    """Yield the tensors above that may have been computed with a parameter that had been updated."""
    (*others, edit) = candidate.edits
    gradient = Name(program.index.gradient(parameter.id))
    other = _in_place(candidate.right, parameter, gradient)
    for at, right, changed in reversed([*_within(program, statement, candidate.right, other, given)]):
        whole = with_added(right, -rate, changed)
        edits = (*others, replace(edit, expression=whole))
        yield Hidden(at, replace(candidate, expression=whole, right=right, edits=edits))


Occurrence = tuple[str, Expression, Expression]
"""A tensor that was not given, and what stands in its place in the right formula and in the edited one."""


def _occurrences(
    pattern: Expression, right: Expression, edited: Expression, program: Program, given: Collection[str]
) -> list[Occurrence] | None:
    """Return what stands for tensors that were not given; None where a formula differs anywhere else."""
    if isinstance(pattern, Name) and is_hidden(program, pattern.id, given) and right != pattern:
        return [(pattern.id, right, edited)]
    if pattern == edited:
        return []
    if not (isinstance(pattern, Call) and isinstance(right, Call) and isinstance(edited, Call)):
        return None
    if _head(pattern) != _head(edited) or _head(pattern) != _head(right):
        return None
    found: list[Occurrence] = []
    for parts in zip(pattern.arguments, right.arguments, edited.arguments, strict=True):
        inner = _occurrences(*parts, program, given)
        if inner is None:
            return None
        found += inner
    return found


def _head(call: Call) -> tuple[object, ...]:
    return call.function, call.options, len(call.arguments)


def is_hidden(program: Program, name: str, given: Collection[str]) -> bool:
    """Whether a tensor is a gradient that the user did not give."""
    return name in program.positions and name not in given and program.index.phase(name) == "backward"


def _scaled(
    program: Program, statement: Statement, candidate: FormulaCandidate, given: Collection[str]
) -> Iterator[Hidden]:
    """Yield the tensors above that may have the factor: what follows from them has it too."""
    (edit,) = candidate.edits
    waiting, seen = [statement], set[str]()
    while waiting and len(seen) < DEEPEST_OF_LAYER:
        formula = with_parts(program, waiting.pop(0).expression, given)
        for name in names(formula):
            if is_hidden(program, name, given) and name not in seen:
                seen.add(name)
                above = program.statements[program.positions[name] - 1]
                waiting.append(above)
                own = with_parts(program, above.expression, given)
                scaled = _in_place(candidate.expression, candidate.right, own)
                changed = replace(edit, expression=scaled, old=own, new=scaled)
                yield Hidden(above, replace(candidate, expression=scaled, right=own, edits=(changed,)))


def _in_place(expression: Expression, old: Expression, new: Expression) -> Expression:
    if expression == old:
        return new
    if isinstance(expression, Call):
        arguments = tuple(_in_place(argument, old, new) for argument in expression.arguments)
        return Call(expression.function, arguments, expression.options)
    return expression
