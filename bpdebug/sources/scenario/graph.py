"""The layers of a file as a graph: where each takes its inputs from, and in which order they can run.

A layer without `inputs` reads the layer before it, so a file that names none is a chain. Layers may stand in
any order, as long as none waits for its own result; the last one of the file is what the network gives.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bpdebug.engine.network.layers import LayerKind
from bpdebug.sources.problems import KeyPath, ProblemReport, listed, shortened

NETWORK_INPUT = "input"
"""What layers call the input of the network."""


class LayerNode(NamedTuple):
    """What a layer says about its place in the network.

    Attributes
    ----------
    number : int
        The layer's number, from 1.
    kind : LayerKind
        What it is.
    name : str
        What others call it; empty if it has no name.
    inputs : sequence of str, optional
        The names of what it reads; None for the layer before.
    share : str
        The name of the layer whose parameters it uses; empty for its own.
    """

    number: int
    kind: LayerKind
    name: str
    inputs: Sequence[str] | None
    share: str

    def key(self, *rest: str | int) -> KeyPath:
        """Return the key path of something that the layer says."""
        return ("layers", self.number - 1, *rest)

    @property
    def place(self) -> str:
        """What messages call it: `layers[2] 'skip'`."""
        return f"layers[{self.number - 1}]" + (f" '{shortened(self.name)}'" if self.name else "")


class LayerGraph(NamedTuple):
    """How the layers of a network hang together.

    Attributes
    ----------
    sources : mapping
        For each layer, by number, the numbers of those that it reads; 0 is the network's input.
    owners : mapping
        For each layer that shares, the number of the one whose parameters it uses.
    order : tuple of int
        The layers in an order in which they can run, as near to that of the file as possible.
    """

    sources: Mapping[int, tuple[int, ...]]
    owners: Mapping[int, int]
    order: tuple[int, ...]


def chain(count: int) -> LayerGraph:
    """Return the graph of so many layers, one after the other."""
    numbers = range(1, count + 1)
    return LayerGraph({number: (number - 1,) for number in numbers}, {}, tuple(numbers))


def read_graph(places: Sequence[LayerNode], report: ProblemReport) -> LayerGraph | None:
    """Put the layers together; None where that is not possible, with the problems reported.

    Parameters
    ----------
    places : sequence of LayerNode
        All layers, in the order of the file.
    report : ProblemReport
        Takes what is wrong.
    """
    if not any(place.name or place.inputs is not None or place.share for place in places):
        graph = chain(len(places))
        return graph if _inputs_are_counted(places, graph.sources, report) else None
    numbers = _numbers(places, report)
    sources: dict[int, tuple[int, ...]] = {}
    owners: dict[int, int] = {}
    is_sound = numbers is not None
    numbers = numbers or {}
    for place in places:
        found = [
            _look_up(name, numbers, place.key("inputs", index), report)
            for index, name in enumerate(place.inputs or ())
        ]
        sources[place.number] = tuple(number for number in found if number is not None)
        is_sound &= None not in found
        if place.inputs is None:
            sources[place.number] = (place.number - 1,)
        if place.share:
            owner = _owner(place, places, numbers, report)
            is_sound &= owner is not None
            owners[place.number] = owner or 0
    is_sound = is_sound and _inputs_are_counted(places, sources, report)
    if not is_sound:
        return None
    order = _order(places, sources, report)
    if order is None or not _all_are_read(places, sources, report):
        return None
    return LayerGraph(sources, owners, order)


def _numbers(places: Sequence[LayerNode], report: ProblemReport) -> dict[str, int] | None:
    """Return the number behind each name; None if one is given twice."""
    numbers = {NETWORK_INPUT: 0}
    is_sound = True
    for place in places:
        if not place.name:
            continue
        if place.name in numbers:
            first = numbers[place.name]
            whose = f"layers[{first - 1}]" if first else "the network's input"
            message = f"name used twice: found '{shortened(place.name)}', which is {whose}"
            report.add(place.key("name"), f"{message}, expected a name of its own")
            is_sound = False
        numbers.setdefault(place.name, place.number)
    return numbers if is_sound else None


def _look_up(name: str, numbers: Mapping[str, int], key: KeyPath, report: ProblemReport) -> int | None:
    if name not in numbers:
        known = listed(numbers, shortened)
        message = f"unknown layer: found '{shortened(name)}', expected one of {known}"
        report.add(key, message, report.did_you_mean(name, numbers))
    return numbers.get(name)


def _owner(
    place: LayerNode, places: Sequence[LayerNode], numbers: Mapping[str, int], report: ProblemReport
) -> int | None:
    key = place.key("share")
    layers = {name: number for name, number in numbers.items() if number}
    number = _look_up(place.share, layers, key, report)
    if number is None:
        return None
    owner = places[number - 1]
    if owner.share:
        what = (
            "itself" if owner is place else f"{owner.place}, which shares those of '{shortened(owner.share)}'"
        )
        report.add(key, f"no parameters of its own: found {what}, expected a layer that has them")
        return None
    if owner.kind is not place.kind:
        message = f"another kind: {place.place} is {place.kind.name}, {owner.place} is {owner.kind.name}"
        report.add(key, f"{message}, expected the same kind")
        return None
    return number


def _inputs_are_counted(
    places: Sequence[LayerNode], sources: Mapping[int, tuple[int, ...]], report: ProblemReport
) -> bool:
    """Whether every layer reads as many tensors as its kind does."""
    is_sound = True
    for place in places:
        allowed, count = place.kind.inputs, len(sources[place.number])
        if count in allowed:
            continue
        least, most, step = allowed[0], allowed[-1], allowed.step
        expected = f"{least} to {most}" if step == 1 and len(allowed) > 1 else " or ".join(map(str, allowed))
        message = f"wrong number of inputs: {place.kind.name} takes {expected}, found {count}"
        hint = "" if place.inputs is not None else 'name them, as inputs = ["input", "another layer"]'
        report.add(place.key("inputs"), message, hint)
        is_sound = False
    return is_sound


def _order(
    places: Sequence[LayerNode], sources: Mapping[int, tuple[int, ...]], report: ProblemReport
) -> tuple[int, ...] | None:
    """Return the layers, each after those that it reads; None if there is a cycle."""
    readers: dict[int, list[int]] = {number: [] for number in range(len(places) + 1)}
    waiting = {number: len(set(found)) for number, found in sources.items()}
    for number, found in sources.items():
        for source in set(found):
            readers[source].append(number)
    ready, order = [0], []
    while ready:
        number = heapq.heappop(ready)  # of those that can run, the first of the file
        order.append(number)
        for reader in readers[number]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    if len(order) > len(places):
        return tuple(order[1:])
    left = set(sources) - set(order)
    path = [min(left)]
    while path[-1] not in path[:-1]:
        path.append(next(source for source in sources[path[-1]] if source in left))
    cycle = path[path.index(path[-1]) :]
    steps = " reads ".join(places[number - 1].place for number in cycle)
    message = f"a cycle: {steps}, expected layers of which none waits for its own result"
    report.add(places[cycle[0] - 1].key("inputs"), message)
    return None


def _all_are_read(
    places: Sequence[LayerNode], sources: Mapping[int, tuple[int, ...]], report: ProblemReport
) -> bool:
    """Whether something reads each layer but the last, which is what the network gives."""
    read = {source for found in sources.values() for source in found}
    unread = [place for place in places[:-1] if place.number not in read]
    last = places[-1].place
    for place in unread:
        message = f"not read: found no layer that names {place.place} in its inputs, expected one"
        report.add(place.key(), message, f"the network gives the result of its last layer, {last}")
    return not unread
