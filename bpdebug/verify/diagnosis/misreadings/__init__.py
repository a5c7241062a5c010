"""Misreadings: what people compute in the place of a function whose inside a formula does not show.

The gradient of a max pooling is one function, and the usual mistake, `=` for `+=`, is made inside it. So
beside the right function stand those that are written by mistake, as the same function with an option that
it does not have: `max_pool2d_gradient(da1, a0, add=False)`. To add one, add its option to the family's NumPy
function and its sentence to the family's table.
"""

from __future__ import annotations

from collections.abc import Mapping

from bpdebug.engine.language.nodes import Call
from bpdebug.verify.diagnosis.misreadings import convolutions, copies, heads, normalisation, pooling
from bpdebug.verify.diagnosis.misreadings.misreading import Misread, Misreading

MISREAD: Mapping[str, Misread] = {
    **convolutions.MISREAD,
    **pooling.MISREAD,
    **normalisation.MISREAD,
    **copies.MISREAD,
    **heads.MISREAD,
}
"""For each function that can be misread, how."""


def misreading_of(call: Call) -> Misreading:
    """Return which misreading a call is written with."""
    given = dict(call.options).items()
    ways = (way for way in MISREAD[call.function].ways if way.options.items() <= given)
    return max(ways, key=lambda way: len(way.options))


__all__ = ["MISREAD", "Misread", "Misreading", "misreading_of"]
