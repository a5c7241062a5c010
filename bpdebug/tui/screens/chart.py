"""A bar chart over the screen. The plotting library is imported here alone, when a chart is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker, WorkerState
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import NumericAxisFormatter

from bpdebug.present.viewer.charts import BarChart, Ticks

GAP = 0.35
"""The part of a bar's place that stays free where bars stand apart."""


class WrittenTicks(NumericAxisFormatter):
    """Writes at each tick what the chart says of it."""

    def __init__(self, ticks: Ticks) -> None:
        self.words = dict(ticks)

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """Return the words of the ticks."""
        return [self.words[tick] for tick in ticks]


class ChartScreen(ModalScreen[None]):
    """Shows a chart as soon as it is computed, in the background; any of its keys closes it.

    Parameters
    ----------
    compute : callable
        Gives the chart; it runs in a thread.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,H,n,enter", "dismiss", "close")]

    def __init__(self, compute: Callable[[], BarChart]) -> None:
        super().__init__()
        self.compute = compute

    def compose(self) -> ComposeResult:
        """Lay out the chart, empty at first."""
        with Vertical(id="chart") as frame:
            frame.border_subtitle = "Esc closes"
            plot = PlotWidget(allow_pan_and_zoom=False)
            plot.can_focus = False
            plot.display = False
            yield plot
            yield Static("computing", id="note", markup=False)

    def on_mount(self) -> None:
        """Compute the chart in the background."""
        self.run_worker(self.compute, thread=True)

    @on(Worker.StateChanged)
    def computed(self, message: Worker.StateChanged) -> None:
        """Show the chart when it is there."""
        if message.state is WorkerState.SUCCESS and isinstance(message.worker.result, BarChart):
            self.draw(message.worker.result)

    def draw(self, chart: BarChart) -> None:
        """Draw the bars."""
        self.query_one("#chart").border_title = Content(chart.title)
        self.query_one("#note", Static).update(chart.note)
        if not chart.heights:
            return
        plot = self.query_one(PlotWidget)
        plot.display = True
        plot.margin_top, plot.margin_bottom = 0, 1
        plot.set_xlimits(0.0, float(len(chart.heights)))
        plot.set_ylimits(0.0, max(chart.heights) or 1.0)
        for ticks, set_ticks, set_formatter in (
            (chart.x_ticks, plot.set_xticks, plot.set_x_formatter),
            (chart.y_ticks, plot.set_yticks, plot.set_y_formatter),
        ):
            if ticks:
                set_formatter(WrittenTicks(ticks))
                set_ticks([place for place, _ in ticks])
        plot.bar(
            [place + 0.5 for place in range(len(chart.heights))],
            chart.heights,
            width=1.0 - GAP * chart.gaps,
            bar_style=self.app.theme_variables["primary"],
            hires_mode=HiResMode.HALFBLOCK,
        )
