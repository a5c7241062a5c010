"""The tensor viewer: a tensor of any size and any number of axes over the whole screen.

A key changes one part of how the slice is shown, and the screen shows it anew; whatever would have to read
the whole tensor is done in the background.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from bpdebug.engine.health.statistics import Statistics, histogram, statistics
from bpdebug.errors import BpdebugError
from bpdebug.present.cells import FEWEST_DIGITS, MOST_DIGITS, NOTATIONS, CellFormat, Notation, cell_format
from bpdebug.present.equations import equation_lines
from bpdebug.present.viewer.charts import BINS, BarChart, histogram_chart, norms, norms_chart
from bpdebug.present.viewer.clipboard import CopyForm, copied_text
from bpdebug.present.viewer.element_text import cursor_text
from bpdebug.present.viewer.export import default_file, new_file, write_npy
from bpdebug.present.viewer.looks import LOOK_WORDS, LOOKS, Look
from bpdebug.present.viewer.subject import ShownValues, Subject
from bpdebug.tui.keys.action import bindings
from bpdebug.tui.keys.viewer import ACTIONS, HELP
from bpdebug.tui.screens import chart
from bpdebug.tui.screens.ask import AskScreen
from bpdebug.tui.screens.slice_screen import SliceScreen
from bpdebug.tui.widgets.statistics_panel import StatisticsPanel
from bpdebug.tui.widgets.status_line import StatusLine
from bpdebug.tui.widgets.tensor_grid import Shown, TensorGrid

PADDING = 2
AT_ONCE = 65_536
"""Elements that are read faster than a key is pressed; more are read in the background."""
QUIET = 0.25
"""Seconds without a key before a large tensor is read: even in the background it would slow the keys down."""


class TensorViewer(SliceScreen):
    """Shows a tensor until one of its keys closes it.

    Parameters
    ----------
    subject : Subject
        The tensor, and what it may be compared with.
    """

    ACTIONS = ACTIONS
    HELP = HELP
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS, prefix="viewer.")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 (as Textual declares it)

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.notation: Notation = subject.notation
        self.digits = subject.digits
        self.look: Look = LOOKS[0]
        self.formats: dict[tuple[int, Notation, int], CellFormat] = {}
        self.statistics: dict[int, Statistics | None] = {}
        self.quiet = Timer(self, QUIET, pause=True)

    def compose(self) -> ComposeResult:
        """Lay out the screen: the grid, the statistics beside or below it, the element."""
        self.fit()
        yield StatusLine(self.subject.name)
        with Horizontal(id="viewer"):
            yield TensorGrid()
            yield StatisticsPanel()
        yield Static(id="element")
        yield Static(id="arithmetic")
        yield self.key_bar()

    def on_mount(self) -> None:
        """Show the tensor."""
        self.show()

    # What is shown

    @property
    def form(self) -> CellFormat:
        """How the numbers are written: the same for every slice, so that slices compare."""
        key = self.place, self.notation, self.digits
        if key not in self.formats:
            form = cell_format(self.values, self.digits, self.notation)
            self.formats[key] = replace(form, masks=self.subject.is_mask)
        return self.formats[key]

    def show(self) -> None:
        """Refresh every widget."""
        selection = self.selection or (range(0), range(0))
        sources = self.subject.sources if self.values.shape == self.subject.value.shape else ()
        shown = Shown(self.values, self.slicing, self.form, self.look, *selection, sources)
        grid = self.query_one(TensorGrid)
        grid.show(shown)
        grid.border_title = self.slicing.axes_text(self.subject.axes_of(self.values))
        self.query_one(StatusLine).show(self.state_parts(), self.title_text())
        self.query_one(StatisticsPanel).show(
            self.values.shape, self.values.dtype, self.statistics_now(), self.subject.is_mask
        )
        self.query_one("#element", Static).update(self.element_content())
        arithmetic, text = self.query_one("#arithmetic", Static), self.arithmetic_text()
        arithmetic.display = bool(text)
        arithmetic.update(Content(text))
        axes = len(self.values.shape)
        self.enable(
            {
                "axes": axes > 2,
                "held": axes > 3,
                "view": len(self.choices) > 1,
                "gradients": bool(self.subject.gradients),
            }
        )

    def title_text(self) -> str:
        """Say what is shown: `w3[0, :, :, 2] · mine − reference`."""
        return " · ".join(filter(None, (self.slicing.text(self.subject.name), self.values.label)))

    def state_parts(self) -> tuple[str, ...]:
        """Say how it is shown: at which place the axis is that is stepped, how numbers are written."""
        held, axes = self.slicing.held, self.subject.axes_of(self.values)
        axis = "" if held is None else self.slicing.axis_text(axes, held)
        written = self.notation if self.notation == "exact" else f"{self.notation}, {self.digits} digits"
        marked = self.subject.feeds and f"[ ] feeds {self.subject.feeds}"
        return tuple(filter(None, (marked, LOOK_WORDS[self.look], axis, written)))

    def element_content(self) -> Content:
        """Write out the element under the cursor, and how much is selected."""
        element, others = cursor_text(self.subject.name, self.choices, self.values, self.slicing)
        parts = [Content.styled(element, "bold $text-accent")]
        if self.selection is not None:
            rows, columns = self.selection
            parts.append(Content(f"selected {len(rows)}×{len(columns)}"))
        if any(source.contains(self.slicing.index) for source in self.subject.sources):
            parts.append(Content(f"feeds {self.subject.feeds}"))
        if others:
            parts.append(Content(others))
        return Content("   ").join(parts)

    def arithmetic_text(self) -> str:
        """Write where the element under the cursor comes from; empty where these are other numbers."""
        if self.values is not self.choices[0] or 0 in self.values.shape:
            return ""
        origin = self.subject.explain(self.slicing.index)
        sides = origin.sides if origin is not None else ()
        return "\n".join(equation_lines(sides, self.app.size.width - PADDING, roomy=False))

    def statistics_now(self) -> Statistics | None:
        """Return the statistics of what is shown; None while they are still to be computed."""
        if self.place not in self.statistics:
            if self.values.value.size > AT_ONCE:
                self.quiet.stop()
                self.quiet = self.set_timer(QUIET, self.read_all)
                return None
            self.statistics[self.place] = statistics(self.values.value, self.values.minus)
        return self.statistics[self.place]

    def read_all(self) -> None:
        """Compute the statistics of what is shown, in the background."""
        self.statistics[self.place] = None
        compute = partial(statistics, self.values.value, self.values.minus)
        self.run_worker(compute, name=str(self.place), group="statistics", thread=True)

    @on(Worker.StateChanged)
    def computed(self, message: Worker.StateChanged) -> None:
        """Show the statistics when they are there."""
        worker = message.worker
        if worker.group == "statistics" and message.state is WorkerState.SUCCESS:
            self.statistics[int(worker.name)] = worker.result
            self.show()

    # What the keys do

    def action_next_notation(self) -> None:
        """Write numbers in the next format."""
        self.notation = NOTATIONS[(NOTATIONS.index(self.notation) + 1) % len(NOTATIONS)]
        self.show()

    def action_change_digits(self, change: int) -> None:
        """Show more or fewer digits."""
        self.digits = min(max(self.digits + change, FEWEST_DIGITS), MOST_DIGITS)
        self.show()

    def action_next_look(self) -> None:
        """Show numbers on the heat map, numbers only, or the heat map only."""
        self.look = LOOKS[(LOOKS.index(self.look) + 1) % len(LOOKS)]
        self.show()

    def action_copy(self, form: CopyForm) -> None:
        """Copy the selection, or the whole slice, through the terminal."""
        rows, columns = self.selection or tuple(map(range, self.slicing.matrix_shape))
        try:
            text = copied_text(self.values, self.slicing, rows, columns, form)
        except BpdebugError as error:
            self.notify(str(error), title="Not copied", severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {len(rows)}×{len(columns)} numbers, {len(text.encode()):,} bytes", markup=False)

    def action_export(self) -> None:
        """Ask for a file name, and write the tensor there."""
        name = default_file(self.subject.name)
        ask = AskScreen[Path](f"Write {self.title_of_values()} to a new .npy file:", new_file, text=name)
        self.app.push_screen(ask, self.export)

    def export(self, path: Path | None) -> None:
        """Write the tensor in the background; the viewer may be closed meanwhile. None writes nothing."""
        if path is not None:
            write = partial(self.write, path, self.values)
            self.app.run_worker(write, thread=True, group="export", exit_on_error=False)

    def write(self, path: Path, values: ShownValues) -> None:
        """Write the tensor, and say where it is; in a thread."""
        try:
            write_npy(path, values[...])
        except BpdebugError as error:
            say = partial(self.app.notify, str(error), title="Not written", severity="error", markup=False)
        else:
            say = partial(self.app.notify, f"Wrote {path}", markup=False)
        self.app.call_from_thread(say)

    def action_histogram(self) -> None:
        """Show how the numbers are spread."""
        self.open_chart(partial(spread, self.title_of_values(), self.values))

    def action_norms(self) -> None:
        """Show the norm of this gradient in each layer."""
        self.open_chart(partial(norms_of_layers, self.subject))

    def open_chart(self, compute: Callable[[], BarChart]) -> None:
        """Show a chart over the viewer."""
        self.app.push_screen(chart.ChartScreen(compute))

    def title_of_values(self) -> str:
        """Name the whole tensor that is shown: `dw2 · mine`."""
        return " · ".join(filter(None, (self.subject.name, self.values.label)))

    def action_close(self) -> None:
        """Go back to where the viewer was opened."""
        self.dismiss()


def spread(title: str, values: ShownValues) -> BarChart:
    """Return the histogram of a tensor; in a thread."""
    return histogram_chart(title, histogram(values.value, BINS, values.minus))


def norms_of_layers(subject: Subject) -> BarChart:
    """Return the norms of a gradient in all layers; in a thread."""
    return norms_chart(norms(subject.gradients))
