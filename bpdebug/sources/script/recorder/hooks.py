"""The hooks: each does what Python would have done, and lets the recorder see it.

They stand among the builtins while a script runs, under the names that the instrumentation writes. Where
nothing is recorded, a hook is one function call more.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.calls import called, iterated
from bpdebug.sources.script.recorder.objects import is_row, is_tensor
from bpdebug.sources.script.recorder.operations import Attribute
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.records import Test
from bpdebug.sources.script.recorder.stores import PLAIN, Change, Store

PACKAGE = __name__.partition(".")[0]


class Hooks:
    """The hooks of one recording, by the names that the instrumentation writes."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.sites = recorder.sites

    def table(self) -> dict[str, Callable[..., Any]]:
        """Return the builtins that instrumented code needs."""
        kinds = [
            "binary",
            "unary",
            "attribute",
            "subscript",
            "call",
            "value",
            "literal",
            "unpack",
            "iterate",
            "store",
            "change",
            "augment",
            "test",
            "turn",
            "loop",
            "enter",
            "leave",
            "caught",
        ]
        return {f"__bp_{kind}__": getattr(self, kind) for kind in kinds} | {"__bp_slice__": slice}

    # ---- operators

    def binary(self, number: int, left: Any, right: Any) -> Any:
        """`left + right`, and every other operator and comparison of two."""
        site = self.sites[number]
        result = site.operator(left, right)  # type: ignore[misc]
        if self.recorder.on:
            kind = type(result)
            if kind is bool or kind is np.bool_:
                self.compared(site, left, right, bool(result))
            elif kind is not int and kind is not str:
                self.recorder.record(site, site.operator, (left, right), NOTHING, result)  # type: ignore[arg-type]
        return result

    def compared(self, site: Any, left: Any, right: Any, truth: bool) -> None:
        """Keep what a comparison of known numbers gave: it may decide a branch."""
        objects = self.recorder.objects
        if id(left) in objects.known or id(right) in objects.known:
            left, right = (
                objects.node_of(side) if is_tensor(side) and id(side) in objects.known else side
                for side in (left, right)
            )
            self.recorder.tests.append(Test(site, site.operator, left, right, truth, self.recorder.time))

    def unary(self, number: int, operand: Any) -> Any:
        """`-x`, `+x`, `~x`."""
        site = self.sites[number]
        result = site.operator(operand)  # type: ignore[misc]
        if self.recorder.on and type(result) is not int:
            self.recorder.record(site, site.operator, (operand,), NOTHING, result)  # type: ignore[arg-type]
        return result

    # ---- attributes, subscripts, calls

    def attribute(self, number: int, owner: Any, name: str) -> Any:
        """`x.T`."""
        result = getattr(owner, name)
        if self.recorder.on and isinstance(owner, np.ndarray):
            self.recorder.record(self.sites[number], Attribute(name), (owner,), NOTHING, result)
        return result

    def subscript(self, number: int, owner: Any, index: Any) -> Any:
        """`x[i]`."""
        result = owner[index]
        if self.recorder.on and isinstance(owner, np.ndarray):
            self.recorder.record(self.sites[number], operator.getitem, (owner, index), NOTHING, result)
        return result

    def call(self, number: int, function: Any) -> Any:
        """See the function in `f(x)`."""
        recorder = self.recorder
        if recorder.on:
            if recorder.limits.until[1]:
                recorder.reach(self.sites[number])
            return called(recorder, self.sites[number], function)
        if recorder.ended:
            recorder.end(recorder.ended)
        return function

    # ---- values and stores

    def value(self, number: int, value: Any) -> Any:
        """See the value that a statement keeps."""
        if self.recorder.on:
            self.recorder.value(self.sites[number], value)
        return value

    def literal(self, number: int, value: float) -> float:
        """Give a float that is kept an identity of its own: equal literals are one object."""
        if not self.recorder.on:
            return value
        own = float.fromhex(value.hex())
        self.recorder.objects.node_of(own)
        for target in self.sites[number].targets:
            if not target.place:
                self.recorder.bound(self.sites[number], target, own)
        return own

    def store(self, number: int, owner: Any) -> Any:
        """See the owner of an item or an attribute that is stored."""
        return Store((self.recorder, self.sites[number], owner)) if self.recorder.on else owner

    def change(self, number: int, owner: Any) -> Any:
        """See the owner of an item or an attribute in `x[i] += v`."""
        return Change((self.recorder, self.sites[number], owner)) if self.recorder.on else owner

    def augment(self, number: int, old: Any, value: Any) -> Any:
        """`x += value`."""
        site = self.sites[number]
        operation = site.operator
        assert operation is not None
        recorder = self.recorder
        if not recorder.on:
            return operation(old, value)
        (target,) = site.targets
        result = recorder.augmented(site, operation, PLAIN[operation], old, value, target.text)
        if target.is_global and recorder.on:
            recorder.write(recorder.frame().f_globals, target.name, old)
        return result

    def unpack(self, number: int, value: Any) -> Any:
        """See what is taken apart by `a, b = value`."""
        recorder = self.recorder
        if not recorder.on:
            return value
        site = self.sites[number]
        if is_row(value):
            _unpacked(recorder, site, value, ())
            return value
        if isinstance(value, np.ndarray):
            return _taken(recorder, site, iter(iterated(recorder, site, value)))
        return _taken(recorder, site, value) if hasattr(value, "__next__") else value

    # ---- control

    def iterate(self, number: int, value: Any) -> Any:
        """See what a loop goes over."""
        recorder = self.recorder
        if recorder.on:
            return _Turns(recorder, self.sites[number], iter(iterated(recorder, self.sites[number], value)))
        if recorder.ended:
            recorder.end(recorder.ended)
        return value

    def test(self, number: int, value: Any) -> Any:
        """See what a branch is decided by."""
        recorder = self.recorder
        if recorder.on and is_tensor(value) and np.size(value) == 1 and id(value) in recorder.objects.known:
            node = recorder.objects.node_of(value)
            recorder.tests.append(Test(self.sites[number], None, node, None, bool(value), recorder.time))
        return value

    def turn(self, number: int, value: Any) -> Any:
        """See what `while` asks: each time, a turn begins."""
        recorder = self.recorder
        if recorder.on:
            frame = recorder.stack[-1]
            frame.turns = {**frame.turns, number: frame.turns.get(number, -1) + 1}
        elif recorder.ended:
            recorder.end(recorder.ended)
        return value

    def loop(self, number: int) -> None:
        """See that a `while` begins."""
        frame = self.recorder.stack[-1]
        frame.turns = {**frame.turns, number: -1}

    def enter(self, number: int) -> None:
        """See that a function of the person's begins."""
        recorder = self.recorder
        if recorder.ended:
            recorder.end(recorder.ended)
        recorder.enter(self.sites[number], sys._getframe(2))

    def leave(self) -> None:
        """See that it ends."""
        self.recorder.leave()

    def caught(self) -> None:
        """Take our own frames out of the traceback of an exception that was caught."""
        error = sys.exc_info()[1]
        if self.recorder.ended:
            self.recorder.end(self.recorder.ended)
        if error is not None:
            error.__traceback__ = without_own(error.__traceback__)


