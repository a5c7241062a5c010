"""An embedding: each number that comes in is looked up as a row of a table of vectors.

A row that is looked up twice gets both gradients, added up; assigning them, one over the other, is the
mistake of many a hand-written backward pass. The numbers themselves have no gradient.
"""

from __future__ import annotations

from bpdebug.engine.network.layers.kind import LayerKind, Parameter
from bpdebug.engine.network.layers.layout import BATCH, REST

EMBEDDING = LayerKind(
    name="embedding",
    input=lambda layout: (BATCH, REST),
    parameters=(Parameter("w", lambda layout: ("entries", "features")),),
    settings=(),
    title=lambda settings: "embedding",
    forward=lambda settings, roles, layout: {"a": "take(w, a_prev)"},
    panels=("a_prev", "w", "a"),
    explanations={
        "a": "Each number is replaced by the row of the table that it names.",
        "dw": "Each row receives the gradients of all places where it was used; a row without any gets 0.",
    },
    layouts=("rows",),
    looks_up="w",
)
