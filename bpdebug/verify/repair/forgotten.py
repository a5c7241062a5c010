"""A way through the forward pass that the backward pass does not go back: nothing of it is added.

A tensor that is read twice gets a gradient by both ways. If one is forgotten (the class's own score, the
second use of tied weights, what a state hands on), no edit of a line says so, for the line is missing. But
the gradients are then right for a forward pass in which that reading is a constant. So each reading of a
tensor is made one in turn, in all turns of its line, and the gradients of that are held against the person's.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from bpdebug.engine.language.nodes import Call, Expression, Name, Statement
from bpdebug.errors import BpdebugError
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.conversion.forward import Forward
from bpdebug.sources.script.reference import Reference, reference_of
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trials import trial_of
from bpdebug.verify.repair.trying import Trial

SECONDS = 3.0
"""How long readings are tried."""
LONGEST_CODE = 60


class ForgottenWay(NamedTuple):
    """A reading whose gradient is missing.

    Attributes
    ----------
    tensor : str
        What is read, as it is written.
    line : int
        The line that reads it.
    code : str
        Its statement; empty if it is long.
    """

    tensor: str
    line: int
    code: str

    @property
    def sentence(self) -> str:
        """What is wrong."""
        read = f"in line {self.line}" + (f", `{self.code}`," if self.code else "")
        return f"what `{self.tensor}` does to the loss {read} is missing: nothing is added for it"


def forgotten_way(search: Search, analysis: Analysis, before: Replaced) -> ForgottenWay | None:
    """Return the only reading without which all gradients are right, on all values; None without one.

    Parameters
    ----------
    search : Search
        Computes the recording again.
    analysis : Analysis
        Has the forward pass and its loss.
    before : mapping
        Corrections that have been made already.
    """
    loss = analysis.loss
    if loss is None:
        return None
    deadline = min(time.thread_time() + SECONDS, search.deadline)
    forward = loss.reference.forward
    called = [forward.names.get(one.old.id, "") for one in analysis.parameters]
    wanted = [name for name in called if name in forward.inputs]
    for way, statements in _without_each(forward):
        if time.thread_time() > deadline:
            break
        try:
            reference = reference_of(forward._replace(statements=statements), loss.reference.loss, wanted)
            if all(_is_right(search, analysis, reference, trial, before) for trial in search.trials):
                return way
        except BpdebugError:  # nothing is left that the loss depends on
            continue
    return None


def adding_line(lines: Sequence[Suspect]) -> Suspect:
    """Return the line that adds first to what others add to as well; where nothing is added, the first."""
    adding = [one for one in lines if one.site.role == "augment"]
    return min(adding, key=lambda one: one.first.time, default=lines[0])


def _is_right(
    search: Search, analysis: Analysis, reference: Reference, trial: Trial, before: Replaced
) -> bool:
    """Whether all gradients of a trial are those of a reference, and none of them is 0 by nature."""
    value_of = search.replay.run({**trial.replaced, **before})
    own = trial_of(analysis, trial.replaced, reference.gradients(value_of))
    said = own.verdicts(value_of, before)
    return own.proving >= trial.proving and all(verdict == "right" for verdict in said.values())


def _without_each(forward: Forward) -> Iterator[tuple[ForgottenWay, tuple[Statement, ...]]]:
    """Yield the readings of tensors that depend on parameters, each with the statements without it."""
    computed = {one.name for one in forward.statements}
    lines: Mapping[Any, list[Statement]] = defaultdict(list)
    site_of = {name: node.site for name, node in forward.nodes.items()}
    for statement in forward.statements:
        site = site_of.get(statement.name)  # None: a loss that no line computes, or what has no line
        lines[statement.name if site is None else site.number].append(statement)
    for own in lines.values():
        site = site_of.get(own[0].name)
        for place, name in enumerate(_names(own[0].expression)):
            if site is not None and (name in computed or name in forward.inputs):
                cut = {one.name: replace(one, expression=_cut(one.expression, place)) for one in own}
                statements = tuple(cut.get(one.name, one) for one in forward.statements)
                code = site.statement_code if len(site.statement_code) <= LONGEST_CODE else ""
                yield ForgottenWay(_written(forward, name), site.line, code), statements


def _names(expression: Expression) -> list[str]:
    """Return the names in an expression, in order, as often as they occur."""
    if isinstance(expression, Name):
        return [expression.id]
    if isinstance(expression, Call):
        return [name for one in expression.arguments for name in _names(one)]
    return []


def _cut(expression: Expression, place: int) -> Expression:
    """Make the name at a place a constant, of which no gradient comes back."""
    if isinstance(expression, Name):
        return Call("detach", (expression,)) if place == 0 else expression
    if not isinstance(expression, Call):
        return expression
    arguments: list[Expression] = []
    for one in expression.arguments:
        arguments.append(_cut(one, place) if place >= 0 else one)
        place -= len(_names(one))
    return Call(expression.function, tuple(arguments), expression.options)


def _written(forward: Forward, name: str) -> str:
    """Return what the person writes for a tensor of the forward pass."""
    node = forward.nodes.get(name)
    if name in forward.unnamed and node is not None and node.site is not None:
        return " ".join(node.site.code.split())
    return forward.versions.get(name, name)
