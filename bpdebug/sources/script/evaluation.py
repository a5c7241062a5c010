"""A person's expression evaluated once more, or an edit of it: in the environment of one of its executions.

Private names are those of the class that it stands in; what functions print was printed when they were
recorded, and what they set is set back.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
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

LookedUp = dict[tuple[str, frozenset[str]], Any]
"""A name, and which attributes of it are read if no more is -> its value."""
CALL = re.compile(r"[\w\])}\"']\s*\(")
READ = re.compile(r"(?<![\w.])([^\W\d]\w*)(?:\.(\w+))?")
"""A name, and the attribute that is read of it, if any."""


def evaluated(
    recording: Recording,
    instance: Instance,
    text: str,
    value_of: Callable[[Node], Any] = lambda node: node.value,
    looked_up: LookedUp | None = None,
) -> Any:
    """Evaluate an expression as if it stood where that of an instance stands; within `callable_again`.

    Parameters
    ----------
    text : str
        The expression: the person's own, or an edit of it.
    value_of : callable, optional
        Gives the value of a node; by default the one that was recorded.
    looked_up : dict, optional
        What names mean there by these values, as far as other texts asked: what calls nothing changes none.

    Raises
    ------
    Exception
        Whatever the expression raises.
    """
    code, names = _compiled(text, instance.site.class_name)
    scope = Environment(recording, instance, value_of)
    calls = may_call(text)
    known = {} if looked_up is None or calls else looked_up
    for name, attributes in names:
        if (name, attributes) not in known:
            try:
                known[name, attributes] = scope.reaching(name, attributes) if attributes else scope[name]
            except KeyError:  # a built-in function, or nothing at all
                known[name, attributes] = MISSING
    held = {one[0]: value for one in names if (value := known[one]) is not MISSING}
    if not calls:
        return eval(code, {"__builtins__": builtins, **held})  # noqa: S307 (their code)
    with _variables_kept(instance.variables):
        return eval(code, {"__builtins__": builtins, **held})  # noqa: S307 (their code)


def may_call(text: str) -> bool:
    """Whether an expression may call something: a parenthesis that follows an operator only encloses."""
    return CALL.search(text) is not None


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
    read: dict[str, list[str]] = defaultdict(list)
    for name, attribute in READ.findall(text):
        read[name].append(attribute)
    # What stands behind a dot alone is no name of its own.
    is_as_written = tree is None and text.isascii()
    names = {name for name in _names(found) if name in read or not is_as_written}
    return found, tuple((name, frozenset(own if all(own := read[name]) else ())) for name in names)


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
