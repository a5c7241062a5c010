"""What an option may have as its value: the kind of its default says that."""

from __future__ import annotations

import math

from bpdebug.engine.language.nodes import Option


def is_index_part(value: object) -> bool:
    """Whether a value is a number of an axis or an index, or a slice as the pair of its bounds."""
    if isinstance(value, tuple):
        return len(value) == 2 and all(bound is None or type(bound) is int for bound in value)
    return type(value) is int


def is_like(value: Option, default: Option) -> bool:
    """Whether an option's value is of the kind of its default: a switch, a number, or an axis."""
    for kind in (bool, str):
        if isinstance(default, kind) or isinstance(value, kind):
            return isinstance(default, kind) and isinstance(value, kind)
    if isinstance(default, float):
        return isinstance(value, int | float) and math.isfinite(value)
    if isinstance(default, tuple):
        return isinstance(value, tuple)
    if isinstance(value, tuple):
        return all(type(item) is int for item in value)
    return isinstance(value, int) or (value is None and default is None)
