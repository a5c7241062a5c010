"""The status line: which scenario, and where in it one is."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from bpdebug.engine.debug.debugger import Debugger

SEPARATOR = " · "


class StatusLine(Widget):
    """One line across the top."""

    def __init__(self, name: str, title: str = "") -> None:
        super().__init__(id="status")
        self.left = f"{name} · {title}" if title else name
        self.place: tuple[str, ...] = ()

    def show(self, place: tuple[str, ...], left: str | None = None) -> None:
        """Show where one is, and at the left something else than before, if it is given."""
        left = self.left if left is None else left
        if (place, left) != (self.place, self.left):
            self.place, self.left = place, left
            self.refresh()

    def render(self) -> Content:
        """Put the scenario at the left, the place at the right; where both do not fit, the step stays."""
        width = self.content_size.width
        place = list(self.place)
        while len(place) > 1 and len(SEPARATOR.join(place)) > width - 2:
            place.pop(0)
        right = SEPARATOR.join(place)
        room = width - len(right) - 2
        left = self.left if len(self.left) <= room else self.left[: max(0, room - 1)] + "…" * (room > 0)
        gap = " " * max(0, width - len(left) - len(right))
        return Content.assemble((left, "bold"), gap, right)


def place_parts(debugger: Debugger, pinned: int | None, *state: str) -> tuple[str, ...]:
    """Say where one is: `backward`, `layer 2 dense sigmoid`, `iteration 12/500`, `step 6/12`."""
    statement = debugger.statement
    parts = [*state]
    if statement is not None:
        layer = debugger.program.block_of(statement)
        parts += [statement.phase, layer.place if layer else ""]
    if pinned is not None:
        parts.append(f"layer {pinned} pinned")
    iterations = debugger.timeline.iterations
    if iterations > 1:
        parts.append(f"iteration {debugger.iteration}/{iterations}")
    step = f"step {debugger.position}/{debugger.last}"
    if debugger.moment.node:
        step += f" + node {debugger.moment.node}"
    return tuple(filter(None, (*parts, step)))
