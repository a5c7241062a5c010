"""What no gradient passes: an operation that the language cannot compute, and a tensor that is detached.

`u = np.linalg.svd(x)` in a person's own code becomes `opaque(recorded, x)` with that text: the first argument
holds the value that was recorded, the others say what it was computed from.
"""

from __future__ import annotations

from typing import Any

from bpdebug.engine.language.forms.positions import OPAQUE
from bpdebug.engine.language.functions.entry import MIXED, POSITIVE, Array, Function, Sample


def opaque(recorded: Array, *operands: Array, **options: Any) -> Array:
    """Return what was recorded."""
    return recorded


ENTRIES = (
    Function(
        "opaque",
        opaque,
        (None,),
        "Not known here: the value that was recorded stands for it, and no gradient passes.",
        (Sample((MIXED, POSITIVE), {"text": "svd(y)"}),),
        form=OPAQUE,
        options={"text": "opaque"},
        notation="{text}",
        python="{text}",
        variadic=True,
        temporaries=0,
    ),
    Function(
        "detach",
        lambda x: x,
        (None,),
        "The same values, taken as a constant: no gradient passes.",
        (Sample((MIXED,)),),
        temporaries=0,
    ),
)
