"""Forms: how the result of a function lies over its arguments, one module a family.

The forms of the less common families are taken from their modules, so that only who uses them pays for them.
"""

from __future__ import annotations

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

__all__ = [
    "ALONG_AXIS",
    "COUNT",
    "CUMULATIVE",
    "ELEMENTWISE",
    "EXPANSION",
    "MATMUL",
    "ONE_HOT",
    "PAIRED",
    "PLACED",
    "REDUCTION",
    "SUBSCRIPT",
    "TRANSPOSE",
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
