"""The trail of a number: from which elements one has come, each the source of the one before.

    dw2[1,3] › dz2[1,4] › da2[1,4]

It ends where one steps on by oneself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.engine.program.timeline import Moment
from bpdebug.present.explaining import Selection

ARROW = " › "


@dataclass(frozen=True, slots=True)
class Visit:
    """Where one was: the moment, the element that was explained, and the tensor that had the focus."""

    moment: Moment
    selection: Selection
    focused: str


@dataclass
class Trail:
    """The visits, the first one first, and the moment to which the last has led; None on the way there."""

    visits: list[Visit] = field(default_factory=list)
    here: Moment | None = None

    def follow(self, visit: Visit) -> None:
        """Set out from a visit."""
        self.visits.append(visit)
        self.here = None

    def back(self) -> Visit | None:
        """Set out for the last visit, and forget it; None where there is none."""
        if not self.visits:
            return None
        self.here = None
        return self.visits.pop()

    def arrive(self, moment: Moment) -> None:
        """Be at a moment because of a number that was followed."""
        self.here = moment

    def keep(self, moment: Moment) -> None:
        """Forget all where one has gone somewhere else by oneself."""
        if self.here is not None and moment != self.here:
            self.visits.clear()

    def text(self, selection: Selection) -> str:
        """Write the elements from the first to the one that is explained now; empty without any before."""
        if not self.visits:
            return ""
        elements = [*(visit.selection for visit in self.visits), selection]
        return ARROW.join(element_text(element.name, element.index) for element in elements)
