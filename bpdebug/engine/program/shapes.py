"""The shapes of all tensors of a program, and in which of their axes they grow with the batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.language.shapes import shape_of
from bpdebug.errors import BpdebugError, ProgramError, ShapeError


def infer_shapes(inputs: Mapping[str, Shape], statements: Iterable[Statement]) -> dict[str, Shape]:
    """Return the shapes of the inputs and of every result, checking names and operands on the way.

    Raises
    ------
    ProgramError, ShapeError
        As `Program`.
    """
    shapes = dict(inputs)
    equal: dict[Shape, Shape] = {}  # a long program has few shapes: each is kept once
    for statement in statements:
        if statement.name in shapes:
            raise ProgramError(f"in `{statement_text(statement)}`: {statement.name} is assigned twice")
        try:
            shape = shape_of(statement.expression, shapes)
        except (KeyError, ShapeError) as error:
            raise _misfit(statement, shapes, error) from None
        shapes[statement.name] = equal.setdefault(shape, shape)
    return shapes


def _misfit(statement: Statement, shapes: Mapping[str, Shape], error: Exception) -> BpdebugError:
    """Return the error that says what is wrong with a statement: first of all a name that does not exist."""
    read = names(statement.expression)
    unknown = [name for name in read if name not in shapes]
    if unknown:
        return ProgramError(f"in `{statement_text(statement)}`: {unknown[0]} does not exist here")
    return ShapeError(f"in `{statement_text(statement)}`: {error}", read)


def with_one_more(shapes: Mapping[str, Shape], batch_axes: Mapping[str, int]) -> dict[str, Shape]:
    """Return the shapes that a batch with one example more has."""
    return {
        name: tuple(extent + (axis == batch_axes.get(name)) for axis, extent in enumerate(shape))
        for name, shape in shapes.items()
    }


def grown_axes(shapes: Mapping[str, Shape], grown: Mapping[str, Shape]) -> dict[str, int]:
    """Return the axis in which a shape has grown, for each that has."""
    return {
        name: axis
        for name, shape in shapes.items()
        for axis, (extent, more) in enumerate(zip(shape, grown[name], strict=True))
        if extent != more
    }
