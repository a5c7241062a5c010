"""What is called in a library function's place: it calls that, and records what this gives and changes."""

from __future__ import annotations

import copy
import functools
import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.recorder.called_back import calling_back
from bpdebug.sources.script.recorder.changes import change
from bpdebug.sources.script.recorder.journal import MISSING
from bpdebug.sources.script.recorder.operations import InPlace, Item, Method, WrittenTo, is_in
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.statements import name_parts
from bpdebug.sources.script.recorder.stores import set_attribute
from bpdebug.sources.script.recorder.tensors import is_other, is_row, is_tensor
from bpdebug.sources.script.sites import Site, Target

LAZY = frozenset({zip, enumerate, reversed, list, tuple, sorted, iter, map, filter, max, min, any, all})
"""Builtins that go over their arguments: arrays among these are gone over here, element by element."""
CHANGING_METHODS = frozenset({"sort", "fill", "resize", "put", "partition", "setfield"})
"""Methods that change their array."""
CHANGING_FUNCTIONS: frozenset[Any] = frozenset(
    {np.copyto, np.put, np.fill_diagonal, np.put_along_axis, np.place, np.putmask}
)
"""Functions that change their first argument."""
CONTAINER_METHODS = frozenset(
    [
        "append",
        "appendleft",
        "insert",
        "extend",
        "pop",
        "popleft",
        "remove",
        "clear",
        "sort",
        "reverse",
        "update",
        "setdefault",
        "popitem",
    ]
)
GIVEN_AWAY: Mapping[str, Callable[..., Any]] = {
    "numpy": np.asarray,
    "item": Method("item"),
    "tolist": Method("tolist"),
}
"""Methods by which a tensor of another library gives its elements to Python or NumPy."""
LONGEST_CONTAINER = 10_000
"""What a longer list held before `sort` or `pop` is not kept."""


def added(recorder: Recorder, site: Site, /, items: Any, start: Any = 0) -> Any:
    """Do what `sum` does: it adds one item after the other."""
    items = iterated(recorder, site, items)
    held = list(items) if not isinstance(items, list | tuple) else items
    if not any(is_tensor(item) for item in held) and not is_tensor(start):
        return sum(held, start)
    if sys.version_info >= (3, 12) and all(isinstance(item, float | int) for item in held):
        # From 3.12 on, floats are added with a correction: what comes out is one operation.
        total = sum(held, start)
        recorder.record(site, sum, (held, start), NOTHING, total)
        return total
    total = start
    for item in held:
        before, total = total, total + item
        recorder.record(site, operator.add, (before, item), NOTHING, total)
    return total


def iterated(recorder: Recorder, site: Site, value: Any) -> Any:
    """Return what goes over an array and records what it takes; anything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim and is_tensor(value):
        return _Rows(recorder, site, value)
    return value


class _Rows:
    """Goes over the first axis of an array."""

    __slots__ = ("_array", "_next", "_recorder", "_site")

    def __init__(self, recorder: Recorder, site: Site, array: Any) -> None:
        self._recorder, self._site, self._array, self._next = recorder, site, array, 0

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, place: int) -> Any:
        item = self._array[place]
        if self._recorder.on:
            self._recorder.record(self._site, operator.getitem, (self._array, place), NOTHING, item)
        return item

    def __iter__(self) -> _Rows:
        return _Rows(self._recorder, self._site, self._array)

    def __next__(self) -> Any:
        if self._next >= len(self._array):
            raise StopIteration
        self._next += 1
        return self[self._next - 1]


def container_method(
    recorder: Recorder, site: Site, function: Any, /, *arguments: Any, **options: Any
) -> Any:
    """Call a method that changes a list, a dict or a deque, and journal that."""
    owner, name = function.__self__, function.__name__
    if recorder.on:
        if name == "append" and type(owner) is list:
            recorder.write(owner, len(owner), MISSING)
        elif name in ("append", "appendleft") or len(owner) <= LONGEST_CONTAINER:
            recorder.write(owner, MISSING, owner.copy())
    result = function(*arguments, **options)
    if recorder.on and name == "append" and site.targets:
        (value,), text = arguments, f"{site.targets[0].text}[{len(owner) - 1}]"
        if is_tensor(value):
            recorder.name(recorder.objects.node_of(value), text)
        elif type(value) in (list, tuple, dict):
            name_parts(recorder, value, text)
    return result


def foreign(recorder: Recorder, site: Site, function: Any, /, *arguments: Any, **options: Any) -> Any:
    """Call a function that is not the person's, and record what it gives and what it changes."""
    if not recorder.on:
        return function(*arguments, **options)
    if is_in(function, LAZY):
        return function(*[iterated(recorder, site, argument) for argument in arguments], **options)
    if function is setattr and len(arguments) == 3 and type(arguments[1]) is str:
        return _set_attribute(recorder, site, arguments)
    calls = calling_back(function, arguments, options)
    if calls is not None:
        return calls(recorder, site, function, arguments)
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    if is_other(owner):
        result = function(*arguments, **options)
        if recorder.on and name in GIVEN_AWAY:
            recorder.record(site, GIVEN_AWAY[name], (owner, *arguments), options, result)
        return result
    is_method = isinstance(owner, np.ndarray | np.generic | float)
    values = (owner, *arguments) if is_method else arguments
    call = _Call(recorder, site, Method(name) if is_method else function, values, options)
    do = functools.partial(function, *arguments, **options)

    target = options.get("out")
    if isinstance(target, tuple) and len(target) == 1:
        target = target[0]
    if isinstance(target, np.ndarray) and is_tensor(target):
        return call.into(target, do)
    changed = _changed(function, owner, name, is_method, arguments)
    if changed is not None and is_tensor(changed):
        return call.changing(changed, InPlace(call.operation), values, options, do)
    result = do()
    if recorder.on:
        call.gave(result)
    return result


