"""The function table: all that the tensor language can compute, one entry a function.

To add a function, write its `Function` in the module of its family; the parser, the printers, the
shapes, the derivation, the provenance and the tests of derivatives read it from here. A new family is
named here too: among the common ones, or among those that wait (see `late`) and are asked in turn until the
function is found.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from bpdebug.engine.language.functions import (
    activations,
    arithmetic,
    attention,
    bounded,
    choosing,
    comparisons,
    convolutions,
    elementary,
    gelu,
    joining,
    losses,
    moving,
    normalisation,
    opaque,
    pooling,
    positions,
    products,
    reductions,
    shaping,
    softmax,
    subscripts,
)
from bpdebug.engine.language.functions.entry import Function, Sample

ACTIVATION_FAMILIES = (activations, bounded, gelu, softmax)
COMMON_FAMILIES = (arithmetic, reductions, subscripts, *ACTIVATION_FAMILIES)
OTHER_FAMILIES = (
    shaping,
    attention,
    normalisation,
    comparisons,
    losses,
    joining,
    opaque,
    positions,
    elementary,
    choosing,
    moving,
    products,
    pooling,
    convolutions,
)
"""In the order in which they are searched: those that take longest to import come last."""


class Functions(MutableMapping[str, Function]):
    """The functions by name; the less common families are looked through when a name is not there."""

    def __init__(self) -> None:
        self._known: dict[str, Function] = {
            function.name: function for family in COMMON_FAMILIES for function in family.ENTRIES
        }
        self._waiting = list(OTHER_FAMILIES)

    def __getitem__(self, name: str) -> Function:
        while name not in self._known and self._waiting:
            self._import_next()
        return self._known[name]

    def __setitem__(self, name: str, function: Function) -> None:
        self._known[name] = function

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __iter__(self) -> Iterator[str]:
        self._import_all()
        return iter(self._known)

    def __len__(self) -> int:
        self._import_all()
        return len(self._known)

    def _import_all(self) -> None:
        while self._waiting:
            self._import_next()

    def _import_next(self) -> None:
        for function in self._waiting.pop(0).ENTRIES:
            self._known.setdefault(function.name, function)


FUNCTIONS = Functions()
RECORDED = "opaque"
"""The function that stands for what was only recorded: nobody writes it."""

ACTIVATIONS: dict[str, Function] = {
    function.name: function
    for family in ACTIVATION_FAMILIES
    for function in family.ENTRIES
    if not function.derivative_of
}
"""What a layer can apply to each of its sums."""

__all__ = ["ACTIVATIONS", "FUNCTIONS", "Function", "Sample"]
