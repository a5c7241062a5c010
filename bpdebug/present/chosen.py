"""What one has chosen to look at: a layer, a cell of each pair, slices, how many digits, whose values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.provenance.origins import Origin
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.engine.program.block import Block
from bpdebug.engine.program.timeline import Moment
from bpdebug.present.cells import FEWEST_DIGITS, MOST_DIGITS
from bpdebug.present.explaining import Selection, explain_element
from bpdebug.present.line_pairs import pairs_of_line
from bpdebug.present.panels import Sight
from bpdebug.present.snapshot import PairNames, layer_in_focus, pairs_in_focus, pairs_of_layer, result_name
from bpdebug.present.trail import Trail
from bpdebug.present.views import View, Views


class Chosen:
    """The choices of one reader of a debugger; where nothing is chosen, the program is followed.

    Parameters
    ----------
    debugger : Debugger
        What is looked at.
    mine : mapping
        The values of the user's own code.
    digits : int
        Significant digits.
    """

    def __init__(self, debugger: Debugger, mine: Mapping[str, Array], digits: int) -> None:
        self.debugger = debugger
        self.mine = mine
        self.digits = digits
        self.pinned: int | None = None
        self.cells: dict[str, Index] = {}
        self.picked: tuple[Moment, Selection] | None = None
        self.trail = Trail()
        self.beside: tuple[PairNames, ...] = ()
        self.walked: tuple[object, int] = (None, 0)
        values = debugger.original.values
        self.views = Views(values, values, mine)
        self.view: View = "run"

    # Layers and pairs

    @property
    def layer_number(self) -> int:
        """The layer in focus: the pinned one, else that of the current statement."""
        return self.pinned if self.pinned is not None else layer_in_focus(self.debugger)

    @property
    def layer(self) -> Block | None:
        """The layer in focus; None where there are no layers, or the statement is of none."""
        layers, number = self.debugger.program.blocks, self.layer_number
        return layers[number - 1] if 0 < number <= len(layers) else None

    def toggle_pinned(self) -> None:
        """Keep to the layer in focus, or follow the program again."""
        self.pinned = self.layer_number if self.pinned is None else None

    def pairs(self) -> tuple[PairNames, ...]:
        """Return the names of the pairs to show."""
        statement = self.debugger.statement or self.debugger.program.statements[0]
        if self.debugger.program.is_recorded:
            return pairs_of_line(self.debugger.program, statement)
        return pairs_in_focus(self.debugger.program, self.layer, statement)

    def neighbours(self) -> Iterator[tuple[tuple[PairNames, ...], int]]:
        """Yield the pairs of the other layers, the nearest first, without those that are shown already.

        With those of each is said on which side of the layer in focus it lies. Where two are as near, first
        that to which the program is going.
        """
        program, layer = self.debugger.program, self.layer
        statement = self.debugger.statement or program.statements[0]
        if program.is_recorded or layer is None or statement.phase == "update":
            return
        ahead = -1 if statement.phase == "backward" else 1
        others = sorted(
            (other for other in program.blocks if other.number != layer.number),
            key=lambda other: (abs(other.number - layer.number), ahead * (layer.number - other.number)),
        )
        seen = {pair.key for pair in self.pairs()}
        for other in others:
            pairs = tuple(pair for pair in pairs_of_layer(program, other) if pair.key not in seen)
            seen |= {pair.key for pair in pairs}
            if pairs:
                self.beside += pairs
                yield pairs, other.number - layer.number

    # Elements and slices

    def selection(self) -> Selection:
        """Return the element to explain: the one that was picked at this moment, else of what is written."""
        if self.picked is not None and self.picked[0] == self.debugger.moment:
            return self.picked[1]
        name = result_name(self.debugger)
        return Selection(name, self.cell(name))

    def pick(self, name: str) -> None:
        """Explain an element of a tensor, the one under its cursor, until the program moves."""
        self.picked = self.debugger.moment, Selection(name, self.cell(name))

    def unpick(self) -> None:
        """Explain what the current statement has written."""
        self.picked = None

    def key(self, name: str) -> str:
        """Return what a tensor's cell cursor is remembered by: a gradient shares that of its tensor."""
        found = (pair.key for pair in (*self.pairs(), *self.beside) if name in (pair.tensor, pair.gradient))
        return next(found, name)

    def cell(self, name: str) -> Index:
        """Return where the cursor of a tensor is; the nearest element to it is meant."""
        return self.cells.get(self.key(name), ())

    def choose(self, name: str, index: Index) -> None:
        """Put the cursor of a tensor, and of its partner, on an element."""
        self.cells[self.key(name)] = index

    def is_beside(self, name: str, index: Index, selection: Selection) -> bool:
        """Whether to look at an element moves the cursor away from the one that is explained."""
        return self.key(name) == self.key(selection.name) and index != selection.index

    def origin(self, selection: Selection) -> Origin | None:
        """Say where an element comes from, in the values and digits that are looked at."""
        return explain_element(self.debugger, selection, self.digits, self.view)

    def sight(self, selection: Selection, origin: Origin | None) -> Sight:
        """Return which part of each tensor is in sight."""
        sources = origin.sources if origin is not None else ()
        return Sight(self.cells, selection.name, sources, self.walked_from(selection))

    def walked_from(self, selection: Selection) -> int:
        """Return how many slices one has walked on, of those that the selected element comes from."""
        start, count = self.walked
        return count if start == (self.debugger.moment, selection) else 0

    def walk(self, selection: Selection, change: int) -> None:
        """Walk to another slice of what the selected element comes from."""
        self.walked = (self.debugger.moment, selection), self.walked_from(selection) + change

    # Digits and views

    def change_digits(self, change: int) -> None:
        """Write more or fewer significant digits."""
        self.digits = min(max(self.digits + change, FEWEST_DIGITS), MOST_DIGITS)

    def next_view(self) -> None:
        """Look at other values: the original run's, the user's, a difference."""
        self.view = self.views.after(self.view)

    def know(self, mine: Mapping[str, Array]) -> None:
        """Know the user's values, which had been hidden."""
        self.mine = mine
        self.views = replace(self.views, mine=mine if self.debugger.iteration == 1 else {})

    def follow_run(self) -> None:
        """Look at the run as it is now: what was set, or dropped, has made another one."""
        debugger = self.debugger
        if self.views.run is not debugger.trace.values:
            values, replaced = debugger.trace.values, debugger.history.replaced_names
            # The user's values are those of the first iteration: a later one has others.
            mine = self.mine if debugger.iteration == 1 else {}
            self.views = Views(debugger.original.values, values, mine, replaced)
            self.view = "run"
