"""What a command is, and what it answers: plain data, the same in the app and without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bpdebug.commands.session import Session

Completes = Literal["", "tensors", "places", "expressions", "commands", "topics", "files"]
"""What an argument of a command may begin with, for completion."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say.

    Attributes
    ----------
    lines : tuple of str
        For a person: one line, or one for each thing that was asked for.
    data : mapping
        The same for a program: what JSON knows, and arrays.
    reason : str
        Of a move, why it ended where it did, in words; empty where the place alone says all.
    failed : bool
        Whether the command could not be done; the line then says why.
    ends : bool
        Whether the session is over.
    """

    lines: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    failed: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command; an entry in the table is all that there is to it.

    Attributes
    ----------
    name : str
        Its name; any beginning of it that no other command has will do.
    usage : str
        Its arguments, as the help shows them.
    help : str
        One sentence.
    run : callable
        (session, text of the arguments) -> answer; raises `BpdebugError` if it cannot be done.
    short : str
        What stands for it, though other commands begin so too: letters and words as in pdb and gdb.
    completes : str
        What its arguments may be.
    recorded : bool
        Whether `save` writes it.
    """

    name: str
    usage: str
    help: str
    run: Callable[[Session, str], Answer]
    short: str = ""
    completes: Completes = ""
    recorded: bool = True
