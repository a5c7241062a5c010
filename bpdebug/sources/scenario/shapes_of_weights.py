"""How a network's arrays are laid out, told from their shapes: which axis counts examples, which outputs.

Where several layouts fit, a bias decides: a column of numbers stands beside columns of examples, a row or a
list beside rows. Where it does not, the commonest in NumPy code comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.network.layers import Layout

LIKELY = (
    Layout("rows", "in_out"),
    Layout("columns", "out_in"),
    Layout("rows", "out_in"),
    Layout("columns", "in_out"),
)
"""The layouts, the commonest first."""


class WeightShapes(NamedTuple):
    """The shapes of a layer's weights and of its bias, if it has one."""

    w: Shape
    b: Shape | None = None


def layouts_of(layers: Sequence[WeightShapes], data: Shape | None) -> Iterator[Layout]:
    """Yield the layouts in which the layers follow each other, the likely ones first.

    Parameters
    ----------
    layers : sequence of WeightShapes
        The dense layers, in order.
    data : tuple of int, optional
        The shape of what goes in; None if it is not known.
    """
    fitting = [layout for layout in LIKELY if _fits(layers, data, layout)]
    yield from sorted(fitting, key=lambda layout: sum(_speaks_against(layer, layout) for layer in layers))


def _fits(layers: Sequence[WeightShapes], data: Shape | None, layout: Layout) -> bool:
    features = data[1 - layout.batch_axis] if data and len(data) == 2 else None
    for w, b in layers:
        if len(w) != 2:
            return False
        outputs, inputs = w if layout.weight_shape == "out_in" else w[::-1]
        if features not in (None, inputs) or b not in (None, (outputs,), (outputs, 1), (1, outputs)):
            return False
        features = outputs
    return True


def _speaks_against(layer: WeightShapes, layout: Layout) -> bool:
    """Whether the bias of a layer lies the other way than the examples of a layout."""
    if layer.b is None or max(layer.b, default=1) == 1:
        return False
    is_column = len(layer.b) == 2 and layer.b[1] == 1
    return is_column != (layout.name == "columns")
