"""What the ledger shows, as frozen data read from the debugger.

A layer is a row of pairs, each gradient under its tensor: `a_prev w b z a` above, `d_prev dw db dz da`
below. Beside them stands whatever else the current statement reads and writes; where there are no
layers, that is all. Of a layer that is unrolled over time they are those of the current time step, and those
that all steps share. In an update it is the parameter over its gradient, and what the optimizer makes of it.
Nothing here computes: it is the debugger's answer to "what is there to see now?".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bpdebug.engine.debugger import Debugger
from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Expression, Statement, names
from bpdebug.engine.expression.printing import numpy_text
from bpdebug.engine.expression.provenance import Origin, element_text, origin_of
from bpdebug.engine.expression.regions import Source
from bpdebug.engine.layers.kind import role_of_gradient
from bpdebug.engine.layers.layer import Layer
from bpdebug.engine.layers.time_steps import step_of
from bpdebug.engine.program import Program
from bpdebug.tui.cells import element_at
from bpdebug.tui.verdicts import Verdicts
from bpdebug.tui.views import View, Views

MOST_PAIRS = 12
"""More stand in no width; a statement of a person reads fewer."""

Mark = Literal["written", "in part", "read", "incoming", ""]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One tensor as it is at this moment.

    Attributes
    ----------
    role, name : str
        What it is to its layer, and its name in the program; empty where there is nothing to show.
    shape : tuple of int
        The shape that it has, or will have.
    value : array or None
        Its value; None while there is none, and `note` then says why.
    mark : str
        What the current operation does with it.
    recorded : array or None
        The value that the whole run gave it. It decides on the room that its numbers need, so that
        nothing moves when they appear.
    note : str
        What to say in place of a value.
    sources : tuple of Source
        The regions of it that the selected element comes from.
    title : str
        What is shown in place of the name: inside a statement, the node that has just been computed.
    view : str
        Whose numbers these are, where that makes a difference: `changed`, `original`, `mine`, ...
    wrong : array of bool or None
        The elements that the user got wrong.
    """

    role: str
    name: str
    shape: Shape = ()
    value: Array | None = None
    mark: Mark = ""
    recorded: Array | None = None
    note: str = ""
    sources: tuple[Source, ...] = ()
    title: str = ""
    view: str = ""
    wrong: np.ndarray | None = None

    def looks_like(self, other: Panel) -> bool:
        """Whether all that is visible of two panels is the same."""
        return self.numbers_like(other) and self.words == other.words

    def numbers_like(self, other: Panel) -> bool:
        """Whether two panels show the same numbers with the same marks beside them."""
        return (
            self.value is other.value
            and self.wrong is other.wrong
            and self.shape == other.shape
            and self.sources == other.sources
        )

    @property
    def words(self) -> tuple[str, ...]:
        """All that is said about the numbers."""
        return self.role, self.name, self.title, self.view, self.mark, self.note


@dataclass(frozen=True, slots=True)
class Pair:
    """A tensor above its gradient."""

    tensor: Panel
    gradient: Panel


@dataclass(frozen=True, slots=True)
class Selection:
    """The element whose origin is shown: a tensor, and the row and column of the cell."""

    name: str
    cell: tuple[int, int]


def result_name(debugger: Debugger) -> str:
    """Return the tensor that the current statement writes; empty at the start."""
    return debugger.statement.name if debugger.statement is not None else ""


def layer_in_focus(debugger: Debugger) -> int:
    """Return the number of the layer of the current statement; 1 at the start."""
    return debugger.statement.layer if debugger.statement is not None else 1


@dataclass(frozen=True, slots=True)
class PairNames:
    """Which tensor stands above which, and their roles; each empty where there is none."""

    role: str
    tensor: str
    gradient_role: str
    gradient: str


