"""What the borders of a panel say, from the fullest text to the shortest: as much as there is room for.

Above stands what is shown: `dw · dw2 2×4`, and of more than two axes the slice. Below stands what the
operation does with it, and where else there is something to see.
"""

from __future__ import annotations

from collections.abc import Sequence

from bpdebug.engine.language.printing import shape_text
from bpdebug.present.panel import Panel

MINE_IS_WRONG = "mine ✗"
"""Said of a tensor whose right numbers are shown, where the user's are others."""


def fitting(texts: Sequence[str], room: int) -> str:
    """Return the first text that has room; empty if none has."""
    return next((text for text in texts if len(text) <= room), "")


def fitting_title(panel: Panel, room: int) -> str:
    """Return what is shown as far as there is room: the end of a name that is too long for it."""
    *longer, shortest = titles(panel)
    end = shortest[1 - room :] if room > 1 else ""
    return fitting([*longer, shortest, f"…{end}" if end else ""], room)


def titles(panel: Panel) -> list[str]:
    """Say what is shown: `dw · dw2 2×4`, ..., `dw2`."""
    name = panel.title or panel.name
    shape = f" {shape_text(panel.shape)}" if panel.recorded is not None else ""
    full = name if panel.role in ("", name) else f"{panel.role} · {name}"
    if panel.title:
        full = f"part of {panel.name}: {panel.title}"
    plain = [full + shape, full, name + shape, name]
    if panel.slicing.count == 1:
        return plain
    place, brief = panel.slicing.place_text(panel.axes), panel.slicing.place_text(panel.axes, of=False)
    return [
        f"{full}{shape} · {place}",
        f"{full} · {place}",
        f"{full} · {brief}",
        f"{name} · {brief}",
        panel.slicing.brief_text(full),
        panel.slicing.brief_text(name),
        name,
    ]


def naming_room(panel: Panel) -> int:
    """Return the length of the shortest titles that name all axes: above the slice, below what is in it."""
    above = f"{panel.title or panel.name} · {panel.slicing.place_text(panel.axes, of=False)}"
    below = f"written · {panel.slicing.axes_text(panel.axes)}"
    return max(len(above), len(below))


def subtitles(panel: Panel, part: str, beside: Sequence[str] = ()) -> list[str]:
    """Say what the operation does with it, its dtype, what is in sight, and what has no room.

    Parameters
    ----------
    panel : Panel
        What is shown.
    part : str
        The part of the slice that is in sight; empty where it is all.
    beside : sequence of str
        The tensors for whose panels the screen has no room, said on the last of the panels.
    """
    if beside:
        named, counted = f"no room: {', '.join(beside)}", f"{len(beside)} hidden"
        own = subtitles(panel, part)
        # What happens to a tensor is worth more than which others have no room.
        marked = [text for text in own if panel.mark in text]
        both = [" · ".join(filter(None, (text, more))) for more in (named, counted) for text in marked]
        return [*both, *own, named, counted]
    if panel.value is None:
        return [""]
    view, mark, form = panel.view, panel.mark, panel.dtype
    if panel.is_reference and panel.wrong is not None and panel.wrong.any():
        view = MINE_IS_WRONG
    axes = panel.slicing.axes_text(panel.axes) if panel.axes else ""
    more = f"+ {panel.elsewhere} more slice{'s' * (panel.elsewhere > 1)}" if panel.elsewhere else ""
    with_slices = (
        (view, mark, axes, part, more),
        (view, mark, axes, more),
        (view, mark, part, more),
        (view, mark, more),
        (view, mark, f"+ {panel.elsewhere}" * bool(more)),
    )
    choices = (
        (view, mark, form, axes, part, more),
        *(with_slices if axes else ()),
        (view, mark, part),
        (view, mark, form),
        (view, mark),
        (view or mark,),
        (part,),
    )
    return [" · ".join(filter(None, choice)) for choice in choices]
