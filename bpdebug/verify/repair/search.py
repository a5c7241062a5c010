"""The search for corrections: edit a line, compute everything again, and see whether the gradients are right.

An edit is a correction only if more gradients are right with it and none less, here and on fresh values of
the parameters. Where several lines can be mended, that one is at fault whose new value is then the gradient
of something that is known, and the earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from bpdebug.errors import Interrupted
from bpdebug.sources.script import Node, SourceRange
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.known import Meaning
from bpdebug.verify.repair.line_edits import LineEdits
from bpdebug.verify.repair.other_run import OtherRun
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.statements import statement_edits
from bpdebug.verify.repair.suspects import Suspect, built_by
from bpdebug.verify.repair.trees import is_selection
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
from bpdebug.verify.repair.wording import DERIVATIVES, MISSING

ENOUGH, ENOUGH_TRIED = 3, 600
"""After the first line with a full correction, so many more lines are looked at for a better one; more where
that is soon done: as long as no more than so many edits were tried."""
MOST_OF_A_LINE = 6
"""So many corrections of one line are kept: they are the same in other words."""
MOST_FIRST = 3
"""So many lines may be the first that is wrong, where none alone mends anything."""
EXPLAINED = 0.5
"""How much less likely one is at a line whose value is what its name says already, but for a factor; twice
where not even a factor is missing."""
KNOWN = 0.4
"""How much likelier a correction is whose value is known: the gradient of something, or a slope."""
UNTOUCHED = 0.1
"""How much likelier it is on a line that hands something on as it came."""
MISNAMED, MOST_NAMED = 0.15, 60
"""How much less likely it is with each tensor that is not what its name says still; of many, of the first."""
MISPLACED = 0.5
"""How much less likely it is where such a thing is not written."""


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
    """

    partly: Sequence[Correction] = ()
    other_run: Callable[[], OtherRun | None] | None = None

    def corrections(
        self,
        suspects: Sequence[Suspect],
        before: Replaced,
        waves: Sequence[Costs] = WAVES,
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
        """
        bases = [self.judged(trial, before) for trial in self.trials]
        found: list[Correction] = []
        self.partly = []
        for costs in waves:
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
            if _is_enough(bases, suspects, found):
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
        wrong += [each for each in built if each[0].is_explained and not self._is_exact(each[1])][:MOST_FIRST]
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

    def _is_exact(self, built: Sequence[Node]) -> bool:
        values, gradients = self.replay.recorded, self.trials[0].gradients
        return all(any(self.known.exactly(node, values(node), gradients)) for node in built)

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
        self,
        suspect: Suspect,
        before: Replaced,
        bases: Sequence[Verdicts],
        costs: Costs,
    ) -> Iterator[Correction]:
        count, value_of = 0, self.replay.run(before)
        for candidate in self.likely(suspect, before, costs):
            if count == MOST_OF_A_LINE:
                return
            if costs.must_be_known and not self._is_known(suspect, candidate, value_of):
                continue
            mended, spoiled = self.effect(candidate, before, bases)
            if spoiled and mended:
                one = Correction(suspect, *candidate.texts, mended, candidate.cost, candidate.replaced)
                self.partly = [*self.partly, one]
            elif mended and self._is_no_chance(mended, bases):
                count += 1
                cost = candidate.cost + self._further(candidate, suspect, before)
                yield Correction(suspect, *candidate.texts, mended, cost, candidate.replaced)

    def _is_known(self, suspect: Suspect, candidate: Candidate, value_of: ValueOf) -> bool:
        """Whether an edit gives a right gradient, or a part of one; True of an edit of a whole statement."""
        node = suspect.first.node
        if node is None or node.id not in candidate.replaced:
            return True
        try:
            value = candidate.replaced[node.id](value_of)
        except Exception:
            return False
        return any(self.known.exactly(node, value, self.trials[0].gradients)) or self.known.is_part(value)

    def likely(self, suspect: Suspect, before: Replaced, costs: Costs) -> Iterator[Candidate]:
        """Yield the edits of a line, those of its statement first."""
        statements = (_of_statement(*one) for one in statement_edits(self.recording, suspect))
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
        # What lacks a derivative is a right gradient as well: that of what has gone through the activation.
        is_whole = suspect.is_explained and candidate.kind not in MISSING
        cost += EXPLAINED * (is_whole and self._is_exact(built_by(suspect)))
        cost -= UNTOUCHED * self._is_handed_on(suspect)
        # A derivative takes a gradient back through an activation; to a parameter there is none.
        cost += MISPLACED * (meaning == "parameter" and candidate.kind in DERIVATIVES)
        # What an update has of its own is a rate and a sign: what is missing is missing in the gradient.
        cost += MISPLACED * (suspect.is_update and candidate.kind in MISSING)
        # What is cut out of something lacks nothing: that is missing where it is read.
        cost += MISPLACED * (_is_cut_out(suspect) and candidate.kind in MISSING)
        return cost + MISNAMED * self._misnamed(candidate, before)

    def _misnamed(self, candidate: Candidate, before: Replaced) -> int:
        """Return how many tensors are not what their names say still: one fault may make up for another."""
        value_of, gradients = self.replay.run({**before, **candidate.replaced}), self.trials[0].gradients
        return sum(not any(self.known.exactly(one, value_of(one), gradients)) for one in self._named)

    @cached_property
    def _named(self) -> list[Node]:
        """The tensors that are named after others, as their gradients are."""
        named = (one for one in self.recording.nodes if one.names and np.size(one.like) > 1)
        return [one for one in named if self.known.is_named(one)][:MOST_NAMED]

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
        """Say what a line gives with an edit in it, or stores, in all of its executions that matter."""
        value_of = self.replay.run({**before, **candidate.replaced})
        involved = suspect.involved[:4]
        for nodes in ([one.node for one in involved], [one.result for one in involved]):
            values = [value_of(node) for node in nodes if node is not None]
            meanings = {self.known.meaning(value) for value in values if np.size(value) > 1 and np.any(value)}
            if len(meanings) == 1 and meanings != {""}:
                return meanings.pop()
        return ""


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


def _is_cut_out(suspect: Suspect) -> bool:
    """Whether a line names a part of something: `window = x[i:i + 3]`."""
    return suspect.site.role == "assign" and "[" in suspect.site.code and is_selection(suspect.site.code)


def _owner(name: str) -> str:
    """Return the tensor that an element belongs to: `w` of `w[0, 1]`."""
    return name.rpartition("[")[0] or name


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
