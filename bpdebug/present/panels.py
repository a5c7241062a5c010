"""The panels of the ledger, read from the debugger: tensors at a moment, a slice of each.

Nothing here computes: it is the debugger's answer to "what is there to see now?".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.long_sums import abbreviated
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.language.provenance.regions import FeedingRegion, Index
from bpdebug.engine.network.axes import axes_in, axes_of
from bpdebug.present import code_verdicts
from bpdebug.present.feeding import fed_places
from bpdebug.present.panel import NOT_YET, Pair, Panel, PanelMark
from bpdebug.present.slicing import nearest, whole, written_axes
from bpdebug.present.snapshot import PairNames, result_name
from bpdebug.present.verdicts import CheckVerdicts
from bpdebug.present.views import View, Views

DTYPES = {"float16": "f16", "float32": "f32", "float64": "f64"}
USUAL = np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class Sight:
    """What decides on which part of each tensor is in sight.

    Attributes
    ----------
    cells : mapping
        For the key of a pair, the element under its cell cursor.
    selected : str
        The tensor whose element is explained.
    sources : sequence of FeedingRegion
        What that element comes from.
    walked : int
        Of the slices in which this lies, how many one has walked on.
    """

    cells: Mapping[str, Index] = field(default_factory=dict)
    selected: str = ""
    sources: Sequence[FeedingRegion] = ()
    walked: int = 0


NOTHING_SELECTED = Sight()


def read_pairs(
    debugger: Debugger,
    pairs: Sequence[PairNames],
    verdicts: CheckVerdicts | code_verdicts.CodeVerdicts,
    views: Views,
    view: View,
    sight: Sight = NOTHING_SELECTED,
    says_dtype: bool = True,
) -> tuple[Pair, ...]:
    """Return pairs of tensors as they are now.

    Parameters
    ----------
    debugger : Debugger
        Where one is.
    pairs : sequence of PairNames
        What to show.
    verdicts : CheckVerdicts or CodeVerdicts
        What is wrong in the user's values, if there are any.
    views : Views
        The numbers that there are.
    view : str
        Which of them to show.
    sight : Sight
        Which part of them.
    says_dtype : bool
        Whether the first tensor says what its elements are, if they are the usual ones.
    """
    reads = frozenset(debugger.reads)

    def panel(role: str, name: str) -> Panel:
        if not name:
            return Panel("", "")
        own = tuple(source for source in sight.sources if source.name == name)
        read = _read_panel(debugger, reads, role, name, own)
        # A check is of the first iteration, and so is what it says.
        said = verdicts if debugger.iteration == 1 else None
        return _with_axes(debugger, _seen_in(views, view, read, said))

    found = (
        _in_sight(panel(pair.role, pair.tensor), panel(pair.gradient_role, pair.gradient), pair.key, sight)
        for pair in pairs
    )
    return _with_dtypes(found, told=not says_dtype)


def _with_dtypes(pairs: Iterable[Pair], told: bool) -> tuple[Pair, ...]:
    """Say of each tensor what its elements are; of the usual ones only of the first."""

    def with_dtype(panel: Panel) -> Panel:
        nonlocal told
        if panel.value is None or (told and panel.value.dtype == USUAL):
            return panel
        told = True
        return replace(panel, dtype=DTYPES.get(panel.value.dtype.name, panel.value.dtype.name))

    return tuple(Pair(with_dtype(pair.tensor), with_dtype(pair.gradient)) for pair in pairs)


def _in_sight(tensor: Panel, gradient: Panel, key: str, sight: Sight) -> Pair:
    """Turn a pair to the slice of its cell cursor, or to one that feeds the selected element.

    Where one of the two shows what feeds, the other shows the same slice, cell under cell.
    """
    index = sight.cells.get(key, ())
    is_selected = sight.selected in (tensor.name, gradient.name)
    panels = [
        replace(panel, slicing=whole(panel.shape).to(nearest(index, panel.shape)))
        for panel in (tensor, gradient)
    ]
    fed = [fed_places(panel.slicing, panel.sources) for panel in panels]

    def turned(panel: Panel, own: Sequence[Index], beside: Panel, others: Sequence[Index]) -> Panel:
        if is_selected:
            return replace(panel, elsewhere=len({*own} - {panel.slicing.place}))
        places = own or (others if panel.shape == beside.shape else ())
        if not places:
            return panel
        slicing = panel.slicing.placed(places[sight.walked % len(places)])
        return replace(panel, slicing=slicing, elsewhere=max(0, len(own) - 1))

    return Pair(turned(panels[0], fed[0], panels[1], fed[1]), turned(panels[1], fed[1], panels[0], fed[0]))


def _with_axes(debugger: Debugger, panel: Panel) -> Panel:
    """Name the axes of what has more than two."""
    if len(panel.shape) < 3:
        return panel
    program = debugger.program
    known = axes_in(program)
    if panel.mark == "in part" and debugger.node is not None:
        axes = axes_of(debugger.node, known, program.shapes)
    else:
        axes = known[panel.name]
    # The user's numbers may have another shape.
    return replace(
        panel, axes=written_axes(axes if len(axes) == len(panel.shape) else ("",) * len(panel.shape))
    )


def _seen_in(
    views: Views, view: View, panel: Panel, verdicts: CheckVerdicts | code_verdicts.CodeVerdicts | None
) -> Panel:
    """Show the numbers of a view in a panel, and mark those that the user got wrong."""
    if panel.value is None or panel.mark == "in part":
        return panel
    value = views.value(panel.name, view)
    is_judged = panel.name in views.mine or not views.is_changed(panel.name)
    return replace(
        panel,
        shape=value.shape,
        value=value,
        recorded=value,
        sources=panel.sources if value.ndim == len(panel.shape) else (),
        view=views.word(panel.name, view),
        wrong=verdicts.wrong_cells(panel.name) if verdicts is not None and is_judged else None,
        is_reference=panel.name in views.mine and view not in ("mine", "difference"),
    )


def _read_panel(
    debugger: Debugger, reads: frozenset[str], role: str, name: str, sources: tuple[FeedingRegion, ...]
) -> Panel:
    program = debugger.program
    if name not in program.shapes:
        reason = "no gradient is asked for" if not program.gradients else "no gradient reaches it"
        return Panel(role, name, note=reason)
    shape, recorded = program.shapes[name], debugger.trace.values[name]
    if name == result_name(debugger) and debugger.node is not None:
        value = debugger.node_value()
        assert value is not None
        return Panel(
            role,
            name,
            value.shape,
            value,
            "in part",
            recorded,
            sources=sources,
            title=numpy_text(abbreviated(debugger.node)),
            is_mask=FUNCTIONS[debugger.node.function].is_mask,
        )
    value = debugger.value(name)
    if value is None:
        return Panel(role, name, shape, recorded=recorded, note=NOT_YET)
    mark: PanelMark = ""
    if name == result_name(debugger):
        mark = "written"
    elif name in reads:
        mark = "read"
    elif name in program.inputs and name in program.gradients:
        mark = "incoming"
    return Panel(role, name, shape, value, mark, recorded, sources=sources, is_mask=name in program.masks)
