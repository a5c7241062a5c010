"""The function table: all that the tensor language can compute, one entry a function.

To add a function, write its `Function` in the module of its family; the parser, the printers, the
shapes, the derivation, the provenance and the tests of derivatives read it from here.
"""

from __future__ import annotations

from bpdebug.engine.expression.functions import (
    activations,
    arithmetic,
    comparisons,
    convolutions,
    losses,
    pooling,
    reductions,
    shaping,
    subscripts,
)
from bpdebug.engine.expression.functions.entry import Function, Sample

FAMILIES = (
    arithmetic,
    comparisons,
    reductions,
    subscripts,
    shaping,
    convolutions,
    pooling,
    activations,
    losses,
)

FUNCTIONS: dict[str, Function] = {
    function.name: function for family in FAMILIES for function in family.ENTRIES
}

__all__ = ["FUNCTIONS", "Function", "Sample"]
