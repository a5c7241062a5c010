"""Preimages: the pre-activation that a person must have had, told from the activation alone.

Who computes a forward pass with a fault and hands in `a1` and `dw1` has a derivative at a `z1` that is not
here. From `a1 = tanh(z1)` follows `z1`, and `dw1`, which is right for the person's own values, is not blamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Name
from bpdebug.engine.program.program import Program

PREIMAGES: Mapping[str, Callable[[Array], Array]] = {
    "tanh": np.arctanh,
    "sigmoid": lambda a: np.log(a) - np.log1p(-a),
    "softplus": lambda a: np.log(np.expm1(a)),
    "relu": lambda a: a,  # any number that is not positive would do where it is 0
    "leaky_relu": lambda a: np.where(a > 0, a, a / 0.01),
    "elu": lambda a: np.where(a > 0, a, np.log1p(np.minimum(a, 0))),
}
"""What an activation was applied to, of those by which it can be told, or its derivative there."""


def implied(program: Program, reference: Mapping[str, Array], mine: Mapping[str, Array]) -> dict[str, Array]:
    """Return the pre-activations that were not given but follow from activations that were.

    Parameters
    ----------
    program : Program
        The right program.
    reference, mine : mapping
        Its values, and the person's. Where both have the same activation, nothing is to be told.
    """
    found: dict[str, Array] = {}
    for statement in program.statements:
        own = mine.get(statement.name)
        match statement.expression:
            case Call(function, (Name(inner),), ()) if function in PREIMAGES and own is not None:
                right = reference[statement.name]
                if inner in mine or statement.phase != "forward" or own.shape != right.shape:
                    continue
                with np.errstate(all="ignore"):
                    value = np.asarray(PREIMAGES[function](own), dtype=right.dtype)
                if not np.array_equal(own, right) and not np.isnan(value).any():
                    found[inner] = value
    return found
