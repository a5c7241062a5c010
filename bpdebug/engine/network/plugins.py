"""Layer kinds that other packages bring, found by their entry points as functions are."""

from __future__ import annotations

from functools import lru_cache

from bpdebug.engine.language.plugins import PluginError, load
from bpdebug.engine.network.layers import LAYER_KINDS, LayerKind, Layout
from bpdebug.engine.network.layers.kind import input_roles
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.network.layers.layout import smallest_shape
from bpdebug.errors import BpdebugError

GROUP = "bpdebug.layers"

__all__ = ["PluginError", "bring_layer_kind"]


@lru_cache
def bring_layer_kind(name: str) -> bool:
    """Put the layer kind of another package into the table; False if there is none.

    Raises
    ------
    PluginError
        If there is one, and it is broken.
    """

    def try_out(kind: LayerKind) -> None:
        settings = {setting.name: setting.default for setting in kind.settings}
        incoming = input_roles(kind.inputs[0])
        for layout in [Layout("columns"), Layout("rows")]:
            if layout.name in kind.layouts:
                given = {role: kind.input(layout) for role in incoming}
                given |= {parameter.name: parameter.shape(layout) for parameter in kind.parameters}
                shapes = {role: smallest_shape(pattern) for role, pattern in given.items()}
                layer = make_layer(1, kind, settings, shapes, layout, incoming)
                if not kind.input(layout) or not any(one.role == "a" for one in layer.forward):
                    raise BpdebugError("it has no statement for a, which goes out")

    kind = load(GROUP, name, LayerKind, try_out)
    if kind is not None:
        LAYER_KINDS[name] = kind
    return kind is not None
