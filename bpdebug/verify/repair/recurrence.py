"""What belongs on a line that runs in every turn of a loop: a gradient for each turn, or a part of one.

A backward pass through time goes wrong in its second turn and is wrong in all that follow, so no single value
put right mends anything. But what a forward line computes in each turn has a gradient in each, and these
belong together. So one such series after the other is put on a line, a gradient a turn, until all is right:
then it is that line, and it is known what it should give.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.sources.script import Instance, Node
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.reference import Reference
from bpdebug.verify.repair.parts import Sum, parts_of, value_of_sum
from bpdebug.verify.repair.replay import Replaced, ancestors, fixed
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.statements import sum_of
from bpdebug.verify.repair.suspects import Suspect

SHARE = 0.3
"""The share of the time that is left for this."""


class Belonging(NamedTuple):
    """A line, and what belongs there.

    Attributes
    ----------
    suspect : Suspect
        The line; it is to be looked at in the first turn in which it gives something else.
    gradient : tuple of str
        What belongs there in that turn, by its names in the derivation: a gradient, or parts of one.
    """

    suspect: Suspect
    gradient: Sum


def belonging(
    search: Search, analysis: Analysis, suspects: Sequence[Suspect], before: Replaced
) -> Iterator[Belonging]:
    """Yield the lines with which all is right once what belongs there stands there, on all values.

    There may be several, for what one hands on is what the next one should be given.

    Parameters
    ----------
    search : Search
        Computes the recording again.
    analysis : Analysis
        Has the derived gradients.
    suspects : sequence of Suspect
        The lines that can be at fault.
    before : mapping
        Corrections that have been made already, of other faults.
    """
    loss = analysis.loss
    if loss is None:
        return
    reference, ratio = loss.reference, loss.verdicts.ratio or 1.0
    deadline = time.thread_time() + SHARE * (search.deadline - time.thread_time())
    runs = [search.replay.run({**trial.replaced, **before}) for trial in search.trials]
    values = [reference.values(value_of) for value_of in runs]
    every = list(_series(reference, values[0]))
    for suspect in suspects:
        instances = [one for one in suspect.instances if one.node is not None]
        for shape, sums in every if len(instances) > 1 else ():
            if time.thread_time() > deadline:
                return
            found = None
            for ordered in (sums, sums[::-1]):
                pairs = [(_target(one), each) for one, each in zip(instances, ordered, strict=False)]
                may_be = len(instances) - len(sums) in (0, 1)
                if may_be and all(np.shape(runs[0](target)) == shape for target, _ in pairs):
                    off = _first_off(pairs, runs[0], values[0], ratio)
                    placed = ({**before, **_placed(pairs, own, ratio)} for own in values)
                    if off is not None and all(_is_right(search, *one) for one in enumerate(placed)):
                        found = Belonging(_seen_in(suspect, instances[off]), ordered[off])
            if found is not None:
                yield found
                break


def _series(reference: Reference, values: Mapping[str, Any]) -> Iterator[tuple[Shape, list[Sum]]]:
    """Yield the gradients that belong together, in the order of a backward pass: the last turn's first.

    They are of what one line gave under the same calls. Of what is read several times there is also what
    comes back by each reading, and by all others together.
    """
    found: dict[Any, list[Sum]] = defaultdict(list)
    nodes: dict[Any, list[Node]] = defaultdict(list)
    parts = parts_of(reference)
    for statement in reference.program.statements:
        node = reference.forward.nodes.get(statement.of)
        if node is not None and not statement.part:
            for reading, each in enumerate([(statement.name,), *parts.get(statement.of, ())]):
                key = _under(node), reading, np.shape(values[statement.name])
                found[key].append(each)
                nodes[key].append(node)
    for key, sums in found.items():
        own = nodes[key]
        # Of examples that have nothing to do with each other each is judged like a single one.
        if len(own) > 1 and min(own[0].id, own[-1].id) in ancestors([max(own[0], own[-1], key=_age)]):
            yield key[-1], sums


def _age(node: Node) -> int:
    return node.id


def _under(node: Node) -> tuple[int, ...]:
    """Return the lines under which something was computed, its own first."""
    lines = [] if node.site is None else [node.site.number]
    frame = node.instance.frame if node.instance is not None else None
    while frame is not None:
        lines += [] if frame.site is None else [frame.site.number]
        frame = frame.parent
    return tuple(lines)


def _seen_in(suspect: Suspect, first: Instance) -> Suspect:
    return suspect._replace(involved=(first, *(one for one in suspect.involved if one is not first)))


def _target(instance: Instance) -> Any:
    """Return the node that a line gives: of `x += v`, the sum."""
    added = sum_of(instance)
    return instance.node if added is None else added


def _placed(pairs: Sequence[tuple[Any, Sum]], values: Mapping[str, Any], ratio: float) -> Replaced:
    return {target.id: fixed(ratio * value_of_sum(each, values)) for target, each in pairs}


def _first_off(
    pairs: Sequence[tuple[Any, Sum]], value_of: Any, values: Mapping[str, Any], ratio: float
) -> int | None:
    """Return the first place at which something else stands."""
    for place, (target, each) in enumerate(pairs):
        if not np.allclose(value_of(target), ratio * value_of_sum(each, values), 1e-6, 1e-12):
            return place
    return None


def _is_right(search: Search, trial: int, replaced: Replaced) -> bool:
    try:
        return all(said == "right" for said in search.judged(search.trials[trial], replaced).values())
    except Exception:  # the person's own operations may raise on other values
        return False