def pairs_in_focus(program: Program, layer: Layer | None, statement: Statement) -> tuple[PairNames, ...]:
    """Return the pairs to show: those of a layer, and what else a statement of it reads and writes.

    Parameters
    ----------
    program : Program
        What runs.
    layer : Layer, optional
        The layer to show; None where there are no layers.
    statement : Statement
        The current statement; one of another layer adds nothing.
    """
    if statement.phase == "update" and statement.layer == (layer.number if layer else 0):
        return _pairs_of_update(program, layer, statement)
    tensors = layer.tensors_at(step_of(statement)) if layer else {}
    pairs = {name: _pair_of_role(role, name) for role, name in tensors.items()}
    if statement.layer != (layer.number if layer else 0):
        return tuple(pairs.values())
    in_use = [*names(statement.expression), statement.name]
    # Forwards the result stands at the right of what it is made of, backwards at the left.
    for name in in_use if statement.phase == "forward" else in_use[::-1]:
        pair = _pair_of(program, name)
        pairs.setdefault(pair.tensor or pair.gradient, pair)
    return _most_important(tuple(pairs.values()), in_use, statement)


def _most_important(
    pairs: tuple[PairNames, ...], in_use: Collection[str], statement: Statement
) -> tuple[PairNames, ...]:
    """Leave out what has room in no width: what lies farthest from what the statement reads and writes."""
    used = [place for place, pair in enumerate(pairs) if pair.tensor in in_use or pair.gradient in in_use]
    if len(pairs) <= MOST_PAIRS:
        return pairs
    if len(used) > MOST_PAIRS:
        used = used[:MOST_PAIRS] if statement.phase == "backward" else used[-MOST_PAIRS:]
    by_nearness = sorted(range(len(pairs)), key=lambda place: min(abs(place - other) for other in used))
    kept = [*used, *(place for place in by_nearness if place not in used)][:MOST_PAIRS]
    return tuple(pairs[place] for place in sorted(kept))


def most_pairs(program: Program) -> int:
    """Return the number of pairs of the statement that has the most."""
    return max(
        (
            len(pairs_in_focus(program, program.layer_of(statement), statement))
            for statement in program.statements
        ),
        default=0,
    )


def _pair_of_role(role: str, name: str) -> PairNames:
    return PairNames(role, name, role_of_gradient(role), gradient_name(name))


def _pair_of(program: Program, name: str) -> PairNames:
    position = program.positions.get(name)
    statement = program.statements[position - 1] if position else None
    if statement is not None and statement.phase == "update":
        return PairNames(name, name, "", "")
    if statement is not None and statement.phase == "backward":
        if statement.part or not statement.of:
            return PairNames("", "", name, name)
        name = statement.of
    elif program.seed and name == gradient_name(program.seed):
        name = program.seed
    return PairNames(name, name, gradient_name(name), gradient_name(name))


def _pairs_of_update(program: Program, layer: Layer | None, statement: Statement) -> tuple[PairNames, ...]:
    """Return what an update works with: the same for all steps of a parameter, so that nothing moves.

    First the parameter over its gradient, then what the optimizer remembers over what takes its place, last
    the new parameter. A step that serves all parameters shows what it reads and writes.
    """
    parameter, gradient = statement.of, gradient_name(statement.of)
    pairs: dict[str, PairNames] = {}
    if parameter:
        roles = {name: role for role, name in layer.tensors.items()} if layer else {}
        role = roles.get(parameter, parameter)
        pairs[parameter] = PairNames(role, parameter, gradient_name(role), gradient)
    replaces = {new: old for old, new in program.carried.items() if old != parameter}
    remembered = frozenset(replaces.values()) - program.parameters
    for step in program.updates[parameter] if parameter else (statement,):
        for name in (*names(step.expression), step.name):
            old = replaces.get(name, name)
            if old in remembered:
                pairs.setdefault(old, PairNames(old, old, program.carried[old], program.carried[old]))
            elif parameter and name.startswith(f"{gradient}_"):
                pairs.setdefault(name, PairNames("", "", name, name))
            else:
                pair = _pair_of(program, name)
                pairs.setdefault(pair.tensor or pair.gradient, pair)
    return tuple(pairs.values())[-MOST_PAIRS:]


def places_of(pairs: Sequence[PairNames]) -> dict[str, int]:
    """Return for each tensor and each gradient the place of its pair."""
    return {name: place for place, pair in enumerate(pairs) for name in (pair.tensor, pair.gradient) if name}


