"""Forms of pooling: each window of a channel becomes one number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from bpdebug.engine.language.forms.element import Choice, Element
from bpdebug.engine.language.forms.form import Cost, Form, signature
from bpdebug.engine.language.forms.regions import (
    Index,
    Options,
    Region,
    Shape,
    element_count,
    nothing,
    numbers_of,
    point,
    spanned,
    written,
)
from bpdebug.engine.language.forms.windows import Sliding, check_fit, whole_numbers
from bpdebug.engine.language.forms.writing import Writer, Written, region_text
from bpdebug.errors import ShapeError


def pooling_axes(shape: Shape, options: Options) -> tuple[Sliding, Sliding]:
    """Return the windows over the last two axes of a tensor; without a stride they lie side by side.

    Raises
    ------
    ShapeError
        If the tensor does not have four axes, or an option does not fit it.
    """
    if len(shape) != 4:
        raise ShapeError(f"pooling takes a tensor of batch, channels, height, width: found {written(shape)}")
    if 0 in shape[2:]:
        raise ShapeError(f"there is nothing to pool in a tensor of shape {written(shape)}")
    size = whole_numbers("pooling", "size", options["size"], 2, 1)
    asked = options["stride"]
    stride = size if asked is None else whole_numbers("pooling", "stride", asked, 2, 1)
    padding = whole_numbers("pooling", "padding", options["padding"], 2, 0)
    if any(2 * pad > own for pad, own in zip(padding, size, strict=True)):
        raise ShapeError(
            f"the padding of pooling is at most half its size: found {written(padding)} and {written(size)}"
        )
    height, width = map(Sliding, shape[2:], size, stride, padding)
    check_fit("pooling", (height, width), shape)
    return height, width


def _inputs(axis: Sliding, outputs: Iterable[int]) -> slice:
    return spanned([i for o in outputs for i, _ in axis.window(o)])


def _outputs(axis: Sliding, inputs: Iterable[int]) -> slice:
    return spanned([o for i in inputs for o, _ in axis.windows_of(i)])


def _pooling_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    return (*shape[:2], *(axis.outputs for axis in pooling_axes(shape, options)))


def _pooling_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    axes = pooling_axes(shapes[0], options)
    inputs = (_inputs(axis, numbers_of(part)) for axis, part in zip(axes, region[2:], strict=True))
    return ((*region[:2], *inputs),)


def _pooling_gradient_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    g, x = shapes
    out = _pooling_shape((x,), options)
    if g != out:
        raise ShapeError(f"pooling {written(x)} gives shape {written(out)}: found a gradient {written(g)}")
    return x


def _mean_gradient_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    """Return the outputs whose windows hold an element; of the input itself only the shape counts."""
    g, x = shapes
    axes = pooling_axes(x, options)
    outputs = [_outputs(axis, numbers_of(part)) for axis, part in zip(axes, region[2:], strict=True)]
    if any(part.start == part.stop for part in outputs):
        return nothing(g), nothing(x)
    return (*region[:2], *outputs), nothing(x)


def _max_gradient_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    """Return the outputs whose windows hold an element, and all that these windows compare it with."""
    own, nought = _mean_gradient_reads(region, shapes, options)
    if own[-1].start == own[-1].stop:
        return own, nought
    axes = pooling_axes(shapes[1], options)
    compared = (_inputs(axis, numbers_of(part)) for axis, part in zip(axes, own[2:], strict=True))
    return own, (*region[:2], *compared)


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a pooling, and which elements win them.

    Attributes
    ----------
    element : Element
        Of the result of a pooling, or of its gradient; the last argument is what is pooled.
    axes : tuple of Sliding
        How the windows slide.
    """

    element: Element
    axes: tuple[Sliding, Sliding]

    @property
    def count(self) -> int:
        """The number of places in a window."""
        return self.axes[0].size * self.axes[1].size

    def held_by(self, output: Index) -> list[Index]:
        """Return the elements that the window of an output holds, row by row."""
        n, channel, *place = output
        windows = (axis.window(o) for axis, o in zip(self.axes, place, strict=True))
        return [(n, channel, *(i for i, _ in pairs)) for pairs in product(*windows)]

    def around(self, element: Index) -> Iterator[Index]:
        """Yield the outputs whose windows hold an element."""
        n, channel, *place = element
        for pairs in product(*(axis.windows_of(i) for axis, i in zip(self.axes, place, strict=True))):
            yield (n, channel, *(o for o, _ in pairs))

    def winner(self, output: Index) -> Index:
        """Return the largest element of a window, the first one of several."""
        cells = self.held_by(output)
        pooled = len(self.element.shapes) - 1
        return cells[int(np.argmax(self.element.values(pooled, cells)))]

    def won_by(self, element: Index) -> list[Index]:
        """Return the outputs whose windows an element has won."""
        return [output for output in self.around(element) if self.winner(output) == element]


