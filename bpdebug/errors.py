"""What can go wrong in what a user wrote, as plain data.

A mistake in a file is a `Problem`: where it is, what is wrong, and a hint. A file is read to its
end, so that all of its problems are reported together. Everything that bpdebug raises on purpose
is a `BpdebugError`; anything else that escapes is a bug of ours.
"""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong in a file.

    Attributes
    ----------
    file : str
        The file as the user named it.
    key_path : str
        Where in the file, as `layers[1].w`; empty if the file as a whole is meant.
    message : str
        What is wrong, what was found, and what is expected.
    hint : str
        What to do about it; may be empty.
    """

    file: str
    key_path: str
    message: str
    hint: str = ""

    @property
    def text(self) -> str:
        """All of it but the file."""
        where = f"{self.key_path}: " if self.key_path else ""
        return where + self.message + (f" ({self.hint})" if self.hint else "")

    def __str__(self) -> str:
        return f"{self.file}: {self.text}"


class BpdebugError(Exception):
    """The root of all errors that bpdebug raises on purpose; its text is meant for the user."""


class ExpressionError(BpdebugError):
    """A text is not an expression of the tensor language.

    Attributes
    ----------
    message : str
        What is wrong, without the column.
    column : int
        The 1-based column in the text at which the problem lies.
    """

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(f"{message} (column {column})")
        self.message = message
        self.column = column


class ShapeError(BpdebugError):
    """The shapes of a statement's operands do not fit together.

    Attributes
    ----------
    operands : tuple of str
        The names that the statement reads, where a statement as a whole is meant.
    """

    def __init__(self, message: str, operands: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.operands = operands


class DerivationError(BpdebugError):
    """A gradient cannot be derived: a function on its way has no derivative."""


class Interrupted(Exception):
    """What takes long has been stopped on its way."""


class ProgramError(BpdebugError):
    """A list of statements is not a program: a name is unknown, or is assigned twice."""


class ScenarioError(BpdebugError):
    """A scenario cannot be used; `problems` holds every reason found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class ScriptError(BpdebugError):
    """A script cannot be recorded: there is no such file, or it is not Python."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
