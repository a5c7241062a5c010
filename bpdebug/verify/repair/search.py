"""The search for corrections: edit a line, compute everything again, and see whether the gradients are right.

An edit is a correction only if more gradients are right with it and none less, here and on fresh values of
the parameters. Edits that leave the line's value as it was on all of these, or that raise, are dropped before
anything else is computed. Where several lines can be mended, that one is at fault whose new value is then the
gradient of something that is known, and the earlier one.
"""

from __future__ import annotations

import ast
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.errors import Interrupted
from bpdebug.sources.script import Instance, Node, Recording, SourceRange
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.aliases import read_before
from bpdebug.verify.repair.edits import RULES, Edit, edits
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.known import Meaning
from bpdebug.verify.repair.replay import Replaced, Replay
from bpdebug.verify.repair.rules.replacement import Rule
from bpdebug.verify.repair.scopes import scope_of
from bpdebug.verify.repair.statements import statement_edits, sum_of, valued
from bpdebug.verify.repair.suspects import Suspect, built_by
from bpdebug.verify.repair.trees import Code
from bpdebug.verify.repair.trying import (
    ANY_COST,
    WAVES,
    Candidate,
    Correction,
    Costs,
    KnownValues,
    Progress,
    Trial,
    Verdicts,
    unsaid,
)
from bpdebug.verify.repair.wording import DERIVATIVES, MISSING, sentence

