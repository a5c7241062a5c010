"""What the ledger shows, as frozen data read from the debugger.

A layer is a row of pairs, each gradient under its tensor: `a_prev w b z a` above, `d_prev dw db dz da`
below. Nothing here computes: it is the debugger's answer to "what is there to see now?".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bpdebug.engine.debugger import Debugger
from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Expression
from bpdebug.engine.expression.printing import numpy_text
from bpdebug.engine.expression.provenance import Origin, element_text, origin_of
from bpdebug.engine.expression.regions import Source
from bpdebug.engine.program import Layer
from bpdebug.tui.cells import element_at
from bpdebug.tui.verdicts import SHORT, Verdicts, View
from bpdebug.tui.viewer.subject import Subject

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
        Whose numbers these are, where they are not the reference: `mine`, `diff`.
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


def places_of(layer: Layer) -> dict[str, int]:
    """Return for each tensor of a layer, and for its gradient, the place of their pair."""
    return {
        name: place
        for place, tensor in enumerate(layer.tensors.values())
        for name in (tensor, gradient_name(tensor))
    }


def read_pairs(
    debugger: Debugger, layer: Layer, verdicts: Verdicts, view: View, sources: Sequence[Source] = ()
) -> tuple[Pair, ...]:
    """Return the pairs of a layer as they are now.

    Parameters
    ----------
    debugger : Debugger
        Where one is.
    layer : Layer
        The layer to show.
    verdicts : Verdicts
        The user's numbers, if there are any.
    view : str
        Whose numbers to show.
    sources : sequence of Source
        What the selected element comes from.
    """

    def panel(role: str, name: str) -> Panel:
        own = tuple(source for source in sources if source.name == name)
        return _with_mine(_read_panel(debugger, role, name, own), verdicts, view)

    return tuple(
        Pair(panel(role, name), panel(layer.role_of_gradient(name), gradient_name(name)))
        for role, name in layer.tensors.items()
    )


def explain_element(debugger: Debugger, selection: Selection, digits: int) -> Origin | None:
    """Say where the selected element comes from; None where there is nothing to explain yet."""
    expression = _expression_behind(debugger, selection.name)
    if debugger.node is not None and selection.name == result_name(debugger):
        value = debugger.node_value()
        name = f"({numpy_text(debugger.node)})"
    else:
        value, name = debugger.value(selection.name), selection.name
    if expression is None or value is None:
        return None
    index = element_at(*selection.cell, value.shape)
    return origin_of(name, expression, index, value, debugger.trace.values, digits)


def given_text(debugger: Debugger, selection: Selection) -> tuple[str, ...]:
    """Say of an element that no statement computes where it comes from."""
    if selection.name not in debugger.program.inputs:
        return ()
    given = "comes in from outside" if selection.name in debugger.program.gradients else "is given"
    index = element_at(*selection.cell, debugger.program.shapes[selection.name])
    return (f"{element_text(selection.name, index)} {given}",)


def read_subject(
    debugger: Debugger, verdicts: Verdicts, name: str, cell: tuple[int, int], digits: int
) -> Subject | None:
    """Return what the viewer shows of a tensor at this moment; None while it has no value.

    Parameters
    ----------
    debugger : Debugger
        Where one is; inside a statement, its result is the node that has just been computed.
    verdicts : Verdicts
        The user's numbers, if there are any.
    name : str
        The tensor.
    cell : tuple of int
        The row and column of the cell cursor in its panel.
    digits : int
        Significant digits.
    """
    if debugger.node is not None and name == result_name(debugger):
        value = debugger.node_value()
        assert value is not None
        return Subject(numpy_text(debugger.node), value, index=element_at(*cell, value.shape), digits=digits)
    if name not in debugger.program.shapes or not debugger.is_known(name):
        return None
    value = debugger.trace.values[name]
    return Subject(
        name,
        value,
        others={"mine": verdicts.mine[name]} if name in verdicts.mine else {},
        gradients=_gradients_like(debugger, name),
        index=element_at(*cell, value.shape),
        digits=digits,
    )


def _gradients_like(debugger: Debugger, name: str) -> dict[str, Array]:
    """Return the gradients that are to their layers what a gradient is to its own: `dw1`, `dw2`, ..."""
    tensors = [
        (layer.role_of_gradient(tensor), gradient_name(tensor))
        for layer in debugger.program.layers
        for tensor in layer.tensors.values()
    ]
    roles = {role for role, gradient in tensors if gradient == name}
    return {
        gradient: debugger.trace.values[gradient]
        for role, gradient in tensors
        if role in roles and gradient in debugger.program.shapes and debugger.is_known(gradient)
    }


def _with_mine(panel: Panel, verdicts: Verdicts, view: View) -> Panel:
    """Show the user's numbers in a panel, where there are any, and mark those that are wrong."""
    if panel.value is None or panel.mark == "in part" or panel.name not in verdicts.mine:
        return panel
    value = verdicts.value(panel.name, view)
    return replace(
        panel,
        shape=value.shape,
        value=value,
        recorded=value,
        view=SHORT[view],
        wrong=verdicts.wrong_cells(panel.name),
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
