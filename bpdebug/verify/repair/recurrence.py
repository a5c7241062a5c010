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

from bpdebug.sources.script import Instance, Node
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.reference import Reference
from bpdebug.verify.repair.parts import TOLERANCE, Sum, parts_of, value_of_sum
from bpdebug.verify.repair.places import frames_from, sum_of
from bpdebug.verify.repair.replay import Replaced, ancestors, fixed
from bpdebug.verify.repair.search import Search
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
    every = [one for series in _series(reference) for one in (series, series[::-1])]
    for suspect in suspects:
        instances = [one for one in suspect.instances if one.node is not None]
        for series in every if len(instances) > 1 else ():
            if time.thread_time() > deadline:
                return
            # What the first turn hands on, nothing before it takes.
            if len(instances) - len(series) not in (0, 1):
                continue
            pairs = [(_given(one), each) for one, each in zip(instances, series, strict=False)]
            off = _first_off(pairs, runs[0], values[0], ratio)
            placed = ({**before, **_placed(pairs, own, ratio)} for own in values)
            if off is not None and all(_is_right(search, *one) for one in enumerate(placed)):
                yield Belonging(_seen_in(suspect, instances[off]), series[off])
                break


def _series(reference: Reference) -> Iterator[list[Sum]]:
    """Yield the gradients that belong together, in the order of a backward pass: the last turn's first.

    They are of what one line gave under the same calls. Of what is read several times there is also what
    comes back by each reading, and by all others together.
    """
    found: dict[tuple[int, ...], list[tuple[Node, Sum]]] = defaultdict(list)
    parts, shapes = parts_of(reference), reference.program.shapes
    for statement in reference.program.statements:
        node = reference.forward.nodes.get(statement.of)
        if node is not None and not statement.part:
            for reading, each in enumerate([(statement.name,), *parts.get(statement.of, ())]):
                found[reading, *shapes[statement.name], -1, *_under(node)].append((node, each))
    for own in found.values():
        nodes = sorted((node for node, _ in own), key=lambda node: node.id)
        # Of examples that have nothing to do with each other each is judged like a single one.
        if len(nodes) > 1 and nodes[0].id in ancestors(nodes[-1:]):
            yield [each for _, each in own]


def _under(node: Node) -> list[int]:
    """Return the lines under which something was computed, its own first."""
    frames = frames_from(node.instance.frame if node.instance is not None else None)
    sites = (node.site, *(frame.site for frame in frames))
    return [site.number for site in sites if site is not None]


def _seen_in(suspect: Suspect, first: Instance) -> Suspect:
    return suspect._replace(involved=(first, *(one for one in suspect.involved if one is not first)))


def _given(instance: Instance) -> Node:
    """Return the node that a line gives: of `x += v`, the sum."""
    node = sum_of(instance) or instance.node
    assert node is not None
    return node


def _placed(pairs: Sequence[tuple[Node, Sum]], values: Mapping[str, Any], ratio: float) -> Replaced:
    return {node.id: fixed(ratio * value_of_sum(each, values)) for node, each in pairs}


def _first_off(
    pairs: Sequence[tuple[Node, Sum]], value_of: ValueOf, values: Mapping[str, Any], ratio: float
) -> int | None:
    """Return the first place at which something else stands; None if there is none, or nothing can stand."""
    off = None
    for place, (node, each) in enumerate(pairs):
        value, wanted = value_of(node), ratio * value_of_sum(each, values)
        if np.shape(value) != np.shape(wanted):
            return None
        if off is None and not np.allclose(value, wanted, TOLERANCE, 0):
            off = place
    return off


def _is_right(search: Search, trial: int, replaced: Replaced) -> bool:
    try:
        return all(said == "right" for said in search.judged(search.trials[trial], replaced).values())
    except Exception:  # the person's own operations may raise on other values
        return False
