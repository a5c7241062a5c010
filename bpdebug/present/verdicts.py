"""What a check said, as the screen shows it: a mark for each statement, the user's numbers, the words.

The check itself is the same that `bpdebug check` runs; here is only what is shown of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from bpdebug.engine.language.excerpts import told_apart
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.engine.program.program import Program
from bpdebug.present.slicing import nearest
from bpdebug.sources.case import Case
from bpdebug.verify.comparison import Tolerance, compare
from bpdebug.verify.report import Report, TensorReport, Verdict

MARKS: Mapping[Verdict, str] = {
    "right": "=",
    "kink": "≈",
    "convention": "≈",
    "wrong": "✗",
    "innocent": "~",
    "not given": " ",
}
"""Beside a statement: right, right in another way, wrong here, or wrong only because of what it was fed."""
WAY_THERE = "] goes there"
"""From the start to what is wrong."""
WORST_FIRST = ("✗", "~", "≈", "=")
"""The marks, of which a line with several statements has the first."""


@dataclass(frozen=True)
class CheckVerdicts:
    """A report, and the user's numbers that it is about.

    Attributes
    ----------
    program : Program
        What was checked.
    reference : mapping
        The right values of all tensors.
    mine : mapping
        The user's values, of some; empty where the derived gradients were checked.
    report : Report or None
        What was found; None before a check has run.
    wrong : dict
        The wrong elements of each tensor that has been shown, kept: computed once.
    """

    program: Program
    reference: Mapping[str, Array]
    mine: Mapping[str, Array] = field(default_factory=dict)
    report: Report | None = None
    wrong: dict[str, np.ndarray | None] = field(default_factory=dict, compare=False)

    @cached_property
    def hidden(self) -> CheckVerdicts:
        """What is to be seen while the verdicts are hidden: nothing was found, and nothing is the user's."""
        return CheckVerdicts(self.program, self.reference)

    @cached_property
    def by_name(self) -> Mapping[str, TensorReport]:
        """The report of each tensor."""
        return {tensor.name: tensor for tensor in self.report.tensors} if self.report else {}

    @cached_property
    def wrong_positions(self) -> tuple[int, ...]:
        """The positions of the statements that are wrong, in order."""
        found = (
            self.program.positions.get(name)
            for name, tensor in self.by_name.items()
            if tensor.verdict == "wrong"
        )
        return tuple(sorted(position for position in found if position))

    def mark(self, name: str) -> str:
        """Return the mark of the statement that writes a tensor; a blank where nothing is known."""
        return MARKS[self.by_name[name].verdict] if name in self.by_name else " "

    def wrong_cells(self, name: str) -> np.ndarray | None:
        """Return which elements of the user's tensor are wrong; None without one, or for other shapes.

        Once a check has run they are those that it found: a convention is no mistake, nor is what rounding
        leaves of a zero.
        """
        if name not in self.mine:
            return None
        if name in self.by_name and self.mine[name].shape == self.reference[name].shape:
            return self.by_name[name].wrong
        if name not in self.wrong:
            own, right = self.mine[name], self.reference[name]
            same = own.shape == right.shape
            self.wrong[name] = compare(own, right, Tolerance()).wrong if same else None
        return self.wrong[name]

    def worst_cell(self, name: str) -> Index | None:
        """Return the element of the user's tensor that is wrong the most; None where none is known to be."""
        return worst_of(self.wrong_cells(name), self.mine.get(name), self.reference[name])

    def next_wrong(self, position: int, direction: Literal[1, -1]) -> int | None:
        """Return the nearest position after or before one at which a statement is wrong."""
        return next_beyond(self.wrong_positions, position, direction)

    @property
    def ways_on(self) -> str:
        """Say which key goes on from what was found."""
        return WAY_THERE * bool(self.mine and self.wrong_positions)

    def words(self, name: str, index: Index) -> tuple[str, ...]:
        """Say what was found about a tensor, for the Operation card; at the start, what was found at all."""
        if not name and self.report is not None and self.mine:
            return self._overview()
        tensor = self.by_name.get(name)
        if tensor is None or tensor.verdict == "not given":
            return ()
        mark = MARKS[tensor.verdict]
        lines = ["These numbers cannot tell apart:"] if tensor.ambiguous else []
        for diagnosis in tensor.diagnoses[: 2 if tensor.ambiguous else 1]:
            formula, fix = told_apart(diagnosis.formula, diagnosis.fix)
            yours, right = f"{mark} yours is   {formula}", f"  should be  {fix}"
            lines += [yours, right, diagnosis.explanation]
        if lines and tensor.because_of_it:
            lines.append(tensor.because_of_it)
        if not lines:
            said = f"yours is {SAID[tensor.verdict]}" if self.mine else DERIVED[tensor.verdict]
            lines = [f"{mark} {said}" + (f": {tensor.note}" if tensor.note else "")]
        if tensor.verdict in ("wrong", "innocent"):
            lines += self._values(name, index)
        return tuple(lines)

    def _values(self, name: str, index: Index) -> list[str]:
        """Write an element in the user's numbers and in the right ones, and the difference."""
        if name not in self.mine:
            return []
        own, right = self.mine[name], self.reference[name]
        if own.shape != right.shape:
            return [f"  mine has shape {own.shape}, the reference {right.shape}"]
        place = nearest(index, own.shape)
        values = float(own[place]), float(right[place])
        mine, reference, difference = (f"{value:.6g}" for value in (*values, values[0] - values[1]))
        element = element_text(name, place)
        return [f"  {element}  mine {mine}  reference {reference}  difference {difference}"]

    def _overview(self) -> tuple[str, ...]:
        """Say how many of the user's tensors are wrong, and which."""

        def names(*verdicts: Verdict) -> list[str]:
            return [name for name, tensor in self.by_name.items() if tensor.verdict in verdicts]

        wrong, innocent = names("wrong"), names("innocent")
        right = names("right", "kink", "convention")
        if not wrong:
            return (f"= all {len(right)} gradients are right",) if not innocent else ()
        lines = [f"✗ wrong: {', '.join(wrong)}"]
        if innocent:
            lines.append(f"~ wrong only because of what they were fed: {', '.join(innocent)}")
        return (*lines, *([f"= right: {', '.join(right)}"] if right else []))

    @property
    def corrected(self) -> Case | None:
        """The run with the corrections: none, a scenario is no code."""
        return None

    @property
    def summary(self) -> str:
        """Say in a few words what the check found; empty before it has run."""
        if self.report is None:
            return ""
        wrong = len(self.wrong_positions)
        return f"{wrong} wrong" if wrong else "checked: all right"


