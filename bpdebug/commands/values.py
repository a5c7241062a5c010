"""Values as commands write them: on one line for a person, in full for a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bpdebug.engine.debug.conditions import is_truth
from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.debug.watches import Watch
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Expression
from bpdebug.engine.language.printing import shape_text, written_number

DIGITS = 8
MAX_SHOWN = 64
"""A tensor with more elements than this is abbreviated."""
EDGE = 3
"""Where it is, so many entries at each end of an axis are shown."""


@dataclass(frozen=True, slots=True)
class WatchValue:
    """What an expression shows at a moment: its value, or why there is none."""

    value: Array | None
    note: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """The same for a program."""
        return value_data(self.value) if self.value is not None else {"note": self.note}


def watch_value(debugger: Debugger, watch: Watch) -> WatchValue:
    """Read a watch now; what is wrong is its note, never an exception."""
    try:
        return WatchValue(debugger.evaluate(watch.expression))
    except Exception as error:
        return WatchValue(None, str(error) or "there is not enough memory for it")


def watch_text(expression: Expression, shown: WatchValue) -> str:
    """Write what a watch shows after the text of its expression: `= 0.0065`, or why there is no value."""
    return (
        f"= {value_text(shown.value, is_truth(expression))}" if shown.value is not None else f"({shown.note})"
    )


def value_text(value: Array, truth: bool = False) -> str:
    """Write a value on one line; a large tensor abbreviated, with its shape."""
    if value.ndim == 0:
        return str(bool(value)).lower() if truth else written_number(float(value), DIGITS)
    text = np.array2string(
        value,
        max_line_width=2**31,
        precision=DIGITS,
        threshold=MAX_SHOWN,
        edgeitems=EDGE,
        separator=", ",
        formatter={"float_kind": lambda number: written_number(float(number), DIGITS)},
    )
    line = " ".join(text.split())
    return line if value.size <= MAX_SHOWN else f"{line} ({shape_text(value.shape)})"


def value_data(value: Array) -> dict[str, Any]:
    """Return a value for a program."""
    return {"shape": list(value.shape), "value": value}
