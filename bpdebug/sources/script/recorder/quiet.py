"""The names of the hooks, and hooks that see nothing, for instrumented code that no recording looks at.

Such code does what its source says, whichever recording it is from, and mostly at the price of one call in C.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bpdebug.sources.script.instrumentation.operators import BINARY, UNARY, hook_of
from bpdebug.sources.script.recorder.stores import PLAIN
from bpdebug.sources.script.recorder.tracebacks import caught

SEEN = ("call", "value", "literal", "unpack", "iterate", "store", "change", "test", "turn")
"""The kinds of hooks that get a number and a value, and give the value or what stands in for it."""
CONTROL = ("loop", "enter", "leave", "caught")
"""The kinds of hooks that give nothing."""


def named(hooks: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return hooks under the names that the instrumentation writes."""
    return {f"__bp_{kind}__": hook for kind, hook in hooks.items()} | {"__bp_slice__": slice}


def _quiet() -> dict[str, Callable[..., Any]]:
    """Return hooks that see nothing."""
    unseen: dict[int, Any] = {}  # `{}.get(number, value)` gives the value, without a frame of Python's
    hooks: dict[str, Callable[..., Any]] = dict.fromkeys(SEEN, unseen.get)
    hooks |= dict.fromkeys(CONTROL, bool) | {"caught": caught}
    hooks["attribute"] = lambda number, owner, name: getattr(owner, name)
    hooks["subscript"] = lambda number, owner, index: owner[index]
    for operation in (*BINARY.values(), *PLAIN):
        hooks[hook_of(operation)] = lambda number, left, right, do=operation: do(left, right)
    for operation in UNARY.values():
        hooks[hook_of(operation)] = lambda number, operand, do=operation: do(operand)
    return named(hooks)


QUIET = _quiet()
"""The hooks of code that no recording sees."""
