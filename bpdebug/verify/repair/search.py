"""The search for corrections: edit a line, compute everything again, and see whether the gradients are right.

An edit is a correction only if more gradients are right with it and none less, here and on fresh values of
the parameters. Edits that leave the line's value as it was on all of these, or that raise, are dropped before
anything else is computed. Where several lines can be mended, that one is at fault whose new value is then the
gradient of something that is known, and the earlier one.
"""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bpdebug.errors import Interrupted
from bpdebug.sources.script import Instance, Recording, SourceRange
from bpdebug.verify.repair.aliases import read_before
from bpdebug.verify.repair.edits import RULES, edits
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.replay import Replaced, Replay, ValueOf
from bpdebug.verify.repair.report import ParameterVerdict
from bpdebug.verify.repair.rules.replacement import Rule
from bpdebug.verify.repair.scopes import scope_of
from bpdebug.verify.repair.statements import statement_edits
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trees import Code
from bpdebug.verify.repair.wording import sentence

Verdicts = Mapping[str, ParameterVerdict]
Progress = Callable[[int, int], None]
"""Is told which line is looked at, and how many edits have been tried; it may raise `Interrupted`."""
ENOUGH = 3
"""After the first line with a full correction, so many more lines are looked at for a better one."""
MOST_OF_A_LINE = 6
"""So many corrections of one line are kept: they are the same in other words."""
EXPLAINED = 0.5
"""How much less likely one is at a line whose value is what its name says already."""
KNOWN_GRADIENT = 0.4
"""How much likelier a correction is whose value is the gradient of something that is known."""


def unsaid(line: int, tried: int) -> None:
    """Tell nobody how far it is."""


class Costs(NamedTuple):
    """The edits that are tried at a time: those that cost at least so much, and less than that."""

    least: float
    most: float


ANY_COST = Costs(0.0, float("inf"))
WAVES = (Costs(0.0, 1.41), Costs(1.41, float("inf")))
"""The likelier edits of all lines are tried before the others of any."""


class Trial(NamedTuple):
    """Values to try an edit on.

    Attributes
    ----------
    replaced : mapping
        What has other values than in the recording: parameters and data; nothing for the recording itself.
    verdicts : callable
        Says of each parameter, from the values of all nodes and what is replaced, whether its gradient is
        right.
    proving : frozenset of str
        The parameters whose gradients are not 0 by nature: the others prove nothing.
    """

    replaced: Replaced
    verdicts: Callable[[ValueOf, Replaced], Verdicts]
    proving: frozenset[str]


class Correction(NamedTuple):
    """An edit with which more gradients are right.

    Attributes
    ----------
    suspect : Suspect
        The line.
    place : SourceRange
        What is replaced: the expression, or the whole statement.
    code, correction : str
        What stands there, and what should.
    explanation : str
        What was wrong.
    mended : tuple of str
        The parameters whose gradients are right with it and were wrong before.
    cost : float
        How unlikely it is.
    replaced : mapping
        The edit, as what a replay replaces.
    """

    suspect: Suspect
    place: SourceRange
    code: str
    correction: str
    explanation: str
    mended: tuple[str, ...]
    cost: float
    replaced: Replaced


class Candidate(NamedTuple):
    """An edit to try."""

    place: SourceRange
    code: str
    correction: str
    explanation: str
    cost: float
    replaced: Replaced


