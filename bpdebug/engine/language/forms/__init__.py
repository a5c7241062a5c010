"""Forms: how the result of a function lies over its arguments, one module a family.

The less common families are imported when one of their forms is first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bpdebug.engine.language.forms.elementwise import ELEMENTWISE, MATMUL, TRANSPOSE
from bpdebug.engine.language.forms.form import Axes, Cost, Form
from bpdebug.engine.language.forms.reductions import (
    ALONG_AXIS,
    COUNT,
    CUMULATIVE,
    EXPANSION,
    ONE_HOT,
    PAIRED,
    REDUCTION,
)
from bpdebug.engine.language.forms.regions import (
    Array,
    Index,
    Options,
    Region,
    Shape,
    cell_of,
    element_count,
    first_index,
    is_empty,
    nothing,
    numbers_of,
    point,
    reduced_axes,
    spanned,
    whole,
    written,
)
from bpdebug.engine.language.forms.subscripts import PLACED, SUBSCRIPT

if TYPE_CHECKING:
    from bpdebug.engine.language.forms.attention import MERGED_HEADS, SPLIT_HEADS, TRIANGLE
    from bpdebug.engine.language.forms.convolutions import (
        CONVOLUTION,
        INPUT_GRADIENT,
        TRANSPOSED_CONVOLUTION,
        WEIGHT_GRADIENT,
    )
    from bpdebug.engine.language.forms.joining import CONCATENATED, PART, ROW_SUMS, SEQUENCE, TAKEN
    from bpdebug.engine.language.forms.pooling import (
        MAX_POOLING,
        MAX_POOLING_GRADIENT,
        MEAN_POOLING,
        MEAN_POOLING_GRADIENT,
    )
    from bpdebug.engine.language.forms.positions import CLEARED, GATHERED, OPAQUE, REPLACED, SCATTERED
    from bpdebug.engine.language.forms.shaping import (
        AS_ROWS,
        FLATTEN,
        RESHAPE,
        RESHAPE_LIKE,
        UPSAMPLE,
        UPSAMPLE_GRADIENT,
    )

_FAMILIES = {
    "attention": ("MERGED_HEADS", "SPLIT_HEADS", "TRIANGLE"),
    "convolutions": ("CONVOLUTION", "INPUT_GRADIENT", "TRANSPOSED_CONVOLUTION", "WEIGHT_GRADIENT"),
    "joining": ("CONCATENATED", "PART", "ROW_SUMS", "SEQUENCE", "TAKEN"),
    "pooling": ("MAX_POOLING", "MAX_POOLING_GRADIENT", "MEAN_POOLING", "MEAN_POOLING_GRADIENT"),
    "positions": ("CLEARED", "GATHERED", "OPAQUE", "REPLACED", "SCATTERED"),
    "shaping": ("AS_ROWS", "FLATTEN", "RESHAPE", "RESHAPE_LIKE", "UPSAMPLE", "UPSAMPLE_GRADIENT"),
}
_HOMES = {name: family for family, names in _FAMILIES.items() for name in names}
"""The module in which each of these forms is."""

__all__ = [
    "ALONG_AXIS",
    "AS_ROWS",
    "CLEARED",
    "CONCATENATED",
    "CONVOLUTION",
    "COUNT",
    "CUMULATIVE",
    "ELEMENTWISE",
    "EXPANSION",
    "FLATTEN",
    "GATHERED",
    "INPUT_GRADIENT",
    "MATMUL",
    "MAX_POOLING",
    "MAX_POOLING_GRADIENT",
    "MEAN_POOLING",
    "MEAN_POOLING_GRADIENT",
    "MERGED_HEADS",
    "ONE_HOT",
    "OPAQUE",
    "PAIRED",
    "PART",
    "PLACED",
    "REDUCTION",
    "REPLACED",
    "RESHAPE",
    "RESHAPE_LIKE",
    "ROW_SUMS",
    "SCATTERED",
    "SEQUENCE",
    "SPLIT_HEADS",
    "SUBSCRIPT",
    "TAKEN",
    "TRANSPOSE",
    "TRANSPOSED_CONVOLUTION",
    "TRIANGLE",
    "UPSAMPLE",
    "UPSAMPLE_GRADIENT",
    "WEIGHT_GRADIENT",
    "Array",
    "Axes",
    "Cost",
    "Form",
    "Index",
    "Options",
    "Region",
    "Shape",
    "cell_of",
    "element_count",
    "first_index",
    "is_empty",
    "nothing",
    "numbers_of",
    "point",
    "reduced_axes",
    "spanned",
    "whole",
    "written",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
