"""How likely a correction is, by what its line is and what it gives then: of several that mend the same.

A line whose value is what its name says already is hardly the one at fault; where what it gives with an edit
is the gradient of something that is known, it very likely is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from bpdebug.sources.script import Node
from bpdebug.verify.repair.known import KnownGradients, Meaning
from bpdebug.verify.repair.line_edits import LineEdits
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.suspects import Suspect, built_by
from bpdebug.verify.repair.trees import is_selection
from bpdebug.verify.repair.trying import Candidate, Verdicts
from bpdebug.verify.repair.wording import DERIVATIVES, MISSING

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


class Likelihood:
    """Says how much less likely an edit is than its kind is.

    Parameters
    ----------
    edits : LineEdits
        Whose edits they are: what it knows may change.
    """

    def __init__(self, edits: LineEdits) -> None:
        self.edits = edits

    @property
    def _known(self) -> KnownGradients:
        return self.edits.known

    def is_exact(self, nodes: Sequence[Node]) -> bool:
        """Whether tensors are what their names say, as many times as all are."""
        values, gradients = self.edits.replay.recorded, self.edits.trials[0].gradients
        return all(any(self._known.exactly(node, values(node), gradients)) for node in nodes)

    def is_no_chance(self, mended: Sequence[str], base: Verdicts) -> bool:
        """Whether at least half of a tensor is mended where its elements are judged by themselves.

        One number is soon hit by chance.
        """
        wrong = [name for name, verdict in base.items() if verdict == "wrong"]
        each = Counter(_owner(name) for name in wrong if self._known.is_single(name))
        found = Counter(_owner(name) for name in mended if self._known.is_single(name))
        return all(2 * count >= each[owner] for owner, count in found.items())

    def further_cost(self, candidate: Candidate, suspect: Suspect, before: Replaced) -> float:
        """Return how much less likely an edit is, by what its line is and what it gives then."""
        meaning = self._meaning_of(candidate, suspect, before)
        is_told = bool(meaning) and not self.edits.is_returned(suspect)
        cost = EXPLAINED * suspect.is_explained - KNOWN * is_told
        # What lacks a derivative is a right gradient as well: that of what has gone through the activation.
        is_whole = suspect.is_explained and candidate.kind not in MISSING
        cost += EXPLAINED * (is_whole and self.is_exact(built_by(suspect)))
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
        value_of, gradients = (
            self.edits.replay.run({**before, **candidate.replaced}),
            self.edits.trials[0].gradients,
        )
        return sum(not any(self._known.exactly(one, value_of(one), gradients)) for one in self._named)

    @cached_property
    def _named(self) -> list[Node]:
        """The tensors that are named after others, as their gradients are."""
        named = (one for one in self.edits.recording.nodes if one.names and np.size(one.like) > 1)
        return [one for one in named if self._known.is_named(one)][:MOST_NAMED]

    def _is_handed_on(self, suspect: Suspect) -> bool:
        """Whether a line adds or returns something as it came, and the function has not computed it."""
        own = suspect.site
        if not own.code.isidentifier():
            return False
        computed = {
            target.text
            for site in self.edits.recording.own_sites
            if (site.place.file, site.function) == (own.place.file, own.function)
            for target in site.targets
        }
        return own.role == "augment" or own.code not in computed

    def _meaning_of(self, candidate: Candidate, suspect: Suspect, before: Replaced) -> Meaning:
        """Say what a line gives with an edit in it, or stores, in all of its executions that matter."""
        value_of = self.edits.replay.run({**before, **candidate.replaced})
        involved = suspect.involved[:4]
        for nodes in ([one.node for one in involved], [one.result for one in involved]):
            values = [value_of(node) for node in nodes if node is not None]
            meanings = {
                self._known.meaning(value) for value in values if np.size(value) > 1 and np.any(value)
            }
            if len(meanings) == 1 and meanings != {""}:
                return meanings.pop()
        return ""


def _is_cut_out(suspect: Suspect) -> bool:
    """Whether a line names a part of something: `window = x[i:i + 3]`."""
    return suspect.site.role == "assign" and "[" in suspect.site.code and is_selection(suspect.site.code)


def _owner(name: str) -> str:
    """Return the tensor that an element belongs to: `w` of `w[0, 1]`."""
    return name.rpartition("[")[0] or name
