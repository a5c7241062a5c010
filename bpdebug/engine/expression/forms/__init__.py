"""Forms: how the result of a function lies over its arguments, one module a family."""

from __future__ import annotations

from bpdebug.engine.expression.forms.elementwise import ELEMENTWISE, MATMUL, TRANSPOSE
from bpdebug.engine.expression.forms.form import (
    Form,
    Options,
    Region,
    Shape,
    element_count,
    reduced_axes,
    whole,
    written,
)
from bpdebug.engine.expression.forms.reductions import (
    ALONG_AXIS,
    COUNT,
    EXPANSION,
    ONE_HOT,
    PAIRED,
    REDUCTION,
)
from bpdebug.engine.expression.forms.subscripts import PLACED, SUBSCRIPT

__all__ = [
    "ALONG_AXIS",
    "COUNT",
    "ELEMENTWISE",
    "EXPANSION",
    "MATMUL",
    "ONE_HOT",
    "PAIRED",
    "PLACED",
    "REDUCTION",
    "SUBSCRIPT",
    "TRANSPOSE",
    "Form",
    "Options",
    "Region",
    "Shape",
    "element_count",
    "reduced_axes",
    "whole",
    "written",
]
