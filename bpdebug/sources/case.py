"""A case: what every front opens, wherever it came from; a program with all that it takes to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Expression
from bpdebug.engine.program.history import History
from bpdebug.engine.program.program import Program
from bpdebug.plain import printable


class Script(NamedTuple):
    """What is known of a person's own code beside its statements.

    Attributes
    ----------
    files : mapping
        The text of every file that has a statement in the program, by the name in `Statement.source`.
    found : tuple of str
        What was found in it, a sentence each: parameters, the loss, which tensor is whose gradient, the rate.
    output : str
        What it printed while it was recorded.
    ended : str
        Why the recording ended: at an update, at the end of the script, with an exception.
    failed : str
        Where nothing was updated: what Python shows of the exception, or why. Empty otherwise, and where the
        recording was to end before that.
    is_corrected : bool
        Whether another text ran than that of the files: the one with the corrections of a check.
    certainty : str
        How many gradients follow from the loss that was found: that tells, too, how many are wrong.
    """

    files: Mapping[str, str]
    found: tuple[str, ...]
    output: str
    ended: str
    failed: str = ""
    is_corrected: bool = False
    certainty: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that was found, and how sure it is."""
        return (*self.found, *filter(None, (self.certainty,)))


@dataclass(frozen=True, eq=False)
class Case:
    """A program with values, ready to run.

    Attributes
    ----------
    name : str
        The file's name without its suffix.
    source : str
        The file as the user named it.
    title, about : str
        What the file says about itself.
    layout : str
        `columns`: every example is a column. `rows`: every example is a row. Empty where that is not known.
    dtype : str
        `float64`, `float32` or `float16`.
    program : Program
        What will be computed.
    values : mapping
        A read-only array for every input of the program, the incoming gradient included.
    mine : mapping
        Values of the user's own code by the names of the program: a read-only array of floats, of any
        shape, or a formula over tensors of the program.
    breakpoints, watches : tuple of str
        What a debugging session starts with.
    iterations : int
        How often the program runs, each time with what the run before has left.
    images : str
        How the user's own code lays out images: `nchw`, or `nhwc` with the channels last.
    script : Script, optional
        Where the program was recorded from; none where it was read from a scenario.
    """

    name: str
    source: str
    title: str
    about: str
    layout: str
    dtype: str
    program: Program
    values: Mapping[str, Array]
    mine: Mapping[str, Array | Expression] = field(default_factory=dict)
    breakpoints: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    iterations: int = 1
    images: str = "nchw"
    script: Script | None = None

    def __post_init__(self) -> None:
        for name in ("name", "source", "title", "about"):  # a front shows them as they are
            object.__setattr__(self, name, printable(getattr(self, name)))

    def history(self) -> History:
        """Return its run, or all iterations of its training, each computed when one goes there."""
        return History(self.program, self.values, self.iterations)
