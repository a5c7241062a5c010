"""A person's expression evaluated once more, or an edit of it: in the environment of one of its executions.

Private names are those of the class that it stands in; what functions print was printed when they were
recorded, and what they set is set back.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import lru_cache
from types import CodeType
from typing import Any

from bpdebug.sources.script.environment import Environment
from bpdebug.sources.script.recorder.hooks import Hooks
from bpdebug.sources.script.recorder.journal import MISSING
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recorder.records import Instance, Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.running import hooks_in_place


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
    for name, attributes in names:
        with suppress(KeyError):  # a built-in function, or nothing at all
            held[name] = scope.reaching(name, attributes) if attributes else scope[name]
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
def _compiled(text: str, class_name: str) -> tuple[CodeType, tuple[tuple[str, frozenset[str]], ...]]:
    """Compile an expression and find its names, once for all executions and trials.

    Beside a name stand its attributes, where nothing else is done with it: of `self.w @ self.x`, w and x.

    Only where names may be private a tree is made first: Python compiles a text many times as fast.
    """
    enclosed = f"({text})"
    tree = _Private(class_name).visit(ast.parse(enclosed, mode="eval")) if "__" in text else None
    found = compile(enclosed if tree is None else tree, "<edit>", "eval")
    return found, tuple((name, _attributes(name, text)) for name in frozenset(_names(found)))


def _attributes(name: str, text: str) -> frozenset[str]:
    """Return the attributes that are read of a name; none where something else is done with it."""
    read = re.findall(rf"(?<![\w.]){re.escape(name)}(?!\w)(?:\.(\w+))?", text)
    return frozenset(read) if all(read) else frozenset()


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
