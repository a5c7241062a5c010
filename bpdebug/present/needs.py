"""What a pair of panels would need of the screen: for all of its numbers, and for what its borders say."""

from __future__ import annotations

from bpdebug.present import panel_titles
from bpdebug.present.panel import NOT_YET, Pair, Panel
from bpdebug.present.places import BORDERS, COMFORTABLE_IMAGE, COMFORTABLE_PAIR, NARROWEST_PAIR, Need

TITLE_FRAME = 6
"""What a title needs beside its words: corners, a piece of border and a space at each end."""

NOTE_FRAME = BORDERS + 1
"""What stands beside a note in place of values: borders, and a space before it."""


def pair_need(pair: Pair, pitch: int) -> Need:
    """Return what a pair would need to show all that there is of it.

    Parameters
    ----------
    pair : Pair
        The two panels; either may be an empty place.
    pitch : int
        The columns from one number to the next.
    """
    panels = [panel for panel in (pair.tensor, pair.gradient) if panel.name]
    is_image = any(panel.slicing.count > 1 for panel in panels)
    return Need(
        max((NARROWEST_PAIR, *(needed_width(panel, pitch) for panel in panels))),
        max((1, *(panel.slicing.matrix_shape[0] for panel in panels if panel.recorded is not None))),
        max((0, *map(index_width, panels))),
        max((0, *map(wished_width, panels))),
        COMFORTABLE_IMAGE if is_image else COMFORTABLE_PAIR,
        max((1, *(least_width(panel, pitch, panel.mark) for panel in panels))),
        pitch,
        max((1, *(least_width(panel, pitch, max(panel.mark, "written", key=len)) for panel in panels))),
        max(map(wished_width, panels)) if is_image else 0,
        bool(pair.tensor.name),
        bool(pair.gradient.name),
    )


def needed_width(panel: Panel, pitch: int) -> int:
    """Return the columns in which all numbers are visible, without their indices."""
    columns = 0 if panel.recorded is None else panel.slicing.matrix_shape[1]
    return columns * pitch + BORDERS


def least_width(panel: Panel, pitch: int, mark: str) -> int:
    """Return the columns in which one number is visible, what happens to it, and a name that is short."""
    said = (panel_titles.titles(panel)[-1], mark, panel.view)
    words = max(map(len, said)) + TITLE_FRAME
    return max(min(words, NARROWEST_PAIR), min(needed_width(panel, pitch), pitch + BORDERS))


def index_width(panel: Panel) -> int:
    """Return the columns that the indices of the rows would take."""
    if panel.slicing.rows is None or panel.recorded is None:
        return 0
    return len(str(max(panel.slicing.matrix_shape[0] - 1, 0))) + 1


def wished_width(panel: Panel) -> int:
    """Return the columns in which the title, of a slice its axes, and the note are on a line of their own."""
    is_slice = panel.slicing.count > 1
    title = panel_titles.naming_room(panel) if is_slice else len(panel_titles.titles(panel)[0])
    return max(title + TITLE_FRAME, len(NOT_YET) + NOTE_FRAME)