class Search:
    """Tries edits.

    Parameters
    ----------
    recording : Recording
        What ran.
    replay : Replay
        Computes it again.
    trials : sequence of Trial
        The recording itself, then fresh values.
    is_gradient : callable
        Whether a value is the right gradient of something that is known.
    deadline : float
        When it ends, on the clock of `time.thread_time`: what this thread has worked, whatever else is busy.
    progress : callable
        Is told of every edit.

    Attributes
    ----------
    is_stopped : bool
        Whether someone has ended it, by Ctrl+C or from `progress`: what was found until then stays.
    """

    def __init__(
        self,
        recording: Recording,
        replay: Replay,
        trials: Sequence[Trial],
        is_gradient: Callable[[Any], bool],
        deadline: float,
        progress: Progress = unsaid,
    ) -> None:
        self.recording, self.replay, self.trials = recording, replay, trials
        self.is_gradient, self.deadline, self.progress = is_gradient, deadline, progress
        self.tried = 0
        self.is_stopped = False

    @property
    def is_over(self) -> bool:
        """Whether the time is over, or someone has stopped it."""
        return self.is_stopped or time.thread_time() > self.deadline

    def corrections(self, suspects: Sequence[Suspect], before: Replaced) -> list[Correction]:
        """Return the corrections that were found, the best first.

        Parameters
        ----------
        suspects : sequence of Suspect
            The lines to look at, in order.
        before : mapping
            Corrections that have been made already, of other faults.
        """
        bases = [self.judged(trial, before) for trial in self.trials]
        found: list[Correction] = []
        for costs in WAVES:
            patience = len(suspects)
            for suspect in suspects:
                if patience == 0 or self.is_over:
                    break
                patience -= 1
                own: list[Correction] = []
                try:
                    for correction in self._of_line(suspect, before, bases, costs):
                        own.append(correction)
                except (KeyboardInterrupt, Interrupted):
                    self.is_stopped = True
                found += own
                if patience > ENOUGH and any(_is_full(bases, one) for one in own):
                    patience = ENOUGH
            if any(_is_full(bases, one) for one in found):
                break
        return sorted(found, key=lambda one: (-len(one.mended), one.cost, one.suspect.first.time))

    def judged(self, trial: Trial, replaced: Replaced) -> Verdicts:
        """Say which gradients are right on the values of a trial, with some corrections."""
        return trial.verdicts(self.replay.run({**trial.replaced, **replaced}), replaced)

    def _of_line(
        self, suspect: Suspect, before: Replaced, bases: Sequence[Verdicts], costs: Costs
    ) -> Iterator[Correction]:
        count = 0
        statements = (Candidate(*one) for one in statement_edits(self.recording, suspect))
        likely = (one for one in statements if costs.least <= one.cost < costs.most)
        for candidate in itertools.chain(likely, self.candidates(suspect, before, costs=costs)):
            if count == MOST_OF_A_LINE or self.is_over:
                return
            mended = self.mended(candidate, before, bases)
            if mended:
                count += 1
                cost = candidate.cost + EXPLAINED * suspect.is_explained
                cost -= KNOWN_GRADIENT * self._gives_gradient(candidate, suspect, before)
                yield Correction(suspect, *candidate[:4], mended, cost, candidate.replaced)

    def candidates(
        self,
        suspect: Suspect,
        before: Replaced,
        rules: Sequence[Rule] = RULES,
        further: Sequence[str] = (),
        costs: Costs = ANY_COST,
    ) -> Iterator[Candidate]:
        """Yield the edits of a line's expression that change its value, the likelier first.

        Parameters
        ----------
        suspect : Suspect
            The line.
        before : mapping
            Corrections that have been made already, of other faults.
        rules : sequence of callable
            What is tried.
        further : sequence of str
            Tensors that may be meant although nothing around reads them.
        costs : Costs
            How unlikely they may be.
        """
        site, first = suspect.site, suspect.first
        if first.node is None:
            return
        try:
            code = Code(site.code)
        except (SyntaxError, RecursionError):
            return
        value_of = self.replay.run(before) if before else self.replay.recorded
        fresh = self.replay.run({**self.trials[-1].replaced, **before})
        recorded, otherwise = self.replay.recorded(first.node), fresh(first.node)
        unchanged = dict(
            one for instance in suspect.instances for one in read_before(self.recording, instance)
        )
        scope = scope_of(self.recording, first, value_of, further)
        for edit in edits(code.tree, scope, rules):
            if self.is_over:
                return
            if not costs.least <= edit.cost < costs.most:
                continue
            self.tried += 1
            self.progress(site.line, self.tried)
            text = ast.unparse(ast.fix_missing_locations(edit.expression))
            try:
                value = value_at(self.recording, first, text, value_of)
                # Where a scale is 1 or a shift 0, it changes something on other values alone.
                if (
                    len(suspect.instances) == 1
                    and _same(value, recorded)
                    and _same(value_at(self.recording, first, text, fresh), otherwise)
                ):
                    continue
            except Exception:  # noqa: S112 (an edit may raise anything: then it is none)
                continue
            if not _is_value(value):
                continue
            replaced = unchanged | dict(
                self.replaced(instance, text) for instance in suspect.instances if instance.node is not None
            )
            yield Candidate(
                site.place,
                site.code,
                code.with_replaced(edit.spot, edit.replacement.new),
                sentence(edit.replacement.kind, edit.replacement.part, code),
                edit.cost,
                replaced,
            )

    def replaced(self, instance: Instance, text: str) -> tuple[int, Callable[[ValueOf], Any]]:
        """Return what another expression changes: its own value, or what `x += v` makes of that of others."""
        node, result = instance.node, instance.result
        assert node is not None
        if result is not None and result is not node and result.operands[1:] == (node,):
            return result.id, partial(self._augmented, instance, text)
        return node.id, partial(self._evaluated, instance, text)

    def _evaluated(self, instance: Instance, text: str, value_of: ValueOf) -> Any:
        return value_at(self.recording, instance, text, value_of)

    def _augmented(self, instance: Instance, text: str, value_of: ValueOf) -> Any:
        result = instance.result
        assert result is not None
        assert result.function is not None
        return result.function(value_of(result.operands[0]), self._evaluated(instance, text, value_of))

    def mended(self, candidate: Candidate, before: Replaced, bases: Sequence[Verdicts]) -> tuple[str, ...]:
        """Return the parameters that an edit mends, on all values; none if it spoils another on any."""
        mended = {
            name
            for trial, base in zip(self.trials, bases, strict=True)
            for name, verdict in base.items()
            if verdict != "right" and name in trial.proving
        }
        for trial, base in zip(self.trials, bases, strict=True):
            try:
                verdicts = self.judged(trial, {**before, **candidate.replaced})
            except Exception:
                return ()
            right = {name for name, verdict in verdicts.items() if verdict == "right"}
            if any(verdict == "right" and name not in right for name, verdict in base.items()):
                return ()
            mended &= {name for name in right if name in trial.proving or base.get(name) == "right"}
            if not mended:
                return ()
        return tuple(sorted(mended))

    def _gives_gradient(self, candidate: Candidate, suspect: Suspect, before: Replaced) -> bool:
        value_of = self.replay.run({**before, **candidate.replaced})
        values = [value_of(one.node) for one in suspect.involved[:4] if one.node is not None]
        told = [value for value in values if np.size(value) > 1 and np.any(value)]
        return bool(told) and all(map(self.is_gradient, told))


def _is_full(bases: Sequence[Verdicts], correction: Correction) -> bool:
    wrong = {name for base in bases for name, verdict in base.items() if verdict == "wrong"}
    return wrong <= set(correction.mended)


def _is_value(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | float | int) and not isinstance(value, bool)


def _same(value: Any, recorded: Any) -> bool:
    """Whether an edit changes nothing: up to rounding, `a * b` and `b * a` are the same."""
    return np.shape(value) == np.shape(recorded) and bool(
        np.allclose(value, recorded, 1e-12, 0, equal_nan=True)
    )
