"""What a command line names: a scenario or a script, and what is read or recorded of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bpdebug.sources.opening import is_script


class Request(NamedTuple):
    """A scenario or a script, with the options of the command line; see `open_case`.

    Attributes
    ----------
    name : str
        As the person gave it.
    allow_outside : bool
        Whether the tensor files of a scenario may be outside its folder.
    until, iteration, function, seconds, arguments
        What is recorded of a script; None for as long as one may run that nothing is said of.
    mine, meanings : sequence of str
        The files of the user's own gradients, and what the names in them mean: `THEIRS=OURS`.
    """

    name: str
    allow_outside: bool
    until: int
    iteration: int
    function: str
    seconds: int | None
    arguments: tuple[str, ...]
    mine: Sequence[str] = ()
    meanings: Sequence[str] = ()

    @property
    def is_script(self) -> bool:
        """Whether it is a person's own code."""
        return is_script(self.name)
