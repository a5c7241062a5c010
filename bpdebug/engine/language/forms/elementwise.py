"""Forms of what goes element by element with broadcasting, of the matrix product, and of the transpose."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms.form import Cost, Form, Options, Region, Shape, element_count, written
from bpdebug.errors import ShapeError


def _broadcast_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    known = {shape for shape in shapes if shape}  # most are equal, or scalars: NumPy takes longer to say so
    if len(known) <= 1:
        return next(iter(known), ())
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        found = " and ".join(map(written, shapes))
        raise ShapeError(f"shapes {found} do not broadcast") from None


def _broadcast_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    def of(shape: Shape) -> Region:
        own = region[len(region) - len(shape) :]
        return tuple(slice(0, 1) if extent == 1 else part for part, extent in zip(own, shape, strict=True))

    return tuple(of(shape) for shape in shapes)


def _matmul_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    x, y = shapes
    if len(x) < 2 or len(y) < 2:
        raise ShapeError(f"@ needs two dimensions or more: found {written(x)} @ {written(y)}")
    if x[-1] != y[-2]:
        raise ShapeError(
            f"inner sizes differ: {written(x)} @ {written(y)}, {x[-1]} columns against {y[-2]} rows"
        )
    return (*_broadcast_shape((x[:-2], y[:-2]), {}), x[-2], y[-1])


def _matmul_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    x, y = shapes
    rows, columns = region[-2:]
    x_lead, y_lead = _broadcast_reads(region[:-2], (x[:-2], y[:-2]), {})
    inner = slice(0, x[-1])
    return (*x_lead, rows, inner), (*y_lead, inner, columns)


def _matmul_cost(shapes: tuple[Shape, ...], options: Options) -> Cost:
    return Cost(0, element_count(_matmul_shape(shapes, options)) * shapes[0][-1])


def _transpose_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    (shape,) = shapes
    return shape if len(shape) < 2 else (*shape[:-2], shape[-1], shape[-2])


def _transpose_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    return (region if len(region) < 2 else (*region[:-2], region[-1], region[-2]),)


ELEMENTWISE = Form("elementwise", _broadcast_shape, _broadcast_reads)
MATMUL = Form("matmul", _matmul_shape, _matmul_reads, cost=_matmul_cost)
TRANSPOSE = Form("transpose", _transpose_shape, _transpose_reads)
