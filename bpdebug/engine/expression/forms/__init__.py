"""Forms: how the result of a function lies over its arguments, one module a family."""

from __future__ import annotations

from bpdebug.engine.expression.forms.convolutions import (
    CONVOLUTION,
    INPUT_GRADIENT,
    TRANSPOSED_CONVOLUTION,
    WEIGHT_GRADIENT,
)
from bpdebug.engine.expression.forms.elementwise import ELEMENTWISE, MATMUL, TRANSPOSE
from bpdebug.engine.expression.forms.form import (
    Cost,
    Form,
    Options,
    Region,
    Shape,
    element_count,
    nothing,
    numbers_of,
    reduced_axes,
    spanned,
    whole,
    written,
)
from bpdebug.engine.expression.forms.joining import CONCATENATED, PART
from bpdebug.engine.expression.forms.pooling import (
    MAX_POOLING,
    MAX_POOLING_GRADIENT,
    MEAN_POOLING,
    MEAN_POOLING_GRADIENT,
)
from bpdebug.engine.expression.forms.reductions import (
    ALONG_AXIS,
    COUNT,
    EXPANSION,
    ONE_HOT,
    PAIRED,
    REDUCTION,
)
from bpdebug.engine.expression.forms.shaping import (
    FLATTEN,
    RESHAPE,
    RESHAPE_LIKE,
    UPSAMPLE,
    UPSAMPLE_GRADIENT,
)
from bpdebug.engine.expression.forms.subscripts import PLACED, SUBSCRIPT

__all__ = [
    "ALONG_AXIS",
    "CONCATENATED",
    "CONVOLUTION",
    "COUNT",
    "ELEMENTWISE",
    "EXPANSION",
    "FLATTEN",
    "INPUT_GRADIENT",
    "MATMUL",
    "MAX_POOLING",
    "MAX_POOLING_GRADIENT",
    "MEAN_POOLING",
    "MEAN_POOLING_GRADIENT",
    "ONE_HOT",
    "PAIRED",
    "PART",
    "PLACED",
    "REDUCTION",
    "RESHAPE",
    "RESHAPE_LIKE",
    "SUBSCRIPT",
    "TRANSPOSE",
    "TRANSPOSED_CONVOLUTION",
    "UPSAMPLE",
    "UPSAMPLE_GRADIENT",
    "WEIGHT_GRADIENT",
    "Cost",
    "Form",
    "Options",
    "Region",
    "Shape",
    "element_count",
    "nothing",
    "numbers_of",
    "reduced_axes",
    "spanned",
    "whole",
    "written",
]
