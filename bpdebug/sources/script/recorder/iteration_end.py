"""Where an iteration ends: the recorder asks at each place that reads what a step gave.

Where that is in doubt (see `iterations`) the moment is marked, and a little more is recorded: a step that
comes then may say that what was marked was the step of a state, or too early.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from bpdebug.sources.script.recorder.iterations import (
    MOST_BYTES,
    MOST_NODES,
    Mark,
    RecordedLists,
    has_loss,
    is_further_on,
    is_in_turn_of,
    is_within_loop,
    states_behind,
    steps_a_step,
    turn_since,
    until,
)
from bpdebug.sources.script.recorder.limits import RecordingLimits
from bpdebug.sources.script.recorder.records import Frame
from bpdebug.sources.script.recorder.updates import Update, is_plain_sum
from bpdebug.sources.script.sites import Site, SourceRange


class IterationEnd:
    """Says whether an iteration is over, and what belongs to it.

    Parameters
    ----------
    sites : sequence of Site
        All places of the person's code.
    limits : RecordingLimits
        Which iteration is recorded, and how much at most.
    stack : callable
        Gives the calls that are under way.
    recorded : callable
        Gives what was recorded so far.

    Attributes
    ----------
    iteration : int
        Which one is under way, from 1.
    mark : Mark or None
        The moment at which it may have been over; None where nothing is in doubt.
    states : set of SourceRange
        The lines whose steps are those of a state.
    most_nodes, most_bytes : int
        So much is recorded at most; less where it is in doubt.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        limits: RecordingLimits,
        stack: Callable[[], Sequence[Frame]],
        recorded: Callable[[], RecordedLists],
    ) -> None:
        self.sites, self.limits, self.stack, self.recorded = sites, limits, stack, recorded
        self.iteration = 1
        self.states: set[SourceRange] = set()
        self.settle()

    def settle(self) -> None:
        """Be in no doubt any more."""
        self.mark: Mark | None = None
        self.most_nodes, self.most_bytes = self.limits.nodes, self.limits.size

    @property
    def is_last(self) -> bool:
        """Whether the iteration under way is the one that is recorded."""
        return self.iteration >= self.limits.iteration

    def is_reached(self, update: Update, site: Site, size: int, has_gone_back: bool) -> bool:
        """Whether the iteration is over with a place that reads what is new; mark where that is in doubt.

        Parameters
        ----------
        update : Update
            The step that gave it.
        site : Site
            The place.
        size : int
            How many bytes are recorded.
        has_gone_back : bool
            Whether a library has derived gradients in this iteration.
        """
        ends_at_a_line = bool(self.limits.until[1]) and self.is_last
        if self.mark is not None or update.site.statement in self.states or ends_at_a_line:
            return False
        if has_gone_back and is_within_loop(update):
            return turn_since(self.stack()[-1], update) is not None
        nodes, _, updates, _, _ = self.recorded()
        knows_loss = has_loss(nodes, update, updates) and not steps_a_step(update, updates)
        is_early = (knows_loss or update.site.operator is operator.isub) and is_further_on(
            self.sites, self.stack(), site, update
        )
        if knows_loss and not is_early:
            return True
        if self.limits.iteration > 1:  # all iterations are counted, and none is run twice
            return not is_early and not is_plain_sum(update.new, update.deltas)
        self.mark_now(update, is_early)
        self.most_nodes = min(self.limits.nodes, len(nodes) + MOST_NODES)
        self.most_bytes = min(self.limits.size, size + MOST_BYTES)
        return False

    def mark_now(self, update: Update, is_early: bool = False) -> None:
        """Mark that the iteration may be over now, as what a step gave is read."""
        nodes, instances, updates, tests, frames = [len(one) for one in self.recorded()]
        is_later = is_in_turn_of(self.stack()[-1], update)
        self.mark = Mark(update, nodes, instances, updates, tests, frames, is_later, is_early)

    def step_found(self, update: Update) -> None:
        """Settle a doubt by a step: it may say that what was marked was the step of a state, or too early."""
        if self.mark is not None and (states := states_behind(update, self.recorded()[2], self.mark)):
            if not self.mark.is_early:
                self.states |= states
            self.settle()

    def within(self) -> RecordedLists:
        """Return what was recorded of the iteration; where its end is in doubt, until then."""
        recorded = self.recorded() if self.mark is None else until(self.mark, self.recorded())
        nodes, instances, updates, tests, frames = recorded
        updates = [one for one in updates if one.site.statement not in self.states]
        return nodes, instances, updates, tests, frames
