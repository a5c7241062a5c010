"""The ledger: bands of panels, each gradient under its tensor, cell under cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import Layout, WidgetPlacement
from textual.widget import Widget

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.provenance.forwards import Fed
from bpdebug.present.bands import bands
from bpdebug.present.cells import CellFormat, cell_format
from bpdebug.present.needs import pair_need
from bpdebug.present.panel import Pair, Panel
from bpdebug.present.places import Bands, Need
from bpdebug.tui.keys.action import Needs
from bpdebug.tui.messages import RoomChanged
from bpdebug.tui.widgets.cell_drawing import CELL_CLASSES, MARGIN
from bpdebug.tui.widgets.panel_frame import FRAME_CLASSES
from bpdebug.tui.widgets.panel_pair import PanelPair
from bpdebug.tui.widgets.tensor_panel import TensorPanel

LEAST_BAND = 6
"""The fewest lines of a band: two panels of one row."""


class Group(NamedTuple):
    """Pairs that lie together: the place of the first, what each needs, and which matter now."""

    start: int
    needs: tuple[Need, ...]
    in_use: tuple[int, ...]


class BandLayout(Layout):
    """Lays the panels of a ledger out as it says."""

    name = "bands"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> list[WidgetPlacement]:
        """Place each panel that has room."""
        assert isinstance(parent, Ledger)
        return [
            WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, panel)
            for panel, region in parent.placed(size).items()
        ]


class Ledger(Widget):
    """The panels of what is in focus. It holds the styles of their cells, once for all of them.

    Parameters
    ----------
    places : int
        The most pairs that it will have to show.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(CELL_CLASSES | FRAME_CLASSES)

    def __init__(self, places: int) -> None:
        super().__init__(id="ledger")
        self.pairs = [PanelPair(place, self.get_component_rich_style) for place in range(places)]
        self.count = 0
        self.formats: dict[tuple[str, str, int], tuple[Array, CellFormat]] = {}
        self.groups: tuple[Group, ...] = ()
        self.lying: tuple[Bands, ...] = ()
        self.lying_in = Size(0, 0)
        self.shown: list[TensorPanel] = []

    @property
    def layout(self) -> Layout:
        """What places the panels."""
        return BandLayout()

    def compose(self) -> ComposeResult:
        """Lay the pairs out as the forward pass runs."""
        for pair in self.pairs:
            yield from pair

    def on_mount(self) -> None:
        """Let each panel follow its partner's scrolling."""
        for pair in self.pairs:
            for panel, other in ((pair.tensor, pair.gradient), (pair.gradient, pair.tensor)):
                for axis in ("scroll_x", "scroll_y"):
                    self.watch(panel, axis, partial(pair.follow, panel, other), init=False)

    @property
    def panels(self) -> list[TensorPanel]:
        """All panels in use."""
        return [panel for pair in self.pairs[: self.count] for panel in pair if panel.panel.name]

    @property
    def focused(self) -> TensorPanel | None:
        """The panel in which one is."""
        panel = self.screen.focused
        return panel if isinstance(panel, TensorPanel) else None

    @property
    def asked(self) -> tuple[tuple[Need, ...], tuple[int, ...]]:
        """What the pairs in focus need, and which of them matter now."""
        return self.groups[0][1:] if self.groups else ((), ())

    def panel_of(self, name: str) -> TensorPanel | None:
        """Return the panel that shows a tensor."""
        return next((panel for panel in self.panels if name and panel.panel.name == name), None)

    def slices_to_see(self, selected: str) -> dict[Needs, bool]:
        """Return whether the selected tensor has other slices, and whether what feeds it lies in several."""
        panel = self.panel_of(selected)
        if panel is None:
            return {"slices": False, "origins": False}
        others = (other.panel.elsewhere for other in self.panels if other.place != panel.place)
        return {"slices": panel.panel.slicing.count > 1, "origins": any(others)}

    def show(
        self,
        pairs: Sequence[Pair],
        selected: str,
        digits: int,
        cursor: str = "",
        more: Iterable[tuple[Sequence[Pair], int]] = (),
    ) -> None:
        """Show pairs.

        Parameters
        ----------
        pairs : sequence of Pair
            What is there to see.
        selected : str
            The tensor whose chosen cell is explained.
        digits : int
            Significant digits.
        cursor : str
            The tensor in whose panel one is.
        more : iterable
            Other pairs, group by group, each of which is asked for while there is room left; and with each
            which part of it is shown where there is no room for all: -1 for its end, 1 for its beginning.
        """

        def fill(group: Sequence[Pair]) -> None:
            widgets = self.pairs[self.count : self.count + len(group)]
            self.count += len(group)
            for shown, pair in zip(widgets, group, strict=True):
                formats = self.format_of(pair.tensor, digits), self.format_of(pair.gradient, digits)
                shown.show(pair, formats, selected, cursor)

        self.count = 0
        fill(pairs)
        groups = [Group(0, self.needs(pairs, digits), self.in_use())]
        width = self.size.width
        found = bands(groups[0].needs, groups[0].in_use, *self.size)
        left = self.size.height - found.height if found.complete else 0
        for group, side in more if left >= LEAST_BAND else ():
            needs, most = self.needs(group, digits), min(len(group), len(self.pairs) - self.count)
            parts = [slice(part) if side > 0 else slice(-part, None) for part in range(most, 0, -1)]
            # The nearest pair has what room there is, even if that is not enough for all of its rows.
            whole = (part for part in parts if bands(needs[part], (), width, left).complete)
            part = next(whole, parts[-1] if parts else slice(0))
            groups.append(Group(self.count, needs[part], ()))
            fill(group[part])
            left -= bands(needs[part], (), width, left).height
            if left < LEAST_BAND or needs[part] != needs:
                break
        self.share_room(tuple(groups))

    def needs(self, pairs: Sequence[Pair], digits: int) -> tuple[Need, ...]:
        """Return what pairs need of the screen."""
        both = ((pair.tensor, pair.gradient) for pair in pairs)
        pitches = (max(self.format_of(panel, digits).width for panel in panels) + MARGIN for panels in both)
        return tuple(map(pair_need, pairs, pitches))

    def format_of(self, panel: Panel, digits: int) -> CellFormat:
        """Return how a tensor's numbers are written; the whole run decides, so that nothing moves later."""
        if panel.mark == "in part" and panel.value is not None:
            return replace(cell_format(panel.value, digits), masks=panel.is_mask)
        if panel.recorded is None:
            return CellFormat()
        key = panel.name, panel.view, digits
        if key not in self.formats or self.formats[key][0] is not panel.recorded:
            self.formats[key] = panel.recorded, cell_format(panel.recorded, digits)
        return replace(self.formats[key][1], masks=panel.is_mask)

    def mark_fed(self, fed: Mapping[str, Fed]) -> None:
        """Mark, in all panels, the cells that the explained element feeds."""
        for panel in self.panels:
            own = fed.get(panel.panel.name)
            place = panel.slicing.place
            slices = [panel.slicing.to(index) for index in own.elements] if own is not None else []
            panel.mark_fed(frozenset(found.cell for found in slices if found.place == place))

    # Where they lie

    def in_use(self) -> tuple[int, ...]:
        """Return the pairs that matter now: that of the focus, of what is written, of what is read."""
        marked = [
            panel.place
            for mark in ("written", "in part", "read")
            for panel in self.panels
            if panel.panel.mark == mark
        ]
        focused = [self.screen.focused.place] if self.screen.focused in self.panels else []
        return (*focused, *marked)

    def share_room(self, groups: tuple[Group, ...]) -> None:
        """Lay the panels out anew where others are needed, or they need other room."""
        if groups == self.groups:
            return
        self.groups = groups
        for pair in self.pairs:
            for panel in pair:
                panel.display = panel.place < self.count and bool(panel.panel.name)
        self.lie_anew()

    def lie_anew(self) -> None:
        """Lay the panels out, unless they lie as they were laid out last, and in a room of this size."""
        if (self.size, self.laid_out(self.size)) != (self.lying_in, self.lying):
            # A child asks: what a widget remembers of its own arrangement goes when one of its children does.
            self.pairs[0].tensor.refresh(layout=True)

    def laid_out(self, size: Size) -> tuple[Bands, ...]:
        """Return how each group lies, one below the other: all of the first, and the others that fit."""
        found: list[Bands] = []
        left = size.height
        for group in self.groups:
            lying = bands(group.needs, group.in_use, size.width, left)
            if found and lying.hidden:
                break
            found.append(lying)
            left -= lying.height
        return tuple(found)

    def placed(self, size: Size) -> dict[TensorPanel, Region]:
        """Return where each panel lies in some room, and tell the panels whether they are indexed."""
        self.lying, self.lying_in = self.laid_out(size), size
        regions: dict[TensorPanel, Region] = {}
        top = 0
        for group, lying in zip(self.groups, self.lying, strict=False):
            pairs = self.pairs[group.start : group.start + len(group.needs)]
            hidden = tuple(next(iter(pairs[place].names), "") for place in lying.hidden)
            own = {
                panel: Region(box.x, box.y + top, box.width, box.height)
                for pair, *boxes in lying.places
                for panel, box in zip(pairs[pair], boxes, strict=True)
                if box is not None
            }
            # What is missing is said at the bottom, where the border has the most room for it.
            saying = max(own, key=lambda panel: (own[panel].bottom, own[panel].width), default=None)
            for panel in own:
                panel.be_placed(own[panel].size, lying.indexed, hidden if panel is saying else ())
            regions |= own
            top += lying.height
        self.shown = [*regions]
        return regions

    def on_resize(self) -> None:
        """Say that there may be room for other pairs. A size that was seen before is arranged from memory,
        which knows nothing of what the panels show now, and tells them nothing.
        """
        self.lie_anew()
        self.post_message(RoomChanged())

    def focus_order(self) -> list[TensorPanel]:
        """Return the panels on the screen as Tab visits them: what is written, what is read, the others."""
        ranks = {"written": 0, "in part": 0, "read": 1}
        shown = [panel for panel in self.shown if panel.display]
        return sorted(shown, key=lambda panel: ranks.get(panel.panel.mark, 2))