class _Turns:
    """Goes over what a loop goes over, and counts its turns."""

    __slots__ = ("_frame", "_items", "_recorder", "_site", "_turn")

    def __init__(self, recorder: Recorder, site: Any, items: Iterator[Any]) -> None:
        self._recorder, self._site, self._items, self._turn = recorder, site, items, -1
        self._frame = recorder.stack[-1]

    def __iter__(self) -> _Turns:
        return self

    def __next__(self) -> Any:
        item = next(self._items)
        recorder = self._recorder
        if recorder.on:
            self._turn += 1
            self._frame.turns = {**self._frame.turns, self._site.number: self._turn}
            _unpacked(recorder, self._site, item, (), is_new=False)
        return item


def _taken(recorder: Recorder, site: Any, items: Iterator[Any]) -> Iterator[Any]:
    """Yield the items that are taken apart, and note where each goes."""
    for place, item in enumerate(items):
        _unpacked(recorder, site, item, (place,))
        yield item


def _unpacked(recorder: Recorder, site: Any, value: Any, place: tuple[int, ...], is_new: bool = True) -> None:
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
                recorder.instance(site, recorder.named_again(site, part))
        if target.name and (is_new or target.is_global or _is_nameless(recorder, part)):
            recorder.bound(site, target, part)


def _is_nameless(recorder: Recorder, value: Any) -> bool:
    if not is_tensor(value):
        return False
    node = recorder.objects.node_of(value)
    return not node.names and not node.origin.names


def without_own(traceback: Any) -> Any:
    """Return a traceback without the frames of this package."""
    while traceback is not None and _is_own(traceback):
        traceback = traceback.tb_next
    here = traceback
    while here is not None:
        while here.tb_next is not None and _is_own(here.tb_next):
            here.tb_next = here.tb_next.tb_next
        here = here.tb_next
    return traceback


def _is_own(traceback: Any) -> bool:
    return bool(traceback.tb_frame.f_globals.get("__name__", "").startswith(f"{PACKAGE}."))
