"""The search for corrections: edit a line, compute everything again, and see whether the gradients are right.

An edit is a correction only if more gradients are right with it and none less, here and on fresh values of
the parameters. Where several lines can be mended, that one is at fault whose new value is then the gradient
of something that is known, and the earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from bpdebug.errors import Interrupted
from bpdebug.sources.script import Node
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.judged_once import JudgedOnce
from bpdebug.verify.repair.likelihood import Likelihood
from bpdebug.verify.repair.line_edits import LineEdits
from bpdebug.verify.repair.other_run import OtherRun
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.statements import statement_edits
from bpdebug.verify.repair.suspects import Suspect, built_by
from bpdebug.verify.repair.trying import (
    LIKELY,
    UNLIKELY,
    WAVES,
    Candidate,
    Correction,
    Costs,
    Trial,
    Verdicts,
)

ENOUGH, ENOUGH_TRIED = 3, 600
"""After the first line with a full correction, so many more lines are looked at for a better one; more where
that is soon done: as long as no more than so many edits were tried."""
CHEAPEST = 1.0
"""What the likeliest edit costs."""
MOST_OF_A_LINE = 6
"""So many corrections of one line are kept: they are the same in other words."""
KEPT = 1e-9
"""So near, relatively, must a loss stay to what it was."""
OF_THESE_DATA = 0.5
"""How much less likely an edit is that mends something with the recorded data alone."""
MOST_FIRST = 3
"""So many lines may be the first that is wrong, where none alone mends anything."""


class Effect(NamedTuple):
    """What an edit does to the gradients: which it mends on all values, and which it makes wrong on any."""

    mended: tuple[str, ...]
    spoiled: frozenset[str] = frozenset()


class Search(LineEdits):
    """Tries edits; takes and knows what `LineEdits` does.

    Attributes
    ----------
    partly : list of Correction
        The edits of the last search that mend something and spoil something else.
    other_run : callable or None
        Gives the script as it runs with other constants: a correction mends the same there.
    other_data : callable or None
        Gives other data: what mends nothing there is less likely.
    """

    partly: Sequence[Correction] = ()
    other_run: Callable[[], OtherRun | None] | None = None
    other_data: Callable[[], Trial | None] | None = None

    @cached_property
    def _judged_once(self) -> JudgedOnce:
        return JudgedOnce(self.replay)

    @cached_property
    def _likelihood(self) -> Likelihood:
        return Likelihood(self)

    def corrections(
        self,
        suspects: Sequence[Suspect],
        before: Replaced,
        waves: Sequence[Costs] = WAVES,
        accepts: Callable[[Correction], bool] = lambda correction: True,
    ) -> list[Correction]:
        """Return the corrections that were found, the best first.

        Parameters
        ----------
        suspects : sequence of Suspect
            The lines to look at, in order.
        before : mapping
            Corrections that have been made already, of other faults.
        waves : sequence of Costs
            Which edits are tried, one after the other.
        accepts : callable
            Whether a correction counts as one.
        """
        bases = [self.judged(trial, before) for trial in self.trials]
        found: list[Correction] = []
        self.partly = []
        for costs in waves:
            if costs.must_be_known and not self.known.gradients:
                continue  # of another network, once a forward line is corrected
            tried, enough = self.tried, len(suspects)
            for place, suspect in enumerate(suspects):
                if self.is_over or (place >= enough and self.tried - tried > ENOUGH_TRIED):
                    break
                own: list[Correction] = []
                try:
                    for correction in filter(accepts, self._of_line(suspect, before, bases, costs)):
                        own.append(correction)
                except (KeyboardInterrupt, Interrupted):
                    self.is_stopped = True
                found += own
                if enough == len(suspects) and any(_is_full(bases, one) for one in own):
                    enough = place + 1 + ENOUGH
            # In a function much may be edited to the same effect: what else is as likely is looked at, too.
            is_open = costs.must_be_known and bool(self.returned)
            if _is_enough(bases, suspects, [one for one in found if one.cost < CHEAPEST or not is_open]):
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
        built = [(one, nodes) for one in suspects if (nodes := built_by(one))]
        wrong = [each for each in built if not each[0].is_explained][:MOST_FIRST]
        # A mean for a sum is accounted for, but not as large as all others are.
        wrong += [each for each in built if each[0].is_explained and not self._likelihood.is_exact(each[1])][
            :MOST_FIRST
        ]
        bases = [self.judged(trial, before) for trial in self.trials]
        for costs in (LIKELY, UNLIKELY):
            for suspect, nodes in wrong:
                if self.is_over:
                    return None
                for candidate in self.likely(suspect, before, costs):
                    if self._gives_gradients(nodes, candidate, before, there) and self._holds(
                        candidate, before, bases
                    ):
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
        return self._judged_once(trial, replaced)

    def _of_line(
        self, suspect: Suspect, before: Replaced, bases: Sequence[Verdicts], costs: Costs
    ) -> Iterator[Correction]:
        count, value_of = 0, self.replay.run(before)
        for candidate in self.likely(suspect, before, costs):
            if count == MOST_OF_A_LINE or self.is_over:
                return
            if costs.must_be_known and not self._is_known(suspect, candidate, value_of):
                continue
            if suspect.is_of_loss and not self._keeps_loss(candidate, before):
                continue
            mended, spoiled = self.effect(candidate, before, bases)
            if spoiled and mended:
                one = Correction(suspect, *candidate.texts, mended, candidate.cost, candidate.replaced)
                # What must be known is tried once more, among the likely ones.
                self.partly = self.partly if costs.must_be_known else [*self.partly, one]
            elif mended and self._likelihood.is_no_chance(mended, bases[0]):
                count += 1
                cost = candidate.cost + self._likelihood.further_cost(candidate, suspect, before)
                cost += OF_THESE_DATA * self._is_of_these_data(candidate, before, mended)
                yield Correction(suspect, *candidate.texts, mended, cost, candidate.replaced)

    def _keeps_loss(self, candidate: Candidate, before: Replaced) -> bool:
        """Whether the loss is what it was with an edit: it squares the difference that is turned round."""
        loss = self.known.analysis.loss
        roots = loss.candidate.ends if loss is not None else ()
        try:
            old, new = (self.replay.run(one) for one in (before, {**before, **candidate.replaced}))
            return all(np.allclose(new(root), old(root), KEPT, 0.0) for root in roots)
        except Exception:
            return False

    def _is_of_these_data(self, candidate: Candidate, before: Replaced, mended: Sequence[str]) -> bool:
        """Whether an edit mends less once the data are others."""
        trial = self.other_data() if self.other_data is not None else None
        if trial is None:
            return False
        try:
            verdicts = self.judged(trial, {**before, **candidate.replaced})
        except Exception:  # what a fraction cannot stand for
            return False
        return any(verdicts.get(name) != "right" for name in mended)

    def _is_known(self, suspect: Suspect, candidate: Candidate, value_of: ValueOf) -> bool:
        """Whether an edit gives a right gradient, or a part of one; True of an edit of a whole statement."""
        node = suspect.first.node
        if node is None or node.id not in candidate.replaced:
            return True
        try:
            value = candidate.replaced[node.id](value_of) if candidate.value is None else candidate.value
        except Exception:
            return False
        is_exact = any(self.known.exactly(node, value, self.trials[0].gradients))
        return is_exact or self.known.is_part(value) or self.known.meaning(value) in ("tensor", "slope")

    def likely(self, suspect: Suspect, before: Replaced, costs: Costs) -> Iterator[Candidate]:
        """Yield the edits of a line, those of its statement first."""
        statements = statement_edits(self.recording, suspect)
        yield from (one for one in statements if costs.least <= one.cost < costs.most)
        yield from self.candidates(suspect, before, costs=costs)

    def mended(self, candidate: Candidate, before: Replaced, bases: Sequence[Verdicts]) -> tuple[str, ...]:
        """Return the parameters that an edit mends, on all values; none if it spoils another on any."""
        effect = self.effect(candidate, before, bases)
        return () if effect.spoiled else effect.mended

    def effect(self, candidate: Candidate, before: Replaced, bases: Sequence[Verdicts]) -> Effect:
        """Say what an edit does: as far as the first values on which it spoils anything."""
        effect = self._effect_here(candidate, before, bases)
        if not effect.mended or effect.spoiled:
            return effect
        other = self.other_run() if self.other_run is not None else None
        if other is None:
            return effect
        right = other.right({**before, **candidate.replaced})
        return Effect(tuple(name for name in effect.mended if name in right))

    def _holds(self, candidate: Candidate, before: Replaced, bases: Sequence[Verdicts]) -> bool:
        """Whether an edit mends the same with other constants; of one that mends nothing nobody knows."""
        return not self._effect_here(candidate, before, bases).mended or bool(
            self.mended(candidate, before, bases)
        )

    def _effect_here(self, candidate: Candidate, before: Replaced, bases: Sequence[Verdicts]) -> Effect:
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
                return Effect(())
            right = {name for name, verdict in verdicts.items() if verdict == "right"}
            spoiled = {name for name, verdict in base.items() if verdict == "right"} - right
            mended &= {name for name in right if name in trial.proving or base.get(name) == "right"}
            if spoiled or not mended:
                return Effect(tuple(sorted(mended)), frozenset(spoiled))
        return Effect(tuple(sorted(mended)))


def _is_enough(bases: Sequence[Verdicts], suspects: Sequence[Suspect], found: Sequence[Correction]) -> bool:
    """Whether less likely edits need not be tried.

    A line that gives what it should, but for a factor, is named only where no other can be meant. Then each
    of several lines has its own factor.
    """
    if all(one.is_explained for one in suspects):
        mended = {name for one in found for name in one.mended}
        return bool(found) and _wrong(bases) <= mended
    return any(_is_full(bases, one) for one in found if not one.suspect.is_explained)


def _wrong(bases: Sequence[Verdicts]) -> set[str]:
    return {name for base in bases for name, verdict in base.items() if verdict == "wrong"}


def _is_full(bases: Sequence[Verdicts], correction: Correction) -> bool:
    return _wrong(bases) <= set(correction.mended)