def read_pairs(
    debugger: Debugger,
    pairs: Sequence[PairNames],
    verdicts: Verdicts,
    views: Views,
    view: View,
    sources: Sequence[Source] = (),
) -> tuple[Pair, ...]:
    """Return pairs of tensors as they are now.

    Parameters
    ----------
    debugger : Debugger
        Where one is.
    pairs : sequence of PairNames
        What to show.
    verdicts : Verdicts
        What is wrong in the user's numbers, if there are any.
    views : Views
        The numbers that there are.
    view : str
        Which of them to show.
    sources : sequence of Source
        What the selected element comes from.
    """

    def panel(role: str, name: str) -> Panel:
        if not name:
            return Panel("", "")
        own = tuple(source for source in sources if source.name == name)
        return _seen_in(views, view, _read_panel(debugger, role, name, own), verdicts)

    return tuple(
        Pair(panel(pair.role, pair.tensor), panel(pair.gradient_role, pair.gradient)) for pair in pairs
    )


def explain_element(
    debugger: Debugger, selection: Selection, digits: int, view: View = "run"
) -> Origin | None:
    """Say where the selected element comes from; None where there is nothing to explain yet."""
    name = selection.name
    trace = debugger.original if view == "original" else debugger.trace
    expression = _expression_behind(debugger, name)
    if debugger.node is not None and name == result_name(debugger):
        value, name = debugger.node_value(), f"({numpy_text(debugger.node)})"
    else:
        value = trace.values[name] if debugger.is_known(name) else None
    if expression is None or value is None:
        return None
    index = element_at(*selection.cell, value.shape)
    if trace is debugger.trace and debugger.is_replaced(name, index):
        return None
    return origin_of(name, expression, index, value, trace.values, digits)


def given_text(debugger: Debugger, selection: Selection, view: View = "run") -> tuple[str, ...]:
    """Say of an element that no statement computes where it comes from."""
    name = selection.name
    if name not in debugger.program.shapes:
        return ()
    index = element_at(*selection.cell, debugger.program.shapes[name])
    element = element_text(name, index)
    if view != "original" and debugger.is_known(name) and debugger.is_replaced(name, index):
        now, before = debugger.trace.values[name][index], debugger.original.values[name][index]
        same = now == before or (now != now and before != before)
        return (f"{element} is as it was" if same else f"{element} was set: {now}, not {before}",)
    if name not in debugger.program.inputs:
        return ()
    given = "comes in from outside" if name in debugger.program.gradients else "is given"
    return (f"{element} {given}",)


def _seen_in(views: Views, view: View, panel: Panel, verdicts: Verdicts) -> Panel:
    """Show the numbers of a view in a panel, and mark those that the user got wrong."""
    if panel.value is None or panel.mark == "in part":
        return panel
    value = views.value(panel.name, view)
    return replace(
        panel,
        shape=value.shape,
        value=value,
        recorded=value,
        view=views.word(panel.name, view),
        wrong=verdicts.wrong_cells(panel.name) if panel.name in views.mine else None,
    )


def _expression_behind(debugger: Debugger, name: str) -> Expression | None:
    if debugger.node is not None and name == result_name(debugger):
        return debugger.node
    position = debugger.program.positions.get(name)
    return debugger.program.statements[position - 1].expression if position else None


def _read_panel(debugger: Debugger, role: str, name: str, sources: tuple[Source, ...]) -> Panel:
    program = debugger.program
    if name not in program.shapes:
        reason = "no gradient is asked for" if not program.seed else "no gradient reaches it"
        return Panel(role, name, note=reason)
    shape, recorded = program.shapes[name], debugger.trace.values[name]
    if name == result_name(debugger) and debugger.node is not None:
        value = debugger.node_value()
        assert value is not None
        title = numpy_text(debugger.node)
        return Panel(role, name, value.shape, value, "in part", recorded, sources=sources, title=title)
    value = debugger.value(name)
    if value is None:
        return Panel(role, name, shape, recorded=recorded, note="not computed yet")
    mark: Mark = ""
    if name == result_name(debugger):
        mark = "written"
    elif name in debugger.reads:
        mark = "read"
    elif name in program.inputs and name in program.gradients:
        mark = "incoming"
    return Panel(role, name, shape, value, mark, recorded, sources=sources)
