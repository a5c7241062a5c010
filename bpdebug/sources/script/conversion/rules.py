"""The table, callable -> how what it gives is written in the language; and the rule of one operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bpdebug.sources.script.conversion.convolutions import convolution_rules
from bpdebug.sources.script.conversion.elementwise import elementwise_rules
from bpdebug.sources.script.conversion.moves import OF_SHAPES, attribute, in_language, item, moving_rules
from bpdebug.sources.script.conversion.parts import part_rules
from bpdebug.sources.script.conversion.products import product_rules
from bpdebug.sources.script.conversion.reductions import reduction_rules
from bpdebug.sources.script.conversion.translator import ConversionRule, OpaqueError
from bpdebug.sources.script.recorder.operations import Attribute, InLanguage, Item, is_in
from bpdebug.sources.script.recorder.records import Node, same


def conversion_rules() -> dict[Any, ConversionRule]:
    """Return the whole table; a function of SciPy's is in it where the script has imported that."""
    return (
        elementwise_rules()
        | reduction_rules()
        | product_rules()
        | convolution_rules()
        | moving_rules()
        | part_rules()
    )


OF_MATRICES = frozenset(
    {*elementwise_rules(), *reduction_rules(), *product_rules(), *part_rules(), *OF_SHAPES, same}
    | {Attribute(name) for name in ("T", "A", "A1")}
)
"""What is written of an `np.matrix` as of an array, if the shape that it gives is looked at."""


def rule_of(rules: Mapping[Any, ConversionRule], node: Node) -> ConversionRule:
    """Return how the operation of a node is written.

    Raises
    ------
    OpaqueError
        If there is none.
    """
    for one in (node, *node.parents()):
        kind = type(one.like)
        is_known = kind in (np.ndarray, np.memmap) or (
            kind is np.matrix and is_in(node.function, OF_MATRICES)
        )
        if issubclass(kind, np.ndarray) and not is_known:
            raise OpaqueError(f"{kind.__name__}: its operators are its own")
        if isinstance(one.like, np.ndarray | np.generic) and one.like.dtype.kind == "c":
            raise OpaqueError("complex numbers")
    function = node.function
    if isinstance(function, Attribute):
        return attribute
    if isinstance(function, InLanguage):
        return in_language
    if isinstance(function, Item):
        return item
    try:
        return rules[function]
    except (KeyError, TypeError):
        raise OpaqueError(getattr(function, "__name__", type(function).__name__)) from None
