"""Watches: expressions whose values one wants to see at every position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bpdebug.engine.conditions import read_expression
from bpdebug.engine.expression.nodes import Expression
from bpdebug.engine.program import Program
from bpdebug.errors import BpdebugError


@dataclass(frozen=True, slots=True)
class Watch:
    """One expression to look at: its number from 1, as it was written, and as it was read."""

    number: int
    text: str
    expression: Expression


class Watches:
    """The watches of a debugger, by number.

    Parameters
    ----------
    program : Program
        What they look at.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.by_number: dict[int, Watch] = {}
        self.next_number = 1

    def __iter__(self) -> Iterator[Watch]:
        return iter(self.by_number.values())

    def add(self, text: str) -> Watch:
        """Add an expression; raises as `read_expression`."""
        watch = Watch(self.next_number, text.strip(), read_expression(text, self.program))
        self.by_number[watch.number] = watch
        self.next_number += 1
        return watch

    def change(self, number: int, text: str) -> Watch:
        """Put another expression in the place of one; raises as `read_expression`."""
        self.find(number)
        watch = Watch(number, text.strip(), read_expression(text, self.program))
        self.by_number[number] = watch
        return watch

    def remove(self, number: int) -> Watch:
        """Remove a watch."""
        watch = self.find(number)
        del self.by_number[number]
        return watch

    def find(self, number: int) -> Watch:
        """Return a watch.

        Raises
        ------
        BpdebugError
            If there is none with this number.
        """
        if number not in self.by_number:
            known = ", ".join(map(str, self.by_number)) or "there are none"
            raise BpdebugError(f"there is no watch {number} (watches: {known})")
        return self.by_number[number]
