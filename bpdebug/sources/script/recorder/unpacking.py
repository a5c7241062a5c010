"""What loops and assignments take apart: which part of a value gets which name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bpdebug.sources.script.recorder.journal import MISSING
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recorder.statements import add_instance, bind, named_again
from bpdebug.sources.script.recorder.tensors import is_row, is_tensor


class LoopTurns:
    """Goes over what a loop goes over, and counts its turns."""

    __slots__ = ("_frame", "_items", "_recorder", "_site", "_turn")

    def __init__(self, recorder: Recorder, site: Any, items: Iterator[Any]) -> None:
        self._recorder, self._site, self._items, self._turn = recorder, site, items, -1
        self._frame = recorder.stack[-1]

    def __iter__(self) -> LoopTurns:
        return self

    def __next__(self) -> Any:
        item = next(self._items)
        recorder = self._recorder
        if recorder.on:
            self._turn += 1
            self._frame.turns = {**self._frame.turns, self._site.number: self._turn}
            unpacked(recorder, self._site, item, (), is_new=False)
        return item


def taken(recorder: Recorder, site: Any, items: Iterator[Any]) -> Iterator[Any]:
    """Yield the items that are taken apart, and note where each goes."""
    for place, item in enumerate(items):
        unpacked(recorder, site, item, (place,))
        yield item


def unpacked(recorder: Recorder, site: Any, value: Any, place: tuple[int, ...], is_new: bool = True) -> None:
    """Note the names that the parts of a value get; each part of an assignment is a value of its own."""
    for target in site.targets:
        if target.place[: len(place)] != place:
            continue
        part, found = value, True
        for step in target.place[len(place) :]:
            found = is_row(part) and step < len(part)
            if not found:
                break
            part = part[step]
        if not found:
            continue
        if is_new and target.place and is_tensor(part):
            node = recorder.objects.node_of(part)
            if node.instance is None or node.instance.statement is not site.statement:
                recorder.operands(site, (part,))
                add_instance(recorder, site, named_again(recorder, site, part))
        if target.name and (is_new or _is_nameless(recorder, part)):
            bind(recorder, site, target, part)
        elif target.name and target.is_global:  # what a loop goes over keeps its own name
            variables = recorder.frame().f_globals
            recorder.write(variables, target.name, variables.get(target.name, MISSING))


def _is_nameless(recorder: Recorder, value: Any) -> bool:
    if not is_tensor(value):
        return False
    node = recorder.objects.node_of(value)
    return not node.names and not node.origin.names