def worst_of(wrong: np.ndarray | None, own: Array | None, right: Array) -> Index | None:
    """Return the wrong element that is the farthest from what it should be; None where none is wrong."""
    if wrong is None or own is None or not wrong.any():
        return None
    with np.errstate(all="ignore"):
        off = np.where(wrong, np.nan_to_num(np.abs(own - right), nan=np.inf), -1)
    return tuple(map(int, np.unravel_index(np.argmax(off), off.shape)))


def next_beyond(positions: Sequence[int], position: int, direction: Literal[1, -1]) -> int | None:
    """Return the nearest of some positions after or before one; None where there is none."""
    beyond = [place for place in positions if (place - position) * direction > 0]
    return min(beyond, key=lambda place: abs(place - position), default=None)


SAID: Mapping[Verdict, str] = {
    "right": "right",
    "kink": "right (at a kink)",
    "convention": "right by another convention",
    "wrong": "wrong here",
    "innocent": "innocent",
    "not given": "not given",
}
DERIVED: Mapping[Verdict, str] = {
    "right": "agrees with differences of the forward pass",
    "kink": "lies between the slopes of both sides of a kink",
    "convention": "",
    "wrong": "differs from differences of the forward pass",
    "innocent": "follows from what it was fed",
    "not given": "",
}
