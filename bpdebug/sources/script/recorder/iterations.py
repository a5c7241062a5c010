"""When an iteration is over: a place that has read a parameter reads the value that has taken its place.

A state that a loop of the forward pass carries on looks the same: `h = h + dt * f(h)`, the state of an RNN, a
residual written with a minus. Only what comes before and after tells them apart:

- Before the step of a parameter there is a loss: a number that was computed from it, and that no step needs.
  Where there is one, the iteration is over. But what was stepped before in the same iteration may be a state
  of which a number is printed in every turn.
- Where there is none, it is in doubt: the moment is marked, and the recording goes on. A step of something
  else, which the state was computed with and which was not updated yet, says that it was a state. If none
  comes for a while, it was a parameter, and what was recorded since then is left out.

Where a library derives the gradients, a step is known to be one, and what reads the new value in the same
turn of all loops belongs to the iteration: two trainings take turns.

Nor is it over where a function that both passes call reads the new value in the call and turn that made
it, if another step then depends on that: the first step came too early.

The turn of the training's loop in which the new value is read has often begun before, with the next examples:
what that turn has computed belongs to the next iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from bpdebug.sources.script.recorder.branches import Test
from bpdebug.sources.script.recorder.records import Frame, Instance, Node, Turns, same
from bpdebug.sources.script.recorder.updates import Update, depends_on
from bpdebug.sources.script.sites import Site, SourceRange

MOST_NODES = 20_000
MOST_BYTES = 200_000_000
"""So much is recorded in doubt: some tenths of a second."""


class Mark(NamedTuple):
    """A moment at which the iteration may have been over: how much of each had been recorded by then.

    `update` is the step whose new value was read; `is_later` whether something was recorded in the turn that
    reads it. `is_early` says that it was read where the steps of others may be to come.
    """

    update: Update
    nodes: int
    instances: int
    updates: int
    tests: int
    frames: int
    is_later: Callable[[Node | Instance | Frame], bool]
    is_early: bool = False


def is_further_on(sites: Sequence[Site], stack: Sequence[Frame], site: Site, update: Update) -> bool:
    """Whether a place reads what a step gave further on in the very call and turn in which it was made.

    With a function that both passes call, as one for the product of two lists, the place is one that has read
    the old value: the step came too early, and no iteration is over with that.
    """
    frame = update.new.frame
    if frame not in stack:
        return False
    called = stack[stack.index(frame) + 1 :]
    line = called[0].caller[1] if called else site.line
    around = (sites[loop].statement for loop in update.site.loops)
    turns = [
        loop for loop, one in zip(update.site.loops, around, strict=True) if one.line <= line <= one.end_line
    ]
    same_turns = all(frame.turns.get(loop) == update.new.turns.get(loop) for loop in turns)
    return bool(called) and line > update.site.line and same_turns


def turn_since(reader: Frame, update: Update) -> tuple[Frame, int, int] | None:
    """Return the turn in which a call reads what a step gave; None if it is that of the step.

    Of several loops that have gone on since the step, it is the turn of the outermost.
    """
    at_step = dict(_turns_around(update.new))
    for frame, turns in reversed([(reader, reader.turns), *_turns_around(reader)]):
        for loop, turn in turns.items():
            if at_step.get(frame, {}).get(loop, turn) != turn:
                return frame, loop, turn
    return None


def is_within_loop(update: Update) -> bool:
    """Whether a step is made in a loop of the person's: a library may go round by itself."""
    return any(turns for _, turns in _turns_around(update.new))


def is_in_turn_of(reader: Frame, update: Update) -> Callable[[Node | Instance | Frame], bool]:
    """Return what says whether something was recorded in the turn in which a call reads what a step gave."""
    later = turn_since(reader, update)
    return partial(_is_in_turn, *later) if later is not None else lambda one: False


def _is_in_turn(frame: Frame, loop: int, turn: int, one: Node | Instance | Frame) -> bool:
    return any(around is frame and turns.get(loop) == turn for around, turns in _turns_around(one))


def _turns_around(one: Node | Instance | Frame) -> Iterator[tuple[Frame, Turns]]:
    """Yield the calls around something, the innermost first, each with the turns of its loops then."""
    call = one if isinstance(one, Frame) else one.frame
    if not isinstance(one, Frame):
        yield call, one.turns
    while call.parent is not None:
        yield call.parent, call.parent_turns
        call = call.parent


RecordedLists = tuple[list[Node], list[Instance], list[Update], list[Test], list[Frame]]


def until(mark: Mark, recorded: RecordedLists) -> RecordedLists:
    """Return what was recorded up to a moment, without what belongs to the next iteration."""
    nodes, instances, updates, tests, frames = recorded
    first = mark.update.new.id + 1
    end = next((node.id for node in nodes[first : mark.nodes] if mark.is_later(node)), mark.nodes)
    return (
        nodes[:end],
        [one for one in instances[: mark.instances] if one.start < first or not mark.is_later(one)],
        [one for one in updates[: mark.updates] if one.new.id < end],
        [one for one in tests[: mark.tests] if one.time <= end],
        [one for one in frames[: mark.frames] if one.time < first or not mark.is_later(one)],
    )


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


def steps_a_step(update: Update, updates: Sequence[Update]) -> bool:
    """Whether what is stepped is what an earlier step of the iteration gave."""
    return any(one.new.origin is update.old.origin for one in updates)


def states_behind(update: Update, updates: Sequence[Update], mark: Mark) -> set[SourceRange]:
    """Return the lines that step states, if the first step of something else depends on what was marked.

    What itself depends on that is no parameter: momentum, whose first step is seen in the second iteration.
    Nor is anything new where the same line has made a step before: each example has steps of its own rows.
    """
    before = updates[: mark.updates]
    is_first = update.old.id < mark.nodes and all(
        one.old is not update.old and one.site.statement is not update.site.statement for one in before
    )
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
