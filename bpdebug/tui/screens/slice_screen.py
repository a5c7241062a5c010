"""The slice of a tensor that is in sight, and the keys that move in it and through the others.

It knows a `Subject` and nothing of a debugger. How the slice is drawn is its subclass's business.
"""

from __future__ import annotations

from functools import partial

from textual import on

from bpdebug.engine.language.printing import shape_text
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.present.slicing import Slicing, nearest, whole
from bpdebug.present.viewer.index_text import parse_index
from bpdebug.present.viewer.subject import ShownValues, Subject
from bpdebug.tui.messages import PlaceChosen
from bpdebug.tui.screens.action_screen import ActionScreen
from bpdebug.tui.screens.ask import AskScreen
from bpdebug.tui.widgets.tensor_grid import TensorGrid


class SliceScreen(ActionScreen):
    """Holds what is in sight of a tensor: which values, which slice of them, which element, what is selected.

    Parameters
    ----------
    subject : Subject
        The tensor, and what it may be compared with.
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.subject = subject
        self.choices = subject.choices()
        views = [values.view for values in self.choices]
        self.place = views.index(subject.view) if subject.view in views else 0
        shape = self.values.shape
        self.slicing = whole(shape).to(nearest(subject.index, shape))
        self.corner: tuple[int, int] | None = None

    def show(self) -> None:
        """Refresh every widget."""
        raise NotImplementedError

    @property
    def values(self) -> ShownValues:
        """The numbers that are shown."""
        return self.choices[self.place]

    @property
    def selection(self) -> tuple[range, range] | None:
        """The selected rows and columns; of no elements none can be."""
        if self.corner is None or not self.values.value.size:
            return None
        ends = zip(self.corner, self.slicing.cell, strict=True)
        rows, columns = (range(min(pair), max(pair) + 1) for pair in ends)
        return rows, columns

    def turn_to(self, slicing: Slicing) -> None:
        """Show another slice, or another element of it; a selection belongs to its slice."""
        if slicing.text("") != self.slicing.text(""):
            self.corner = None
        self.slicing = slicing
        self.show()

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        row, column = self.slicing.cell
        self.turn_to(self.slicing.at(row + rows, column + columns))

    def action_page(self, rows: int, columns: int) -> None:
        """Move the cursor by as many rows or columns as are in sight."""
        height, width = self.query_one(TensorGrid).page
        self.action_move(rows * height, columns * width)

    def action_edge(self, last: bool, of_all: bool) -> None:
        """Go to the first or the last element of the row, or of the whole slice."""
        rows, columns = self.slicing.matrix_shape
        row = (rows - 1) * last if of_all else self.slicing.cell[0]
        self.turn_to(self.slicing.at(row, (columns - 1) * last))

    @on(PlaceChosen)
    def place_chosen(self, message: PlaceChosen) -> None:
        """Move the cursor to where the mouse was clicked."""
        self.turn_to(self.slicing.at(*message.cell))

    def action_go_to(self) -> None:
        """Ask for an element, and go there."""
        shape = self.values.shape
        question = f"Go to an element of {self.subject.name}, {shape_text(shape)}:"
        read = partial(parse_index, shape=shape, name=self.subject.name)
        example = ", ".join(str(extent // 2) for extent in shape)
        self.app.push_screen(AskScreen[Index](question, read, placeholder=example), self.go_to)

    def go_to(self, index: Index | None) -> None:
        """Go to an element; None changes nothing."""
        if index is not None:
            self.turn_to(self.slicing.to(index))

    def action_transpose(self) -> None:
        """Let rows be columns."""
        self.turn_to(self.slicing.transposed())

    def action_next_rows(self) -> None:
        """Let the next axis run down."""
        self.turn_to(self.slicing.next_rows())

    def action_next_columns(self) -> None:
        """Let the next axis run across."""
        self.turn_to(self.slicing.next_columns())

    def action_next_held(self) -> None:
        """Choose the next of the axes that are sliced."""
        self.turn_to(self.slicing.next_held())

    def action_step_held(self, change: int) -> None:
        """Slice the chosen axis one index earlier or later."""
        self.turn_to(self.slicing.stepped(change))

    def action_next_values(self) -> None:
        """Show other values of the tensor, or their difference; another shape is shown from its start."""
        self.place = (self.place + 1) % len(self.choices)
        if self.values.shape != self.slicing.shape:
            self.slicing, self.corner = whole(self.values.shape), None
        self.show()

    def action_select(self) -> None:
        """Select from the cursor on, or drop the selection."""
        self.corner = self.slicing.cell if self.corner is None else None
        self.show()
