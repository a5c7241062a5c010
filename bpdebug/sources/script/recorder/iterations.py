"""When an iteration is over: a place that has read a parameter reads the value that has taken its place.

A state that a loop of the forward pass carries on looks the same: `h = h + dt * f(h)`, the state of an RNN, a
residual written with a minus. Only what comes before and after tells them apart:

- Before the step of a parameter there is a loss: a number that was computed from it, and that no step needs.
  Where there is one, the iteration is over.
- Where there is none, it is in doubt: the moment is marked, and the recording goes on. A step of something
  else, which the state was computed with and which was not updated yet, says that it was a state. If none
  comes for a while, it was a parameter, and what was recorded since then is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bpdebug.sources.script.recorder.records import Node, Update, same
from bpdebug.sources.script.recorder.updates import depends_on
from bpdebug.sources.script.sites import SourceRange

MOST_NODES = 20_000
MOST_BYTES = 200_000_000
"""So much is recorded in doubt: some tenths of a second."""


class Mark(NamedTuple):
    """A moment at which the iteration may have been over: how much of each had been recorded by then.

    `update` is the step whose new value was read.
    """

    update: Update
    nodes: int
    instances: int
    updates: int
    tests: int
    frames: int


def has_loss(nodes: Sequence[Node], update: Update, updates: Sequence[Update]) -> bool:
    """Whether a number was computed from a parameter, before its step, that no step needs.

    Parameters
    ----------
    nodes : sequence of Node
        All that were recorded.
    update : Update
        The step.
    updates : sequence of Update
        All steps so far.
    """
    reached = {update.old.id}
    numbers = []
    for node in nodes[update.old.id + 1 : update.new.id]:
        if any(parent.id in reached for parent in node.parents()):
            reached.add(node.id)
            if node.shape == () and node.function is not same:
                numbers.append(node.id)
    return bool(set(numbers) - _behind(updates)) if numbers else False


def states_behind(update: Update, updates: Sequence[Update], mark: Mark) -> set[SourceRange]:
    """Return the lines that step states, if the first step of something else depends on what was marked.

    What itself depends on that is no parameter: momentum, whose first step is seen in the second iteration.
    """
    before = updates[: mark.updates]
    is_first = update.old.id < mark.nodes and all(one.old is not update.old for one in before)
    if not is_first or depends_on(update.old, mark.update.old):
        return set()
    deltas = [delta for _, delta in update.deltas]
    if not any(depends_on(delta, mark.update.new) for delta in deltas):
        return set()
    return {one.site.statement for one in before if any(depends_on(delta, one.new) for delta in deltas)}


def _behind(updates: Sequence[Update]) -> set[int]:
    """Return the numbers of all nodes that the new values were computed from."""
    seen: set[int] = set()
    waiting = [update.new for update in updates]
    while waiting:
        node = waiting.pop()
        if node.id not in seen:
            seen.add(node.id)
            waiting.extend(node.parents())
    return seen
