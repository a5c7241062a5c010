"""The variables that an expression of the person's can read where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType
from typing import Any

COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>"})
"""The names of the frames that see the variables of the frame around them."""


def scope_of(frame: FrameType) -> Mapping[str, Any] | None:
    """Return the local variables of a frame, those around a comprehension or a lambda too."""
    variables = frame.f_locals
    if variables is frame.f_globals:
        return None
    scope = dict(variables)
    code, outer = frame.f_code, frame.f_back
    while code.co_name in COMPREHENSIONS:
        while outer is not None and code not in outer.f_code.co_consts:
            outer = outer.f_back
        if outer is None or outer.f_locals is outer.f_globals:
            break
        scope = {**outer.f_locals, **scope}
        code, outer = outer.f_code, outer.f_back
    return scope
