"""The shapes of a file's tensors, held against what its layers expect, before anything is allocated.

A kind says what it expects as patterns: `("outputs", "inputs")` for the weights of a dense layer, whose
input is `("inputs", "batch")`. Whatever comes first settles the length of a named extent for the rest,
and messages refer to it. After a mistake the check goes on with the shape that was expected, so that
one wrong matrix is one problem and not a row of them.

Where a tensor is missing, lengths stay unknown. An unknown length is written 0: no tensor of a file is
empty, and an empty axis passes through the engine's shape rules as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bpdebug.engine.language.forms import Shape, written
from bpdebug.engine.network.layers import LayerKind, Layout, Parameter, Pattern
from bpdebug.engine.network.layers.kind import INPUT_ROLE
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.engine.network.layers.layout import BATCH, ONES, REST, Extent, Multiple
from bpdebug.engine.program.shapes import infer_shapes

CountWords = tuple[str, str]
"""What an extent is called where it is 1, and where it is not."""

UNKNOWN = 0
AXES = (("row", "rows"), ("column", "columns"))
ENTRIES = (("entry", "entries"),)
"""What the axes of a matrix are called, and that of a list; others are called as in their patterns."""


class KnownLength(NamedTuple):
    """A length that others must match, and in words whose it is."""

    length: int
    whose: str


class Mismatch(NamedTuple):
    """A tensor of a layer that has the wrong shape."""

    parameter: str
    message: str
    hint: str = ""


TRANSPOSED = "is it transposed?"
"""The hint for a tensor that fits when it is turned."""
HINTS = {
    (1, 2): "a column is written [[1.0], [2.0]], a row [[1.0, 2.0]]",
    (2, 1): "a list of numbers is written [1.0, 2.0]",
}
"""How a tensor with another number of axes is written, by the numbers of axes found and expected."""


def with_axes(pattern: Pattern, count: int) -> Pattern:
    """Return the pattern with so many axes, if it leaves their number open; at the least as many as it names.

    Parameters
    ----------
    pattern : Pattern
        With `REST` or `ONES` in it, or without.
    count : int
        The number of axes of the tensor that it is held against.
    """
    place = next((place for place, extent in enumerate(pattern) if extent in (REST, ONES)), None)
    if place is None:
        return pattern
    missing = range(count - len(pattern) + 1)
    rest = (1 if pattern[place] == ONES else f"{REST}{number}" for number in missing)
    return (*pattern[:place], *rest, *pattern[place + 1 :])


def pattern_of(parameter: Parameter, layout: Layout, incoming: Pattern, shape: Shape | None) -> Pattern:
    """Return the pattern of a parameter; it may follow all axes of what comes in but the batch.

    A number for each channel may stand in a plain list, where no columns can be meant, and there a bias in a
    row, as NumPy code has it that keeps the axis of a sum.
    """
    pattern = with_axes(parameter.shape(layout), len(incoming) - 1)
    in_list = parameter.per_channel and layout.name == "rows" and shape is not None and len(shape) == 1
    in_row = parameter.may_be_a_row and len(pattern) == 1 and shape is not None and shape[:-1] == (1,)
    return pattern[:1] if in_list else (1, *pattern) if in_row else pattern


def unknown_shape(pattern: Pattern) -> Shape:
    """Return the shape of which nothing is known but the number of axes."""
    return (UNKNOWN,) * len(pattern)


def misshapen(shape: Shape, expected: Shape, reason: str = "") -> tuple[str, str] | None:
    """Return the message and the hint for a tensor whose shape is not the expected one; None if it is.

    Parameters
    ----------
    shape, expected : tuple of int
        The shape found, and the one expected, in which lengths may be unknown.
    reason : str
        What the tensor must be; used where the number of axes is right.
    """
    if fits(shape, expected):
        return None
    found = f"found shape {written(shape)}"
    if len(shape) != len(expected):
        lengths = ", ".join("any" if length == UNKNOWN else str(length) for length in expected)
        hint = HINTS.get((len(shape), len(expected)), "")
        dimensions = f"{len(expected)} dimension{'s' * (len(expected) != 1)}"
        comma = "," * (len(expected) == 1)
        return f"must have {dimensions}: {found}, expected ({lengths}{comma})", hint
    wanted = written(_completed(expected, _intended(shape, expected)))
    hint = TRANSPOSED if fits(shape[::-1], expected) else ""
    return f"{reason}: {found}, expected {wanted}", hint


def fits(shape: Shape, expected: Shape) -> bool:
    """Whether a shape is the expected one, as far as that is known."""
    return len(shape) == len(expected) and all(
        wanted in (length, UNKNOWN) for length, wanted in zip(shape, expected, strict=True)
    )


def check_layer(
    source: int, kind: LayerKind, layout: Layout, shapes: Mapping[str, Shape], incoming: Shape
) -> tuple[dict[str, Shape], list[Mismatch]]:
    """Check the shapes of one layer's tensors.

    Parameters
    ----------
    source : int
        The number of the layer that what comes in is from; 0 for the network's input.
    kind : LayerKind
        What it is.
    layout : Layout
        How its tensors are laid out.
    shapes : mapping
        The shapes of its parameters, of those that are sound.
    incoming : tuple of int
        The shape of what comes in.

    Returns
    -------
    (shapes, mismatches)
        The shapes that the input, under `a_prev`, the parameters, and what is generated should have; and
        what is wrong with those that they have.
    """
    own = with_axes(kind.input(layout), len(incoming))
    axes = _words(own) if len(own) > len(AXES) else AXES
    extents: dict[Extent, KnownLength] = {
        name: KnownLength(length, _whose(source, length, name, axes[axis]))
        for axis, (name, length) in enumerate(zip(own, incoming, strict=True))
        if length != UNKNOWN
    }
    mismatches = []
    for parameter in kind.parameters:
        shape = shapes.get(parameter.name)
        if shape is None:
            continue
        pattern = pattern_of(parameter, layout, own, shape)
        expected = _lengths(pattern, extents)
        wrong = misshapen(shape, expected, _reason(pattern, shape, extents)) or _uneven(pattern, shape)
        if wrong:
            mismatches.append(Mismatch(parameter.name, *wrong))
        if len(shape) == len(expected):
            intended = _intended(shape, expected)
            for name, length, words in zip(pattern, intended, _words(pattern), strict=False):
                _settle(
                    name, KnownLength(length, f"the {_count(length, words)} of {parameter.name}"), extents
                )
    present = [parameter for parameter in kind.parameters if parameter.required or parameter.name in shapes]
    patterns = {
        INPUT_ROLE: own,
        **{one.name: pattern_of(one, layout, own, shapes.get(one.name)) for one in present},
        **{generated.name: with_axes(generated.shape(layout), len(incoming)) for generated in kind.generated},
    }
    return {role: _lengths(pattern, extents) for role, pattern in patterns.items()}, mismatches


def results(layer: Layer, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Return the shapes of what a layer computes forwards, by name, from those of its tensors by role.

    Raises
    ------
    ShapeError
        If the tensors that come in do not fit together.
    """
    given = {name: shapes[role] for role, name in layer.given.items()}
    inferred = infer_shapes(given, layer.forward)
    return {statement.name: inferred[statement.name] for statement in layer.forward}


