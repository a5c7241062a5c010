"""Entries that keep their numbers: the breakpoints of a debugger, and its watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Generic, TypeVar

from bpdebug.engine.program.program import Program
from bpdebug.errors import BpdebugError

Stored = TypeVar("Stored")


class Numbered(Generic[Stored]):
    """Entries by number, from 1; a number that was given is not given again.

    Parameters
    ----------
    program : Program
        What the entries are about.
    """

    NOUN: ClassVar[str]
    """What messages call an entry."""
    NOUNS: ClassVar[str]

    def __init__(self, program: Program) -> None:
        self.program = program
        self._entries: dict[int, Stored] = {}
        self.next_number = 1

    def __iter__(self) -> Iterator[Stored]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, number: int) -> Stored:
        """Return an entry.

        Raises
        ------
        BpdebugError
            If there is none with this number.
        """
        if number not in self._entries:
            known = ", ".join(map(str, self._entries)) or "there are none"
            raise BpdebugError(f"there is no {self.NOUN} {number} ({self.NOUNS}: {known})")
        return self._entries[number]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all entries."""
        return tuple(self._entries)

    def remove(self, number: int) -> Stored:
        """Remove an entry; raises as `__getitem__`."""
        found = self[number]
        del self._entries[number]
        return found

    def _append(self, read: Callable[[int], Stored]) -> Stored:
        """Add what is read for the next number; if that fails, the number stays free."""
        entry = self._entries[self.next_number] = read(self.next_number)
        self.next_number += 1
        return entry

    def _put(self, number: int, entry: Stored) -> Stored:
        """Put an entry in the place of another."""
        self._entries[number] = entry
        return entry
