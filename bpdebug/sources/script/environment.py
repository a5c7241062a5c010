"""What every name meant when an expression was evaluated.

Nothing is copied while a script runs: an instance keeps the names of its frame by reference, the recorder
journals the writes to containers, and every array has a history. Here the writes that came later are undone,
in copies, so that an expression can be evaluated once more as if it were then.
"""

from __future__ import annotations

import ast
import builtins
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.held import DEEPEST, attributes_of
from bpdebug.sources.script.recorder.hooks import Hooks
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recorder.records import MISSING, Instance, Node
from bpdebug.sources.script.recorder.tensors import is_container, is_other, is_tensor
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.running import hooks_in_place


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
        return self._value_of(self._zeros[0, name]) if _is_zero(found) and (0, name) in self._zeros else found

    def _held(self, name: str) -> Any:
        scope, variables = self._instance.scope, self._instance.variables
        if scope is not None and name in scope:
            return self._as_then(scope[name], 0)
        outer = self._enclosing
        if outer is not None and name in (outer.scope or {}):
            return Environment(self._recording, outer, self._value_of)[name]
        value = self._at_the_end(variables).get(name, MISSING)
        _, writes = self._recording.journal.get(id(variables), (None, ()))
        for write in reversed(writes):
            if write.moment < self._instance.moment:
                break
            if write.key == name:
                value = write.old
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
        return self._recording.objects.node_at(value, self._before)

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
            return other.made(then, value) if other is not None and is_other(value) else then
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

    def _object(self, value: Any, attributes: dict[str, Any], depth: int) -> Any:
        try:
            copy = object.__new__(type(value))
        except TypeError:
            return value
        self._revived[id(value)] = copy
        for name, part in self._undone(attributes).items():
            zero = self._zeros.get((id(value), name)) if _is_zero(part) else None
            copy.__dict__[name] = self._as_then(part, depth + 1) if zero is None else self._value_of(zero)
        return copy

    def _at_the_end(self, container: Any) -> Any:
        """Return what a container held when the recording ended; itself, where nothing went on after that."""
        return self._recording.held.get(id(container), (None, container))[1]

    def _undone(self, container: Any) -> Any:
        """Return a container with the writes undone that came later."""
        held = self._at_the_end(container).copy()
        _, writes = self._recording.journal.get(id(container), (None, ()))
        for write in reversed(writes):
            if write.moment < self._instance.moment:
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


def environment(recording: Recording, instance: Instance) -> Environment:
    """Return what every name meant when the expression of an instance was evaluated."""
    return Environment(recording, instance)


def evaluated(
    recording: Recording,
    instance: Instance,
    text: str,
    value_of: Callable[[Node], Any] = lambda node: node.value,
) -> Any:
    """Evaluate an expression as if it stood where that of an instance stands; within `callable_again`.

    Parameters
    ----------
    text : str
        The expression: the person's own, or an edit of it.
    value_of : callable, optional
        Gives the value of a node; by default the one that was recorded.

    Raises
    ------
    Exception
        Whatever the expression raises.
    """
    code, names = _compiled(text, instance.site.class_name)
    scope = Environment(recording, instance, value_of)
    held = {}
    for name in names:
        with suppress(KeyError):  # a built-in function, or nothing at all
            held[name] = scope[name]
    if "(" not in text:
        return eval(code, {"__builtins__": builtins, **held})  # noqa: S307 (their code)
    with _variables_kept(instance.variables):
        return eval(code, {"__builtins__": builtins, **held})  # noqa: S307 (their code)


@contextmanager
def _variables_kept(variables: Any) -> Iterator[None]:
    """Let the variables of a module be what they were: a function that is called may set `global` ones."""
    kept = dict(variables)
    try:
        yield
    finally:
        if any(variables.get(name, MISSING) is not value for name, value in kept.items()):
            variables.update(kept)
        for name in variables.keys() - kept.keys():
            del variables[name]


@lru_cache(maxsize=1024)
def _compiled(text: str, class_name: str) -> tuple[CodeType, frozenset[str]]:
    """Compile an expression and find its names, once for all executions and trials.

    Only where names may be private a tree is made first: Python compiles a text many times as fast.
    """
    enclosed = f"({text})"
    tree = _Private(class_name).visit(ast.parse(enclosed, mode="eval")) if "__" in text else None
    found = compile(enclosed if tree is None else tree, "<edit>", "eval")
    return found, frozenset(_names(found))


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that some code looks up, of attributes too."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)


def as_written(attribute: str, class_name: str) -> str:
    """Return what is written within a class for an attribute: `__slope` for `_Net__slope` within `Net`."""
    prefix = _private_prefix(class_name)
    return attribute.removeprefix(prefix) if prefix and attribute.startswith(f"{prefix}__") else attribute


def _private_prefix(class_name: str) -> str:
    return f"_{class_name.lstrip('_')}" if class_name.strip("_") else ""


class _Private(ast.NodeTransformer):
    """Mangles private names as within a class."""

    def __init__(self, class_name: str) -> None:
        self.prefix = _private_prefix(class_name)

    def mangled(self, name: str) -> str:
        is_private = name.startswith("__") and not name.endswith("__")
        return f"{self.prefix}{name}" if self.prefix and is_private else name

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        node.attr = self.mangled(node.attr)
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.mangled(node.id)
        return node


@contextmanager
def callable_again(recording: Recording) -> Iterator[None]:
    """Let the person's functions be called within this: their hooks do what Python does, no more.

    What they print was printed when they were recorded, and is not printed again.
    """
    silent = Recorder(list(recording.sites))
    silent.on = False
    with (
        hooks_in_place(Hooks(silent).table()),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        yield
