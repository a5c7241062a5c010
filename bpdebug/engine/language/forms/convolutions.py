"""Forms of the convolution, of its two gradients, and of the transposed convolution.

All four are sums of products over the same triples: a convolution `out = x ⋆ w` has a term
`x[n, c, i] · w[o, c, k]` in `out[n, o, q]` wherever the window of `q` has `i` at its place `k`. Its gradients
collect the terms in which one element of `x`, or one of `w`, takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product

from bpdebug.engine.language.forms.convolution_shapes import AXES, Convolution, lies_of
from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.form import Cost, Form, signature
from bpdebug.engine.language.forms.regions import (
    Options,
    Region,
    Shape,
    element_count,
    nothing,
    numbers_of,
    spanned,
    whole,
)
from bpdebug.engine.language.forms.writing import ZERO, Writer, Written

Position = tuple[int, ...]
Factors = tuple[Position, Position]
"""The elements of the first and of the second argument that are multiplied."""


TermsOf = Callable[[Position, tuple[Shape, ...], Options], Iterator[Factors]]
"""(element of the result, shapes of the arguments, options) -> the products that it adds up."""


# The convolution: (x, w) -> out


def _forward_reads(geometry: Convolution, region: Region) -> tuple[Region, Region]:
    batch, outputs, *places = region
    channels = spanned([geometry.channel(o, c) for o in numbers_of(outputs) for c in range(geometry.w[1])])
    inputs = (
        spanned([i for o in numbers_of(part) for i, _ in axis.window(o)])
        for axis, part in zip(geometry.axes, places, strict=True)
    )
    # In the padding a weight meets a zero: it adds nothing, unless it is no number.
    return (batch, channels, *inputs), (outputs, *whole(geometry.w[1:]))


def _forward_terms(geometry: Convolution, cell: Position) -> Iterator[Factors]:
    n, o, *places = cell
    windows = (axis.window(q) for axis, q in zip(geometry.axes, places, strict=True))
    for c, pairs in product(range(geometry.w[1]), [*product(*windows)]):
        i, k = zip(*pairs, strict=True)
        yield (n, geometry.channel(o, c), *i), (o, c, *k)


# The gradient of its input: (g, w, x) -> dx; the transposed convolution is the same without x


def _input_gradient_reads(geometry: Convolution, region: Region) -> tuple[Region, Region]:
    batch, channels, *places = region
    outputs = spanned([o for c in numbers_of(channels) for o in geometry.outputs_of(c)])
    within = spanned([c % geometry.w[1] for c in numbers_of(channels)])
    pairs = [
        [pair for i in numbers_of(part) for pair in axis.windows_of(i)]
        for axis, part in zip(geometry.axes, places, strict=True)
    ]
    if not all(pairs):
        return nothing(geometry.out), nothing(geometry.w)
    incoming = (spanned([o for o, _ in found]) for found in pairs)
    weights = (spanned([k for _, k in found]) for found in pairs)
    return (batch, outputs, *incoming), (outputs, within, *weights)


def _input_gradient_terms(geometry: Convolution, cell: Position) -> Iterator[Factors]:
    n, c, *places = cell
    windows = (axis.windows_of(i) for axis, i in zip(geometry.axes, places, strict=True))
    for o, pairs in product(geometry.outputs_of(c), [*product(*windows)]):
        q, k = zip(*pairs, strict=True)
        yield (n, o, *q), (o, c % geometry.w[1], *k)


# The gradient of its weights: (x, g, w) -> dw


def _weight_gradient_reads(geometry: Convolution, region: Region) -> tuple[Region, Region]:
    outputs, within, *places = region
    batch, _, *incoming = whole(geometry.out)
    channels = spanned([geometry.channel(o, c) for o in numbers_of(outputs) for c in numbers_of(within)])
    inputs = (
        spanned([i for k in numbers_of(part) for i in numbers_of(axis.visits(k)[1])])
        for axis, part in zip(geometry.axes, places, strict=True)
    )
    return (batch, channels, *inputs), (batch, outputs, *incoming)


def _weight_gradient_terms(geometry: Convolution, cell: Position) -> Iterator[Factors]:
    o, c, *places = cell
    visits = (axis.visits(k) for axis, k in zip(geometry.axes, places, strict=True))
    visited = (zip(numbers_of(inputs), numbers_of(outputs), strict=True) for outputs, inputs in visits)
    for n, pairs in product(range(geometry.x[0]), [*product(*visited)]):
        i, q = zip(*pairs, strict=True)
        yield (n, geometry.channel(o, c), *i), (n, o, *q)


def _written(terms: TermsOf, element: Element, writer: Writer) -> Written:
    """Write the sum of the products."""
    cells = list(terms(element.place, element.shapes, element.options))
    if not cells:
        return ZERO
    lefts, rights = zip(*cells, strict=True)

    def write_term(k: int) -> Written:
        return writer.product(writer.write(0, lefts[k]), writer.write(1, rights[k]))

    return writer.sum(element.values(0, lefts) * element.values(1, rights), write_term)


def _forms(
    name: str,
    arguments: str,
    result: Callable[[Convolution], Shape],
    read: Callable[[Convolution, Region], tuple[Region, Region]],
    terms: Callable[[Convolution, Position], Iterator[Factors]],
    named: Sequence[str] = (),
) -> dict[int, Form]:
    """Return the forms of a family of functions, by the number of axes over which the windows slide.

    Parameters
    ----------
    name : str
        What the functions are called, with the number of axes to be filled in.
    arguments : str
        Which of `x`, `w` and the gradient `g` of the result they take, in order.
    result : callable
        The shape of the result.
    read, terms : callable
        Which regions feed a region of the result, and which products one element of it adds up.
    named : sequence of str
        The axes of the arguments and of the result, with those of the places to be filled in.
    """
    return {axes: _form(name.format(axes), axes, arguments, result, read, terms, named) for axes in AXES}


def _form(
    function: str,
    axes: int,
    arguments: str,
    result: Callable[[Convolution], Shape],
    read: Callable[[Convolution, Region], tuple[Region, Region]],
    terms: Callable[[Convolution, Position], Iterator[Factors]],
    named: Sequence[str],
) -> Form:
    def geometry(shapes: tuple[Shape, ...], options: Options) -> Convolution:
        return lies_of(function, axes, dict(zip(arguments, shapes, strict=True)), options)

    def shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
        return result(geometry(shapes, options))

    def reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
        return (*read(geometry(shapes, options), region), *map(nothing, shapes[2:]))

    def cost(shapes: tuple[Shape, ...], options: Options) -> Cost:
        found = geometry(shapes, options)
        # All windows are laid out side by side, a call for each place in one; then comes a matrix product,
        # which of the weights' gradient has a result for each example.
        places = element_count(found.w[2:])
        windows = element_count(found.x[:2]) * places * element_count(found.out[2:])
        examples = found.x[0] * element_count(found.w) if "g" in arguments and arguments[0] == "x" else 0
        return Cost(windows + examples, windows * found.w[0] // found.groups, windows, places)

    def products(cell: Position, shapes: tuple[Shape, ...], options: Options) -> Iterator[Factors]:
        return terms(geometry(shapes, options), cell)

    return Form(
        function,
        shape,
        reads,
        local=False,
        cost=cost,
        signature=signature(*(words.format(PLACES[axes]) for words in named)),
        arithmetic=partial(_written, products),
    )


PLACES = {1: "length", 2: "height width"}
"""What follows the channels: the places of a line, of an image."""
IMAGES = "batch channel {}"

CONVOLUTION = _forms(
    "conv{}d",
    "xw",
    lambda geometry: geometry.out,
    _forward_reads,
    _forward_terms,
    (IMAGES, "output channel {}", IMAGES),
)
INPUT_GRADIENT = _forms(
    "conv{}d_input_gradient", "gwx", lambda geometry: geometry.x, _input_gradient_reads, _input_gradient_terms
)
WEIGHT_GRADIENT = _forms(
    "conv{}d_weight_gradient",
    "xgw",
    lambda geometry: geometry.w,
    _weight_gradient_reads,
    _weight_gradient_terms,
)
TRANSPOSED_CONVOLUTION = _forms(
    "conv_transpose{}d",
    "gw",
    lambda geometry: geometry.x,
    _input_gradient_reads,
    _input_gradient_terms,
    (IMAGES, "channel output {}", IMAGES),
)
