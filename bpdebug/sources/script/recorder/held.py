"""What the recorded names lead to when a recording ends in code that goes on.

The journal undoes the writes that came while something was recorded; those that come later are not seen. So
the lists, dicts and attributes that the names lead to are copied once, at the end. On the way the tensors are
met that were there before the recording began, with what they are called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.journal import MISSING, Journal
from bpdebug.sources.script.recorder.objects import Objects
from bpdebug.sources.script.recorder.records import Instance, Node
from bpdebug.sources.script.recorder.tensors import OtherTensors, is_other

CODE = (type, FunctionType, ModuleType)
"""What has attributes, and is no object of the person's."""
DEEPEST = 8
"""Containers in containers are followed so deep."""
LONGEST = 10_000
"""What a longer container holds is not looked into: it is data, not a few tensors."""

Containers = Mapping[int, tuple[Any, Any]]
"""The identity of a container -> the container, and a copy of what it held."""


def attributes_of(value: Any) -> dict[str, Any] | None:
    """Return the attributes of an object of the person's; None for anything else."""
    if isinstance(value, (*CODE, np.ndarray)) or is_other(value):
        return None
    attributes = getattr(value, "__dict__", None)
    return attributes if type(attributes) is dict else None


class Held:
    """Goes through everything that the names of some instances lead to.

    Attributes
    ----------
    containers : dict
        What every container holds.
    names : dict of (int, str)
        The identity of a number or an array -> what it is called: `x`, `self.w`, `params['w']`.
    """

    def __init__(self, instances: Iterable[Instance], journal: Journal) -> None:
        self.containers: dict[int, tuple[Any, Any]] = {}
        self.names: dict[int, str] = {}
        self._journal = journal
        for instance in instances:
            for name, value in () if instance.scope is None else instance.scope.items():
                self._follow(value, name, 0)
        for variables in {id(one.variables): one.variables for one in instances}.values():
            self._look_into(variables, "", 0)

    def named(self, objects: Objects, other: OtherTensors | None) -> Iterator[tuple[Node, str]]:
        """Yield the nodes that were there before and have no name yet, each with what it is called."""
        firsts = ((known.object, known.history[0][1]) for known in objects.known.values())
        there = [(value, node) for value, node in firsts if node.function is None]
        for value, node in (*there, *(other.leaves() if other is not None else ())):
            if not node.names and id(value) in self.names:
                yield node, self.names[id(value)]

    def _follow(self, value: Any, name: str, depth: int) -> None:
        kind = type(value)
        if kind is float or kind is np.ndarray or is_other(value):
            self.names.setdefault(id(value), name)
        elif kind not in (int, str, bool) and depth <= DEEPEST:
            if kind in (list, dict, tuple):
                self._look_into(value, name, depth)
            elif (attributes := attributes_of(value)) is not None:
                self._look_into(attributes, f"{name}.", depth)

    def _look_into(self, container: Any, name: str, depth: int) -> None:
        if id(container) in self.containers:
            return
        copy = container if type(container) is tuple else container.copy()
        self.containers[id(container)] = (container, copy)
        if len(container) <= LONGEST:
            for key, part in self._parts(container):
                is_variable = not name or name.endswith(".")
                self._follow(part, f"{name}{key}" if is_variable else f"{name}[{key!r}]", depth + 1)

    def _parts(self, container: Any) -> Iterator[tuple[Any, Any]]:
        """Yield what a container holds, and what was replaced in it."""
        yield from tuple(container.items() if isinstance(container, Mapping) else enumerate(container))
        for write in self._journal.get(id(container), (None, ()))[1]:
            if write.key is not MISSING:
                yield write.key, write.old
