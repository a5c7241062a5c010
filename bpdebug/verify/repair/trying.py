"""What a search tries, and what comes of it: edits, the values to try them on, and corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from bpdebug.sources.script import SourceRange
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.report import ParameterVerdict
from bpdebug.verify.repair.suspects import Suspect

Verdicts = Mapping[str, ParameterVerdict]
Progress = Callable[[int, int], None]
"""Is told which line is looked at, and how many edits have been tried; it may raise `Interrupted`."""


def unsaid(line: int, tried: int) -> None:
    """Tell nobody how far it is."""


class Costs(NamedTuple):
    """The edits that are tried at a time: those that cost at least so much, and less than that.

    If they must be known, only those with which a line gives a right gradient at once, or a part of one:
    nothing has to be computed again for the others.
    """

    least: float
    most: float
    must_be_known: bool = False


ANY_COST = Costs(0.0, float("inf"))
KNOWN = ANY_COST._replace(must_be_known=True)
PLAIN = Costs(0.0, 1.61, must_be_known=True)
LIKELY, UNLIKELY = Costs(0.0, 1.41), Costs(1.41, float("inf"))
WAVES = (PLAIN, LIKELY, UNLIKELY)
"""Those that give what is known, and the likelier ones, are tried on all lines before the others on any."""


class Trial(NamedTuple):
    """Values to try an edit on.

    Attributes
    ----------
    replaced : mapping
        What has other values than in the recording: parameters and data; nothing for the recording itself.
    verdicts : callable
        Says of each parameter, from the values of all nodes and what is replaced, whether its gradient is
        right.
    proving : frozenset of str
        The parameters whose gradients are not 0 by nature: the others prove nothing.
    gradients : mapping
        The derived gradients: the number of a node -> array; empty where they are not known.
    """

    replaced: Replaced
    verdicts: Callable[[ValueOf, Replaced], Verdicts]
    proving: frozenset[str]
    gradients: Mapping[int, Any] = MappingProxyType({})


class Correction(NamedTuple):
    """An edit with which more gradients are right.

    Attributes
    ----------
    suspect : Suspect
        The line.
    place : SourceRange
        What is replaced: the expression, or the whole statement.
    code, correction : str
        What stands there, and what should.
    explanation : str
        What was wrong.
    mended : tuple of str
        The parameters whose gradients are right with it and were wrong before.
    cost : float
        How unlikely it is.
    replaced : mapping
        The edit, as what a replay replaces.
    """

    suspect: Suspect
    place: SourceRange
    code: str
    correction: str
    explanation: str
    mended: tuple[str, ...]
    cost: float
    replaced: Replaced


@dataclass(frozen=True)
class Candidate:
    """An edit to try.

    Attributes
    ----------
    place : SourceRange
        What is replaced: the expression, or the whole statement.
    code : str
        What stands there.
    cost : float
        How unlikely it is.
    replaced : mapping
        The edit, as what a replay replaces.
    kind : str
        What kind of mistake it would mend.
    words : callable
        Writes what should stand there, and what was wrong: of most edits nobody wants to know.
    value : array or None
        What the line gives with it on the recorded values, where that was just computed.
    """

    place: SourceRange
    code: str
    cost: float
    replaced: Replaced
    kind: str
    words: Callable[[], tuple[str, str]]
    value: Any = field(default=None, compare=False)

    @cached_property
    def _written(self) -> tuple[str, str]:
        return self.words()

    @property
    def correction(self) -> str:
        """What should stand there."""
        return self._written[0]

    @property
    def explanation(self) -> str:
        """What was wrong."""
        return self._written[1]

    @property
    def texts(self) -> tuple[SourceRange, str, str, str]:
        """Where it is, what stands there, what should, and what was wrong."""
        return self.place, self.code, *self._written
