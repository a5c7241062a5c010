"""Watches: expressions whose values one wants to see at every position."""

from __future__ import annotations

from dataclasses import dataclass

from bpdebug.engine.debug.conditions import read_expression
from bpdebug.engine.debug.numbered import Numbered
from bpdebug.engine.language.nodes import Expression


@dataclass(frozen=True, slots=True)
class Watch:
    """One expression to look at: its number from 1, as it was written, and as it was read."""

    number: int
    text: str
    expression: Expression


class Watches(Numbered[Watch]):
    """The watches of a debugger, by number."""

    NOUN, NOUNS = "watch", "watches"

    def add(self, text: str) -> Watch:
        """Add an expression; raises as `read_expression`."""
        return self._append(lambda number: self._read(number, text))

    def change(self, number: int, text: str) -> Watch:
        """Put another expression in the place of one; raises as `read_expression`."""
        return self._put(self[number].number, self._read(number, text))

    def _read(self, number: int, text: str) -> Watch:
        return Watch(number, text.strip(), read_expression(text, self.program))
