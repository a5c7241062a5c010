"""Whose numbers the panels show: the run's, the original run's, the user's own, or a difference.

A view is offered where it shows something: the original and the change once something was set, the user's
numbers and their difference where there are any. The user's numbers always stand against the original run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bpdebug.engine.language.functions.entry import Array

View = Literal["run", "original", "change", "mine", "difference"]
BORDER_WORDS: Mapping[View, str] = {
    "run": "",
    "original": "original",
    "change": "change",
    "mine": "mine",
    "difference": "diff",
}
"""What the border of a panel says of the view."""
STATUS_WORDS: Mapping[View, str] = {
    "run": "",
    "original": "the original run",
    "change": "what if − original",
    "mine": "your numbers",
    "difference": "yours − reference",
}
"""What the status line says of the view."""


@dataclass(frozen=True)
class Views:
    """The numbers that there are to look at.

    Attributes
    ----------
    original : mapping
        The values of the original run.
    run : mapping
        Those of the run that one is in: the original, or what follows from what was set.
    mine : mapping
        Those of the user's own code.
    replaced : frozenset of str
        The tensors that were set.
    """

    original: Mapping[str, Array]
    run: Mapping[str, Array]
    mine: Mapping[str, Array]
    replaced: frozenset[str] = frozenset()
    differences: dict[tuple[str, View], Array] = field(default_factory=dict, compare=False)
    changes: dict[str, bool] = field(default_factory=dict, compare=False)

    @property
    def offered(self) -> tuple[View, ...]:
        """The views in which there is something to see, in the order in which a key shows them."""
        changed: tuple[View, ...] = ("original", "change") if self.replaced else ()
        own: tuple[View, ...] = ("mine", "difference") if self.mine else ()
        return ("run", *changed, *own)

    def after(self, view: View) -> View:
        """Return the next view; the first one after the last."""
        return self.offered[(self.offered.index(view) + 1) % len(self.offered)]

    def value(self, name: str, view: View) -> Array:
        """Return what a view shows of a tensor; where the user gave none, what the run has.

        The same array each time, so that a panel sees that it has not changed.
        """
        if view in ("mine", "difference") and name not in self.mine:
            view = "run"
        if view in ("change", "difference"):
            return self._difference(name, view)
        return {"run": self.run, "original": self.original, "mine": self.mine}[view][name]

    def _difference(self, name: str, view: View) -> Array:
        if (name, view) not in self.differences:
            other, original = (self.run if view == "change" else self.mine)[name], self.original[name]
            with np.errstate(all="ignore"):
                found = other - original if other.shape == original.shape else other
            self.differences[name, view] = found
        return self.differences[name, view]

    def is_changed(self, name: str) -> bool:
        """Whether what was set has changed a tensor."""
        if name not in self.changes:
            now, before = self.run[name], self.original[name]
            self.changes[name] = now is not before and not np.array_equal(now, before, equal_nan=True)
        return self.changes[name]

    def word(self, name: str, view: View) -> str:
        """Say on the border of a panel whose numbers these are; nothing where that makes no difference."""
        if view in ("mine", "difference"):
            return BORDER_WORDS[view] if name in self.mine else ""
        if not self.is_changed(name):
            return ""
        if view == "run":
            return "set" if name in self.replaced else "changed"
        return BORDER_WORDS[view]

    def status(self, view: View) -> str:
        """Say which run one looks at: `what if: w1 set`; empty where there is only one."""
        if STATUS_WORDS[view] or not self.replaced:
            return STATUS_WORDS[view]
        first, *others = sorted(self.replaced)
        return f"what if: {first}{f' and {len(others)} more' * bool(others)} set"
