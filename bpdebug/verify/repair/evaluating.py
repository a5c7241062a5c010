"""Evaluating what might have been written, without touching what was recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.sources.script import Instance, Node, Recording
from bpdebug.sources.script.environment import evaluated
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.recorder.tensors import is_other


def value_at(recording: Recording, instance: Instance, text: str, value_of: ValueOf) -> Any:
    """Evaluate an expression as if it stood where that of an instance stands.

    A function that it calls may write to what it is given: it gets copies.

    Parameters
    ----------
    recording : Recording
        What ran.
    instance : Instance
        The execution.
    text : str
        The expression.
    value_of : callable
        The value of each node.

    Raises
    ------
    Exception
        Whatever the expression raises.
    """

    def copied(node: Node) -> Any:
        value = value_of(node)
        return value.copy() if isinstance(value, np.ndarray) else value

    with np.errstate(all="ignore"):
        value = evaluated(recording, instance, text, copied if "(" in text else value_of)
    other = recording.objects.other
    return other.read(value) if other is not None and is_other(value) else value
