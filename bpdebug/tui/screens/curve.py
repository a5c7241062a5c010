"""A curve over the iterations of a training. It grows while they are computed, and leads to one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import get_current_worker
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import NumericAxisFormatter

from bpdebug.engine.program.history import History
from bpdebug.present.curves import Quantity, drawn, note, pieces

MARGIN = 0.05
"""The part of the height that stays free above and below the curve."""


class PowerTicks(NumericAxisFormatter):
    """Writes the powers of ten of an axis that counts them."""

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """Return the words of the ticks."""
        return [f"{10.0**tick:.3g}" for tick in ticks]


class CurveScreen(ModalScreen[int | None]):
    """Shows a quantity over all iterations; its result is the iteration to go to, or None.

    Parameters
    ----------
    history : History
        The iterations.
    quantity : Quantity
        What is drawn.
    iteration : int
        Where one is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,L", "dismiss", "close"),
        Binding("enter", "choose", "go to"),
        Binding("left", "move(-1)", "left"),
        Binding("right", "move(1)", "right"),
        Binding("comma", "move_by(-1)", "one back"),
        Binding("full_stop", "move_by(1)", "one on"),
        Binding("home", "move_to(1)", "first"),
        Binding("end", "move_to(0)", "last"),
        Binding("l", "toggle_scale", "scale"),
    ]

    def __init__(self, history: History, quantity: Quantity, iteration: int) -> None:
        super().__init__()
        self.history = history
        self.quantity = quantity
        self.current = self.cursor = iteration
        self.numbers = np.zeros(0)
        self.logarithmic = False

    def compose(self) -> ComposeResult:
        """Lay out the curve, empty at first."""
        with Vertical(id="chart") as frame:
            frame.border_subtitle = "← → move  , . by one  ⏎ goes there  l scale  Esc closes"
            plot = PlotWidget(allow_pan_and_zoom=False)
            plot.can_focus = False
            yield plot
            yield Static(id="note", markup=False)

    def on_mount(self) -> None:
        """Compute the curve in the background."""
        self.run_worker(self.compute, thread=True)
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self.draw)

    def compute(self) -> None:
        """Compute all iterations, until the curve is closed; show it every now and then."""
        worker = get_current_worker()
        for piece in pieces(self.history, self.quantity):
            if worker.is_cancelled:
                return
            self.app.call_from_thread(self.add, piece)

    def add(self, piece: list[float]) -> None:
        """Take in more numbers."""
        self.numbers = np.concatenate([self.numbers, piece])
        self.draw()

    @property
    def columns(self) -> int:
        """The columns of the curve."""
        return max(8, self.query_one("#plot").size.width)

    def draw(self) -> None:
        """Draw what there is by now."""
        if not (self.is_attached and self.query("#plot") and self.query("#note")):
            return  # it is not there yet, or closes, and its widgets go one by one
        iterations, plot = self.history.iterations, self.query_one(PlotWidget)
        scale = ", by powers of ten" if self.logarithmic else ""
        self.query_one("#chart").border_title = Content(f"{self.quantity.title} over the iterations{scale}")
        said = note(self.numbers, self.cursor, iterations, self.logarithmic)
        self.query_one("#note", Static).update(said)
        plot.clear()
        beside = MARGIN * iterations  # the first and the last point stand inside the axes
        plot.set_xlimits(1.0 - beside, iterations + beside)
        plot.set_y_formatter(PowerTicks() if self.logarithmic else NumericAxisFormatter())
        x, y = drawn(self.numbers, self.columns, self.logarithmic)
        low, high = (float(y.min()), float(y.max())) if len(y) else (0.0, 1.0)
        room = MARGIN * (high - low) or MARGIN * max(abs(high), 1.0)
        plot.set_ylimits(low - room, high + room)
        colours = self.app.theme_variables
        plot.plot(x, y, line_style=colours["primary"], hires_mode=HiResMode.BRAILLE)
        if self.cursor != self.current:
            plot.add_v_line(self.current, line_style=colours["secondary"])
        plot.add_v_line(self.cursor, line_style=colours["accent"])

    def action_move(self, columns: int) -> None:
        """Move the cursor by columns of the curve."""
        self.action_move_by(columns * math.ceil(self.history.iterations / self.columns))

    def action_move_by(self, iterations: int) -> None:
        """Move the cursor by iterations."""
        self.action_move_to(max(1, self.cursor + iterations))

    def action_move_to(self, iteration: int) -> None:
        """Move the cursor to an iteration; 0 is the last."""
        self.cursor = min(iteration or self.history.iterations, self.history.iterations)
        self.draw()

    def action_toggle_scale(self) -> None:
        """Draw the powers of ten, or the numbers again."""
        self.logarithmic = not self.logarithmic
        self.draw()

    def action_choose(self) -> None:
        """Close with the iteration at the cursor."""
        self.dismiss(self.cursor)
