"""The function table: all that the tensor language can compute, one entry a function.

To add a function, write its `Function` in the module of its family; the parser, the printers, the
shapes, the derivation, the provenance and the tests of derivatives read it from here.
"""

from __future__ import annotations

from bpdebug.engine.expression.functions import (
    activations,
    arithmetic,
    bounded,
    comparisons,
    convolutions,
    gelu,
    joining,
    losses,
    pooling,
    reductions,
    shaping,
    softmax,
    subscripts,
)
from bpdebug.engine.expression.functions.entry import Function, Sample

ACTIVATION_FAMILIES = (activations, bounded, gelu, softmax)
FAMILIES = (
    arithmetic,
    comparisons,
    reductions,
    subscripts,
    shaping,
    joining,
    convolutions,
    pooling,
    *ACTIVATION_FAMILIES,
    losses,
)

FUNCTIONS: dict[str, Function] = {
    function.name: function for family in FAMILIES for function in family.ENTRIES
}

ACTIVATIONS: dict[str, Function] = {
    function.name: function
    for family in ACTIVATION_FAMILIES
    for function in family.ENTRIES
    if not function.name.endswith("_prime")
}
"""What a layer can apply to each of its sums."""

__all__ = ["ACTIVATIONS", "FUNCTIONS", "Function", "Sample"]
