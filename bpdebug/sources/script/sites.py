"""Where in the person's source something is computed: a site is one expression or statement of a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple


class SourceRange(NamedTuple):
    """A stretch of a file.

    Attributes
    ----------
    file : str
        The path of the file.
    line, end_line : int
        Its first and last line, from 1.
    column, end_column : int
        Where it begins in its first line and ends (exclusive) in its last, from 0, in bytes of UTF-8 as
        `ast` counts them.
    """

    file: str
    line: int
    end_line: int
    column: int
    end_column: int


class InstrumentedFile:
    """The text of a file that was instrumented, and the code at a place in it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends; a form feed or a Unicode separator ends none, as in Python."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def code(self, place: SourceRange) -> str:
        """Return the text of a place, several lines as they stand."""
        rows = [line.encode() for line in self.lines[place.line - 1 : place.end_line]]
        if not rows:
            return ""
        rows[-1] = rows[-1][: place.end_column]
        rows[0] = rows[0][place.column :]
        return b"\n".join(rows).decode(errors="replace")

    def columns(self, place: SourceRange) -> tuple[int, int]:
        """Return the columns of a place in characters, from 0: where it begins, and where it ends."""
        first, last = (self.lines[line - 1].encode() for line in (place.line, place.end_line))
        return len(first[: place.column].decode()), len(last[: place.end_column].decode())


class Target(NamedTuple):
    """What a value is stored in.

    Attributes
    ----------
    text : str
        As written: `z`, `self.w`, `h[t]`.
    name : str
        The variable, where it is only a name; else empty.
    place : tuple of int
        Which of several values goes there: `()` for the whole, `(1,)` for `b` in `a, b = ...`.
    is_global : bool
        Whether the variable is one of the module.
    owner : str
        For an item or an attribute, whose: `h` in `h[t]`, `self` in `self.w`.
    is_fixed : bool
        Whether the text alone says which: `h[-1]` and `p["w"]`, but not `h[t]`.
    """

    text: str
    name: str = ""
    place: tuple[int, ...] = ()
    is_global: bool = False
    owner: str = ""
    is_fixed: bool = True


MODULE, GRADIENT = "module", "gradient"
"""The roles of what a library does at a place: run a module, and go back through what was computed there."""


def shown(file: str) -> str:
    """Return a file as a person would name it: from the working folder, where it lies under that."""
    relative = os.path.relpath(file) if os.path.isabs(file) else file
    return file if relative.startswith("..") else relative


def line_text(place: SourceRange, script: str) -> str:
    """Say where a line is: `line 17` of the script that ran, `layers.py:17` of any other file."""
    return f"line {place.line}" if place.file == script or not script else f"{shown(place.file)}:{place.line}"


@dataclass(slots=True, eq=False)
class Site:
    """One place of a file at which a hook stands.

    Attributes
    ----------
    number : int
        Its position in the list of all sites.
    kind : str
        What the hook sees: `binary`, `call`, `value`, `store`, ...
    place : SourceRange
        The expression.
    statement : SourceRange
        The statement that it belongs to; of a compound statement the whole of it.
    function : str
        The function that it stands in, as `Net.forward`; empty at the top of a file.
    loops : tuple of int
        The sites of the loops around it within that function, from the outermost.
    operator : callable or None
        For an operator, the function of Python's `operator` module.
    role : str
        For a value: what becomes of it: `assign`, `augment`, `return`, `element`, `append`, `yield`.
    targets : tuple of Target
        For a value or a store: what it is stored in.
    code : str
        Its text.
    class_name : str
        The class whose body it stands in, directly or within a method: private names are mangled with it.
    is_branch : bool
        Whether it stands in the test of an `if`, which chooses what is computed in the statement.
    """

    number: int
    kind: str
    place: SourceRange
    statement: SourceRange
    function: str
    loops: tuple[int, ...]
    operator: Callable[..., Any] | None = None
    role: str = ""
    targets: tuple[Target, ...] = ()
    source: InstrumentedFile | None = field(default=None, repr=False)
    class_name: str = ""
    is_branch: bool = False

    @property
    def function_name(self) -> str:
        """What the function is called in its class: `forward`."""
        return self.function.rpartition(".")[2]

    @property
    def line(self) -> int:
        """The line at which it begins."""
        return self.place.line

    @property
    def code(self) -> str:
        """Its text as it stands in the file; empty where the file is not known."""
        return self.source.code(self.place) if self.source else ""

    @property
    def statement_code(self) -> str:
        """The text of its statement, in one line; empty where the file is not known."""
        return " ".join(self.source.code(self.statement).split()) if self.source else ""