ENOUGH, ENOUGH_TRIED = 3, 600
"""After the first line with a full correction, so many more lines are looked at for a better one; more where
that is soon done: as long as no more than so many edits were tried."""
MOST_OF_A_LINE = 6
"""So many corrections of one line are kept: they are the same in other words."""
MOST_FIRST = 3
"""So many lines may be the first that is wrong, where none alone mends anything."""
BETWEEN_LOOKS = 16
"""After so many edits it is asked whether the time is over."""
EXPLAINED = 0.5
"""How much less likely one is at a line whose value is what its name says already."""
KNOWN = 0.4
"""How much likelier a correction is whose value is known: the gradient of something, or a slope."""
UNTOUCHED = 0.1
"""How much likelier it is on a line that hands something on as it came."""
MISPLACED = 0.5
"""How much less likely it is where such a thing is not written."""


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
    known : KnownValues
        Says what a value is known to be, and of which shape a gradient must be.
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
        known: KnownValues,
        deadline: float,
        progress: Progress = unsaid,
    ) -> None:
        self.recording, self.replay, self.trials = recording, replay, trials
        self.known, self.deadline, self.progress = known, deadline, progress
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
            tried, enough = self.tried, len(suspects)
            for place, suspect in enumerate(suspects):
                if self.is_over or (place >= enough and self.tried - tried > ENOUGH_TRIED):
                    break
                own: list[Correction] = []
                try:
                    for correction in self._of_line(suspect, before, bases, costs):
                        own.append(correction)
                except (KeyboardInterrupt, Interrupted):
                    self.is_stopped = True
                found += own
                if enough == len(suspects) and any(_is_full(bases, one) for one in own):
                    enough = place + 1 + ENOUGH
            if any(_is_full(bases, one) for one in found):
                break
        return sorted(found, key=lambda one: (-len(one.mended), one.cost, one.suspect.first.time))

    def first_right(
        self, suspects: Sequence[Suspect], before: Replaced, there: Collection[int]
    ) -> Correction | None:
        """Return an edit with which a line gives the very gradient of a tensor, on all values; the first one.

        Where another fault follows on the way to the parameters, no edit alone mends any of them.

        Parameters
        ----------
        suspects, before
            As `corrections` takes them.
        there : collection of int
            The tensors whose gradients other lines give already.
        """
        wrong = [(one, built_by(one)) for one in suspects if not one.is_explained]
        for costs in WAVES:
            for suspect, built in [one for one in wrong if one[1]][:MOST_FIRST]:
                if self.is_over:
                    return None
                for candidate in self._likely(suspect, before, costs):
                    if self._gives_gradients(built, candidate, before, there):
                        return Correction(suspect, *candidate.texts, (), candidate.cost, candidate.replaced)
        return None

    def _gives_gradients(
        self, built: Sequence[Node], candidate: Candidate, before: Replaced, there: Collection[int]
    ) -> bool:
        for trial in self.trials:
            try:
                value_of = self.replay.run({**trial.replaced, **before, **candidate.replaced})
                values = [value_of(node) for node in built]
            except Exception:
                return False
            for node, value in zip(built, values, strict=True):
                if np.size(value) < 2 or not {*self.known.exactly(node, value, trial.gradients)} - {*there}:
                    return False
        return True

    def judged(self, trial: Trial, replaced: Replaced) -> Verdicts:
        """Say which gradients are right on the values of a trial, with some corrections."""
        return trial.verdicts(self.replay.run({**trial.replaced, **replaced}), replaced)

    def _of_line(
        self, suspect: Suspect, before: Replaced, bases: Sequence[Verdicts], costs: Costs
    ) -> Iterator[Correction]:
        count = 0
        for candidate in self._likely(suspect, before, costs):
            if count == MOST_OF_A_LINE:
                return
            mended = self.mended(candidate, before, bases)
            if mended and self._is_no_chance(mended, bases):
                count += 1
                cost = candidate.cost + self._further(candidate, suspect, before)
                yield Correction(suspect, *candidate.texts, mended, cost, candidate.replaced)

    def _likely(self, suspect: Suspect, before: Replaced, costs: Costs) -> Iterator[Candidate]:
        """Yield the edits of a line, those of its statement first."""
        statements = (_of_statement(*one) for one in statement_edits(self.recording, suspect))
        yield from (one for one in statements if costs.least <= one.cost < costs.most)
        yield from self.candidates(suspect, before, costs=costs)

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
        scope = scope_of(
            self.recording, first, value_of, [*further, *self.known.parameters], self._expected(suspect)
        )
        for edit in edits(code.tree, scope, rules):
            if self.tried % BETWEEN_LOOKS == 0 and self.is_over:  # to look at the clock takes time itself
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
            words = partial(_words, code, edit)
            yield Candidate(site.place, site.code, edit.cost, replaced, edit.replacement.kind, words)

    def _expected(self, suspect: Suspect) -> Shape | None:
        """Return the shape of what a line computes, by the name that it gives it."""
        shapes = {self.known.shape_of(target.text) for target in suspect.site.targets}
        return shapes.pop() if len(shapes) == 1 else None

    def replaced(self, instance: Instance, text: str) -> tuple[int, Callable[[ValueOf], Any]]:
        """Return what another expression changes: its own value, or what `x += v` makes of that of others."""
        node, added = instance.node, sum_of(instance)
        assert node is not None
        if added is not None and added.operands[1] is node:
            return added.id, partial(self._augmented, instance, text, added)
        return node.id, partial(self._evaluated, instance, text)

    def _evaluated(self, instance: Instance, text: str, value_of: ValueOf) -> Any:
        return value_at(self.recording, instance, text, value_of)

    def _augmented(self, instance: Instance, text: str, added: Node, value_of: ValueOf) -> Any:
        assert added.function is not None
        return added.function(valued(added.operands[0], value_of), self._evaluated(instance, text, value_of))

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

    def _is_no_chance(self, mended: Sequence[str], bases: Sequence[Verdicts]) -> bool:
        """Whether at least half of a tensor is mended where its elements are judged by themselves.

        One number is soon hit by chance.
        """
        wrong = [name for name, verdict in bases[0].items() if verdict == "wrong"]
        each = Counter(_owner(name) for name in wrong if self.known.is_single(name))
        found = Counter(_owner(name) for name in mended if self.known.is_single(name))
        return all(2 * count >= each[owner] for owner, count in found.items())

    def _further(self, candidate: Candidate, suspect: Suspect, before: Replaced) -> float:
        """Return how much less likely an edit is, by what its line is and what it gives then."""
        meaning = self._meaning_of(candidate, suspect, before)
        cost = EXPLAINED * suspect.is_explained - KNOWN * bool(meaning)
        cost -= UNTOUCHED * self._is_handed_on(suspect)
        # A derivative takes a gradient back through an activation; to a parameter there is none.
        cost += MISPLACED * (meaning == "parameter" and candidate.kind in DERIVATIVES)
        # What an update has of its own is a rate and a sign: what is missing is missing in the gradient.
        cost += MISPLACED * (suspect.is_update and candidate.kind in MISSING)
        return cost

    def _is_handed_on(self, suspect: Suspect) -> bool:
        """Whether a line adds or returns something as it came, and the function has not computed it."""
        own = suspect.site
        if not own.code.isidentifier():
            return False
        computed = {
            target.text
            for site in self.recording.sites
            if (site.place.file, site.function) == (own.place.file, own.function)
            for target in site.targets
        }
        return own.role == "augment" or own.code not in computed

    def _meaning_of(self, candidate: Candidate, suspect: Suspect, before: Replaced) -> Meaning:
        """Say what a line gives with an edit in it, in all of its executions that matter."""
        value_of = self.replay.run({**before, **candidate.replaced})
        values = [value_of(one.node) for one in suspect.involved[:4] if one.node is not None]
        meanings = {self.known.meaning(value) for value in values if np.size(value) > 1 and np.any(value)}
        return meanings.pop() if len(meanings) == 1 else ""


def _words(code: Code, edit: Edit) -> tuple[str, str]:
    """Write an edit, and say what was wrong."""
    replacement = edit.replacement
    return code.with_replaced(edit.spot, replacement.new), sentence(replacement.kind, replacement.part, code)


def _of_statement(
    place: SourceRange,
    code: str,
    correction: str,
    explanation: str,
    cost: float,
    replaced: Replaced,
    kind: str,
) -> Candidate:
    return Candidate(place, code, cost, replaced, kind, lambda: (correction, explanation))


def _owner(name: str) -> str:
    """Return the tensor that an element belongs to: `w` of `w[0, 1]`."""
    return name.rpartition("[")[0] or name


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