def _lengths(pattern: Pattern, extents: Mapping[Extent, KnownLength]) -> Shape:
    known = {name: extent.length for name, extent in extents.items()}
    return tuple(name if isinstance(name, int) else known.get(name, UNKNOWN) for name in pattern)


def _settle(name: Extent, extent: KnownLength, extents: dict[Extent, KnownLength]) -> None:
    """Let a length hold for the tensors to come, unless another has come first."""
    if not isinstance(name, Multiple):
        extents.setdefault(name, extent)
    elif extent.length % name.times == 0:
        extents.setdefault(name, extent)
        whose = f"{extent.whose} divided by {name.times}"
        extents.setdefault(name.of, KnownLength(extent.length // name.times, whose))


def _uneven(pattern: Pattern, shape: Shape) -> tuple[str, str] | None:
    """Return what is wrong with a length that is no multiple of what its pattern says."""
    for axis, (name, length, words) in enumerate(zip(pattern, shape, _words(pattern), strict=False)):
        if isinstance(name, Multiple) and length % name.times:
            whole = (*shape[:axis], length + -length % name.times, *shape[axis + 1 :])
            reason = f"{words[1]} must be a multiple of {name.times}"
            return f"{reason}: found shape {written(shape)}, expected {written(whole)}", ""
    return None


def _whose(source: int, length: int, name: Extent, words: CountWords) -> str:
    if source == 0:
        return f"the {_count(length, words)} of inputs.a0"
    if name == BATCH:
        return f"the batch of {length}"
    return f"layer {source}'s {length} output{'s' * (length != 1)}"


def _reason(pattern: Pattern, shape: Shape, extents: Mapping[Extent, KnownLength]) -> str:
    reasons = []
    for name, length, words in zip(pattern, shape, _words(pattern), strict=False):
        if isinstance(name, int):
            if name != length:
                reasons.append(f"must have {_count(name, words)}")
        elif name in extents and extents[name].length != length:
            reasons.append(f"{words[1]} must match {extents[name].whose}")
    return ", and ".join(reasons)


def _words(pattern: Pattern) -> tuple[CountWords, ...]:
    if len(pattern) > len(AXES):
        return tuple(
            (extent.removesuffix("s"), extent)
            if isinstance(extent, str) and not extent.startswith(REST)
            else (f"entry along axis {axis}", f"entries along axis {axis}")
            for axis, extent in enumerate(pattern)
        )
    return ENTRIES if len(pattern) == 1 else AXES


def _count(length: int, words: CountWords) -> str:
    return f"{length} {words[length != 1]}"


def _intended(shape: Shape, expected: Shape) -> Shape:
    """Return the shape that was meant: a transposed tensor is a frequent mistake."""
    return shape[::-1] if not fits(shape, expected) and fits(shape[::-1], expected) else shape


def _completed(expected: Shape, shape: Shape) -> Shape:
    return tuple(
        length if wanted == UNKNOWN else wanted for length, wanted in zip(shape, expected, strict=True)
    )
