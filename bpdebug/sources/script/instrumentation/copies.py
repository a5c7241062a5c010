"""Two copies of each function's code: its own, and one with hooks, which it has while it is recorded.

A function stays the object that it is, with its closure, its defaults and everyone who holds it; only its
code is exchanged. So what is not recorded costs nothing, and code that runs already can be recorded.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import NamedTuple

from bpdebug.sources.script.instrumentation import decoded, instrumented_tree
from bpdebug.sources.script.sites import InstrumentedFile, Site

Key = tuple[str, int, tuple[str, ...], tuple[str, ...]]
Exchanged = list[tuple[FunctionType, CodeType]]
"""Functions, each with the code that it had."""
WITHIN = "<locals>"
"""What stands in the name of a function that is made within another."""


class File(NamedTuple):
    """A file with hooks.

    Attributes
    ----------
    text : str
        Its source.
    tree : Module
        Its tree, with hooks.
    codes : mapping
        The code with hooks of each function; None where two cannot be told apart.
    plain : mapping
        Their own code.
    """

    text: str
    tree: ast.Module
    codes: Mapping[Key, CodeType | None]
    plain: Mapping[Key, CodeType | None]


class Copies:
    """The files that were instrumented, and the code with hooks of each function in them.

    Parameters
    ----------
    sites : list of Site
        Takes the sites of every file.
    """

    def __init__(self, sites: list[Site]) -> None:
        self.sites = sites
        self.files: dict[str, File] = {}

    def file(self, name: str, text: str) -> File:
        """Return a file with hooks.

        Raises
        ------
        SyntaxError, ValueError
            As `compile`.
        """
        if name not in self.files or self.files[name].text != text:
            tree = instrumented_tree(text, InstrumentedFile(name, text), self.sites)
            hooked, plain = (_by_key(compile(one, name, "exec", dont_inherit=True)) for one in (tree, text))
            self.files[name] = File(text, tree, hooked, plain)
        return self.files[name]

    def exchange(self, functions: Iterable[FunctionType]) -> Exchanged:
        """Give functions their code with hooks; return those that have one, with the code that they had."""
        exchanged: Exchanged = []
        for function in functions:
            before = function.__code__
            file = self.files.get(before.co_filename)
            code = file.codes.get(_key(before)) if file else None
            if code is not None:
                exchanged.append((function, before))
                function.__code__ = code
        return exchanged

    def only(self, text: str | bytes, name: str, function: str) -> CodeType:
        """Return the code of a file in which one function has hooks, until others get them by `exchange`.

        Parameters
        ----------
        function : str
            `Net.backward` or `backward`.
        """
        text = text if isinstance(text, str) else decoded(text)
        hooked = compile(self.file(name, text).tree, name, "exec", dont_inherit=True)
        return _with_one(compile(text, name, "exec", dont_inherit=True), hooked, f".{function}")

    def take_back(self) -> None:
        """Give functions their own code that code with hooks has made within others."""
        own = {
            id(code): file.plain[key]
            for file in self.files.values()
            for key, code in file.codes.items()
            if code is not None and WITHIN in code.co_qualname
        }
        made = [one for file in self.files.values() for one in file.codes.values() if id(one) in own]
        for function in gc.get_referrers(*made) if made else ():
            plain = own.get(id(function.__code__)) if type(function) is FunctionType else None
            if plain is not None:
                function.__code__ = plain


def exchange_back(exchanged: Exchanged) -> None:
    """Give functions the code that they had."""
    for function, code in exchanged:
        function.__code__ = code


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of every function in some code."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from codes_in(inner)


def all_functions() -> list[FunctionType]:
    """Return every function that is there."""
    return [one for one in gc.get_objects() if type(one) is FunctionType]


def _with_one(plain: CodeType, hooked: CodeType, ending: str) -> CodeType:
    """Return plain code in which the functions whose name ends so are those of the code with hooks."""
    copies = {_key(inner): inner for inner in hooked.co_consts if isinstance(inner, CodeType)}
    chosen = []
    for inner in plain.co_consts:
        copy = copies.get(_key(inner)) if isinstance(inner, CodeType) else None
        if copy is None:
            chosen.append(inner)
        else:
            is_meant = f".{inner.co_qualname}".replace(".<locals>", "").endswith(ending)
            chosen.append(copy if is_meant else _with_one(inner, copy, ending))
    return plain.replace(co_consts=tuple(chosen))


def _by_key(module: CodeType) -> Mapping[Key, CodeType | None]:
    """Return the code of every function in a module by its key; None where two have the same."""
    found: dict[Key, CodeType | None] = {}
    for code in codes_in(module):
        found[_key(code)] = None if _key(code) in found else code
    return found


def _key(code: CodeType) -> Key:
    """Return what a function's code has in common with its copy."""
    variables = tuple(sorted(code.co_varnames))
    return code.co_qualname, code.co_firstlineno, variables, code.co_freevars
