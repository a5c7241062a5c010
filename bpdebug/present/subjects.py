"""What the tensor viewer is given: a tensor at a moment, and all other numbers that there are of it."""

from __future__ import annotations

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.derivation.derive import gradient_name
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.printing import numpy_text
from bpdebug.present.explaining import Selection
from bpdebug.present.slicing import nearest
from bpdebug.present.snapshot import result_name
from bpdebug.present.viewer.subject import Subject
from bpdebug.present.views import View, Views


def read_subject(
    debugger: Debugger, views: Views, selection: Selection, digits: int, view: View = "run"
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
    """
    name = selection.name
    if debugger.node is not None and name == result_name(debugger):
        value = debugger.node_value()
        assert value is not None
        from bpdebug.engine.network.axes import axes_of  # when first used: start-up is quicker

        index = nearest(selection.index, value.shape)
        axes = axes_of(debugger.node, debugger.program.axes, debugger.program.shapes)
        is_mask = FUNCTIONS[debugger.node.function].is_mask
        return Subject(
            numpy_text(debugger.node), value, index=index, digits=digits, axes=axes, is_mask=is_mask
        )
    if name not in debugger.program.shapes or not debugger.is_known(name):
        return None
    value = views.run[name]
    return Subject(
        name,
        value,
        original=views.original[name] if views.is_changed(name) else None,
        mine=views.mine.get(name),
        gradients=gradients_like(debugger, name),
        index=nearest(selection.index, value.shape),
        digits=digits,
        axes=debugger.program.axes[name],
        view=view,
        is_mask=name in debugger.program.masks,
    )


def gradients_like(debugger: Debugger, name: str) -> dict[str, Array]:
    """Return the gradients that are to their layers what a gradient is to its own: `dw1`, `dw2`, ..."""
    tensors = [
        (role, gradient_name(tensor))
        for layer in debugger.program.layers
        for tensor, role in layer.roles_of_gradients().items()
    ]
    roles = {role for role, gradient in tensors if gradient == name}
    return {
        gradient: debugger.trace.values[gradient]
        for role, gradient in tensors
        if role in roles and gradient in debugger.program.shapes and debugger.is_known(gradient)
    }