def _set_attribute(recorder: Recorder, site: Site, arguments: tuple[Any, ...]) -> None:
    owner, name, value = arguments
    set_attribute(recorder, replace(site, targets=(Target(name),)), owner, name, value)


def _changed(function: Any, owner: Any, name: str, is_method: bool, arguments: tuple[Any, ...]) -> Any:
    """Return the array that a call changes, if it changes one."""
    if is_method and name in CHANGING_METHODS:
        return owner
    if not arguments:
        return None
    first = arguments[0]
    if isinstance(owner, np.ufunc) and name == "at":
        return first
    if is_in(function, CHANGING_FUNCTIONS):
        return first
    return first if name == "shuffle" and isinstance(first, np.ndarray) else None


class _Call(NamedTuple):
    """A call of a library's function, and what is recorded of it."""

    recorder: Recorder
    site: Site
    operation: Callable[..., Any]
    values: tuple[Any, ...]
    options: Mapping[str, Any]

    def into(self, target: Any, do: Callable[[], Any]) -> Any:
        """Record a call that writes its result to an array."""
        rest = {name: value for name, value in self.options.items() if name != "out"}
        is_whole = "where" not in rest and all(
            np.result_type(value) == target.dtype for value in self.values if isinstance(value, np.ndarray)
        )
        function = self.operation if is_whole else WrittenTo(self.operation)
        return self.changing(target, function, self.values if is_whole else (target, *self.values), rest, do)

    def changing(
        self,
        array: Any,
        function: Callable[..., Any],
        operands: tuple[Any, ...],
        options: Mapping[str, Any],
        do: Callable[[], Any],
    ) -> Any:
        """Record a call that changes an array, under the name that this had last."""
        names = self.recorder.objects.node_of(array).names
        name = names[-1] if names else ""
        return change(self.recorder, self.site, function, array, operands, options, do, name)

    def gave(self, result: Any) -> None:
        """Record what a call gave: a tensor, several, or a copy of a container of tensors."""
        recorder, site = self.recorder, self.site
        if is_tensor(result):
            recorder.record(site, self.operation, self.values, self.options, result)
        elif self.operation is copy.copy or self.operation is copy.deepcopy:
            _copied(recorder, site, self.values[0], result)
        elif is_row(result) and 0 < len(result) <= LONGEST_CONTAINER:
            known = recorder.objects.known
            if any(isinstance(part, np.ndarray | np.generic) and id(part) not in known for part in result):
                self.gave_several(result)

    def gave_several(self, result: Any) -> None:
        """Record the tensors among what a call gave."""
        recorder, site, options = self.recorder, self.site, self.options
        operands = recorder.operands(site, self.values)
        given = dict(zip(options, recorder.operands(site, tuple(options.values())), strict=True))
        whole = recorder.add(site, self.operation, operands, given, tuple(result))
        for place, part in enumerate(result):
            if is_tensor(part) and id(part) not in recorder.objects.known:
                node = recorder.add(site, Item(place), (whole,), NOTHING, part)
                recorder.objects.register(part, node)


def _copied(recorder: Recorder, site: Site, old: Any, new: Any, depth: int = 0) -> None:
    """Record that the tensors in a copied container are copies of those that were there."""
    if old is new or depth > 4:
        return
    if isinstance(old, np.ndarray):
        recorder.record(site, np.copy, (old,), NOTHING, new)
    elif type(old) in (list, tuple):
        for was, now in zip(old, new, strict=True):
            _copied(recorder, site, was, now, depth + 1)
    elif type(old) is dict:
        for key in old:
            _copied(recorder, site, old[key], new.get(key), depth + 1)
    elif isinstance(attributes := getattr(old, "__dict__", None), dict) and type(old) is type(new):
        for key in attributes:
            _copied(recorder, site, attributes[key], new.__dict__.get(key), depth + 1)
