"""The layer kinds: a table name -> kind. To add one, write its module and name it here.

A module waits (see `late`) until its kind is first asked for: a scenario pays for the kinds that it uses.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.network.layers import (
    activation,
    attention,
    combining,
    convolution,
    dense,
    dropout,
    embedding,
    normalisation,
    ones,
    pooling,
    recurrence,
    shaping,
)
from bpdebug.engine.network.layers.kind import LayerKind, Parameter, Setting
from bpdebug.engine.network.layers.layout import COLUMNS, ROWS, Layout, Pattern

MODULES = {
    "dense": dense,
    "add": combining,
    "residual": combining,
    "multiply": combining,
    "concat": combining,
    "batch_norm": normalisation,
    "layer_norm": normalisation,
    "rms_norm": normalisation,
    "dropout": dropout,
    "append_ones": ones,
    "embedding": embedding,
    "conv1d": convolution,
    "conv2d": convolution,
    "conv_transpose2d": convolution,
    "max_pool2d": pooling,
    "avg_pool2d": pooling,
    "global_avg_pool": pooling,
    "upsample": shaping,
    "flatten": shaping,
    "reshape": shaping,
    "scaled_dot_product_attention": attention,
    "rnn": recurrence,
    "lstm": recurrence,
    "gru": recurrence,
}
"""The module in which each kind is, as the constant of its name in capitals."""


class LayerKinds(MutableMapping[str, LayerKind]):
    """The kinds by name; those of `MODULES` wait until they are first asked for.

    Every activation is a kind by its own name, too. It can be asked for, and is not listed.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, LayerKind | None] = dict.fromkeys(MODULES)

    def __getitem__(self, name: str) -> LayerKind:
        if name not in self._kinds and name in ACTIVATIONS:
            return activation.activation_kind(name)
        kind = self._kinds[name]
        if kind is None:
            kind = self._kinds[name] = getattr(MODULES[name], name.upper())
        return kind

    def __setitem__(self, name: str, kind: LayerKind) -> None:
        self._kinds[name] = kind

    def __delitem__(self, name: str) -> None:
        del self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def __contains__(self, name: object) -> bool:
        return name in self._kinds or name in ACTIVATIONS


LAYER_KINDS = LayerKinds()

__all__ = ["COLUMNS", "LAYER_KINDS", "ROWS", "LayerKind", "Layout", "Parameter", "Pattern", "Setting"]
