"""What the tensor viewer is given: a tensor at a moment, and all other numbers that there are of it."""

from __future__ import annotations

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.language.provenance.origins import Origin
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.engine.network.axes import axes_in, axes_of
from bpdebug.present.explaining import Selection, explain_element
from bpdebug.present.slicing import nearest
from bpdebug.present.snapshot import result_name
from bpdebug.present.viewer.subject import Subject
from bpdebug.present.views import View, Views


def read_subject(
    debugger: Debugger,
    views: Views,
    selection: Selection,
    digits: int,
    view: View,
    explained: Selection | None,
) -> Subject | None:
    """Return what the viewer shows of a tensor at this moment; None while it has no value.

    Parameters
    ----------
    debugger : Debugger
        Where one is; inside a statement, its result is the node that has just been computed.
    views : Views
        The numbers that there are.
    selection : Selection
        The tensor, and the element under the cell cursor of its panel.
    digits : int
        Significant digits.
    view : str
        Which of these numbers the panels show.
    explained : Selection or None
        The element that is explained there: what feeds it is marked.
    """
    name = selection.name

    def explain(index: Index) -> Origin | None:
        return explain_element(debugger, Selection(name, index), digits, view, tabulate=False)

    if debugger.node is not None and name == result_name(debugger):
        value = debugger.node_value()
        assert value is not None
        index = nearest(selection.index, value.shape)
        axes = axes_of(debugger.node, axes_in(debugger.program), debugger.program.shapes)
        is_mask = FUNCTIONS[debugger.node.function].is_mask
        return Subject(
            numpy_text(debugger.node),
            value,
            index=index,
            digits=digits,
            axes=axes,
            is_mask=is_mask,
            explain=explain,
        )
    if name not in debugger.program.shapes or not debugger.is_known(name):
        return None
    value = views.run[name]
    origin = explain_element(debugger, explained, digits, view) if explained is not None else None
    sources = tuple(source for source in origin.sources if source.name == name) if origin is not None else ()
    return Subject(
        name,
        value,
        original=views.original[name] if views.is_changed(name) else None,
        mine=views.mine.get(name),
        gradients=gradients_like(debugger, name),
        index=nearest(selection.index, value.shape),
        digits=digits,
        axes=axes_in(debugger.program)[name],
        view=view,
        is_mask=name in debugger.program.masks,
        explain=explain,
        feeds=origin.element if origin is not None and sources else "",
        sources=sources,
    )


def gradients_like(debugger: Debugger, name: str) -> dict[str, Array]:
    """Return the gradients that are to their layers what a gradient is to its own: `dw1`, `dw2`, ..."""
    gradient_of = debugger.program.index.gradient_of
    tensors = [
        (layer.role_of_gradient(tensor), gradient_of[tensor])
        for layer in debugger.program.blocks
        for tensor in layer.roles
        if tensor in gradient_of
    ]
    roles = {role for role, gradient in tensors if gradient == name}
    return {
        gradient: debugger.trace.values[gradient]
        for role, gradient in tensors
        if role in roles and debugger.is_known(gradient)
    }
