"""What every name meant when an expression was evaluated.

Nothing is copied while a script runs: an instance keeps the names of its frame by reference, the recorder
journals the writes to containers, and every array has a history. Here the writes that came later are undone,
in copies, so that an expression can be evaluated once more as if it were then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import ModuleType
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.held import DEEPEST, attributes_of
from bpdebug.sources.script.recorder.journal import MISSING, Write
from bpdebug.sources.script.recorder.records import Instance, Node
from bpdebug.sources.script.recorder.tensors import is_container, is_other, is_tensor
from bpdebug.sources.script.recording import Recording

MOST_KEPT = 1024
"""So many containers are kept as they were: one line is evaluated many times, each time with an edit."""


class Environment(Mapping[str, Any]):
    """The names of an instance, as they were when its expression was evaluated.

    Looking one up gives what it was: containers and objects as copies that hold what they held, tensors as
    what `value_of` makes of their node.

    Parameters
    ----------
    recording : Recording
        Where the instance is from.
    instance : Instance
        The expression.
    value_of : callable, optional
        Gives the value of a node; by default the one that was recorded.
    """

    def __init__(
        self,
        recording: Recording,
        instance: Instance,
        value_of: Callable[[Node], Any] = lambda node: node.value,
    ) -> None:
        self._recording, self._instance, self._value_of = recording, instance, value_of
        self._revived: dict[int, Any] = {}
        self._zeros = recording.objects.zeros
        self._enclosing = enclosing(recording, instance)

    def __getitem__(self, name: str) -> Any:
        found = self._held(name)
        zero = self._zeros.get((0, name)) if _is_zero(found) else None
        # What began to be 0 after the recording had ended is in none of its nodes.
        return found if zero is None or zero.id >= len(self._recording.nodes) else self._value_of(zero)

    def reaching(self, name: str, attributes: AbstractSet[str]) -> Any:
        """Return what a name meant where only some of its attributes are read: no others are made."""
        scope = self._instance.scope
        value = scope[name] if scope is not None and name in scope else MISSING
        own = None if value is MISSING or is_tensor(value) else attributes_of(value)
        if own is None or not attributes <= own.keys() or id(value) in self._revived:
            return self[name]
        return self._object(value, own, 0, attributes)

    def _held(self, name: str) -> Any:
        scope, variables = self._instance.scope, self._instance.variables
        if scope is not None and name in scope:
            return self._as_then(scope[name], 0)
        outer = self._enclosing
        if outer is not None and name in (outer.scope or {}):
            return Environment(self._recording, outer, self._value_of)[name]
        value = self._undone(variables).get(name, MISSING)
        if value is MISSING:
            raise KeyError(name)
        return self._as_then(value, 0)

    def __iter__(self) -> Iterator[str]:
        names = {**self._at_the_end(self._instance.variables), **self.local}
        return iter([name for name in names if name in self])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except KeyError:
            return False
        return True

    @property
    def local(self) -> Mapping[str, Any]:
        """The variables of the function, with those of one around it, by reference."""
        outer = self._enclosing.scope if self._enclosing is not None else None
        return {**(outer or {}), **(self._instance.scope or {})}

    def node(self, value: Any) -> Node | None:
        """Return the node that an object stood for when the expression was evaluated."""
        node, nodes = self._recording.objects.node_at(value, self._before), self._recording.nodes
        # Data that is first read after the recording has ended is in none of its nodes, and stays what it is.
        return node if node is not None and node.id < len(nodes) else None

    @property
    def _before(self) -> int:
        """The last time that was before the statement's own value."""
        node = self._instance.node
        if self._instance.start < self._instance.time:
            return self._instance.start - 1
        own = node is not None and node.id == self._instance.time - 1
        return self._instance.time - (2 if own else 1)

    def _as_then(self, value: Any, depth: int) -> Any:
        if is_tensor(value):
            node = self.node(value)
            if node is None:
                return value
            other = self._recording.objects.other
            then = self._value_of(node)
            if other is None or not is_other(value):
                return then
            made, gradient = other.made(then, value), other.gradient_at(value, self._before)
            if gradient is not None:
                made.grad = other.made(self._value_of(gradient), value)
            return made
        if depth > DEEPEST or isinstance(value, np.ndarray):
            return value
        if isinstance(value, ModuleType):
            other = self._recording.objects.other
            return value if other is None else other.stand_in(value)
        if id(value) in self._revived:
            return self._revived[id(value)]
        kind = type(value)
        if isinstance(value, tuple) and is_container(value):
            parts = (self._as_then(part, depth + 1) for part in value)
            return tuple(parts) if kind is tuple else kind._make(parts)
        if kind in (list, dict):
            return self._container(value, depth)
        attributes = attributes_of(value)
        if attributes is not None:
            return self._object(value, attributes, depth)
        return value

    def _container(self, value: Any, depth: int) -> Any:
        held = self._undone(value)
        copy: Any = self._revived.setdefault(id(value), type(value)())
        if type(value) is list:
            copy.extend(self._as_then(part, depth + 1) for part in held)
        else:
            copy.update({key: self._as_then(part, depth + 1) for key, part in held.items()})
        return copy

    def _object(
        self, value: Any, attributes: dict[str, Any], depth: int, wanted: AbstractSet[str] | None = None
    ) -> Any:
        try:
            copy = object.__new__(type(value))
        except TypeError:
            return value
        if wanted is None:
            self._revived[id(value)] = copy
        for name, part in self._undone(attributes).items():
            if wanted is not None and name not in wanted:
                continue
            zero = self._zeros.get((id(value), name)) if _is_zero(part) else None
            copy.__dict__[name] = self._as_then(part, depth + 1) if zero is None else self._value_of(zero)
        return copy

    def _at_the_end(self, container: Any) -> Any:
        """Return what a container held when the recording ended; itself, where nothing went on after that."""
        return self._recording.held.get(id(container), (None, container))[1]

    def _undone(self, container: Any) -> Any:
        """Return a container with the writes undone that came later; nobody may write to that."""
        at_the_end, moment = self._at_the_end(container), self._instance.moment
        _, writes = self._recording.journal.get(id(container), (None, ()))
        if not writes or writes[-1].moment < moment:
            return at_the_end
        kept, key = self._recording.undone, (id(container), moment)
        if key not in kept:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[key] = container, _before(at_the_end, writes, moment)
        return kept[key][1]


def _before(container: Any, writes: Sequence[Write], moment: int) -> Any:
    """Return a copy of a container without the writes since a moment."""
    held = container.copy()
    for write in reversed(writes):
        if write.moment < moment:
            break
        if write.key is MISSING:
            held = write.old.copy()
        elif write.old is not MISSING:
            held[write.key] = write.old
        elif isinstance(held, list):
            del held[write.key :]
        else:
            held.pop(write.key, None)
    return held


def enclosing(recording: Recording, instance: Instance) -> Instance | None:
    """Return an expression of the function around, whose variables one may read as well.

    A function that was made by several calls may be that of any: then there is none.
    """
    around = instance.site.function.rpartition(".")[0]
    return recording.only_calls.get((instance.site.place.file, around)) if around else None


def _is_zero(value: Any) -> bool:
    return type(value) is int and value == 0