def _windows(element: Element) -> Windows:
    return Windows(element, pooling_axes(element.shapes[-1], element.options))


def _max_written(element: Element, writer: Writer) -> Written:
    """Write the largest of a window as such, and which element that is."""
    windows = _windows(element)
    winner = writer.write(0, windows.winner(element.place))
    if element.names[0]:
        return Written(f"max({region_text(element.names[0], element.regions[0])})", winner.symbols)
    cells = windows.held_by(element.place)
    return writer.listed("max", 0, cells, len(cells))


def _max_choices(element: Element) -> list[Choice]:
    winner = _windows(element).winner(element.place)
    return [Choice(0, element.regions[0]), Choice(0, point(winner), wins=True)]


def _max_gradient_written(element: Element, writer: Writer) -> Written:
    """Write the gradients of the windows in which the element is the winner."""
    return writer.sum_of(element, 0, _windows(element).won_by(element.place))


def _max_gradient_choices(element: Element) -> list[Choice]:
    """Return the windows that an element has won; if none, all that it is in, with those who won them."""
    windows = _windows(element)
    won = windows.won_by(element.place)
    choices = [Choice(0, point(output)) for output in won]
    for output in won or windows.around(element.place):
        cells = windows.held_by(output)
        choices += [Choice(1, _block(cells)), Choice(1, point(windows.winner(output)), wins=True)]
    return choices


def _block(cells: Sequence[Index]) -> Region:
    """Return the region of a window, from its first element to its last."""
    return tuple(slice(first, last + 1) for first, last in zip(cells[0], cells[-1], strict=True))


def _mean_written(element: Element, writer: Writer) -> Written:
    windows = _windows(element)
    return writer.mean(writer.sum_of(element, 0, windows.held_by(element.place)), windows.count)


def _mean_gradient_written(element: Element, writer: Writer) -> Written:
    windows = _windows(element)
    return writer.mean(writer.sum_of(element, 0, list(windows.around(element.place))), windows.count)


def _pooling_cost(shapes: tuple[Shape, ...], options: Options) -> Cost:
    """Return what it takes to go over all windows, a few calls for each place in one."""
    shape = shapes[-1]
    height, width = pooling_axes(shape, options)
    windows = element_count(shape[:2]) * max(0, height.outputs) * max(0, width.outputs)
    places = height.size * width.size
    return Cost(2 * windows + element_count(shape), 0, places * windows, 4 * places)


IMAGES = "batch channel height width"

MAX_POOLING = Form(
    "max pooling",
    _pooling_shape,
    _pooling_reads,
    local=False,
    cost=_pooling_cost,
    signature=signature(IMAGES, IMAGES),
    arithmetic=_max_written,
    choices=_max_choices,
)
MEAN_POOLING = Form(
    "mean pooling",
    _pooling_shape,
    _pooling_reads,
    local=False,
    cost=_pooling_cost,
    signature=signature(IMAGES, IMAGES),
    arithmetic=_mean_written,
)
MAX_POOLING_GRADIENT = Form(
    "gradient of max pooling",
    _pooling_gradient_shape,
    _max_gradient_reads,
    local=False,
    cost=_pooling_cost,
    arithmetic=_max_gradient_written,
    choices=_max_gradient_choices,
)
MEAN_POOLING_GRADIENT = Form(
    "gradient of mean pooling",
    _pooling_gradient_shape,
    _mean_gradient_reads,
    local=False,
    cost=_pooling_cost,
    arithmetic=_mean_gradient_written,
)
