"""The layer kinds: a table name -> kind. To add one, write its module and name it here."""

from __future__ import annotations

from bpdebug.engine.layers.dense import DENSE
from bpdebug.engine.layers.kind import LayerKind, Parameter, Setting
from bpdebug.engine.layers.layout import COLUMNS, ROWS, Layout, Pattern

LAYER_KINDS: dict[str, LayerKind] = {kind.name: kind for kind in (DENSE,)}

__all__ = ["COLUMNS", "LAYER_KINDS", "ROWS", "LayerKind", "Layout", "Parameter", "Pattern", "Setting"]
