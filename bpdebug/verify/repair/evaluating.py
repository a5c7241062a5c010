"""Evaluating what might have been written, without touching what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bpdebug.sources.script import Instance, Node, Recording
from bpdebug.sources.script.evaluation import LookedUp, evaluated, may_call
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.recorder.tensors import is_other


def value_at(
    recording: Recording, instance: Instance, text: str, value_of: ValueOf, looked_up: LookedUp | None = None
) -> Any:
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
    looked_up : dict, optional
        What names mean there by these values, as far as other texts asked.

    Raises
    ------
    Exception
        Whatever the expression raises.
    """

    def copied(node: Node) -> Any:
        value = value_of(node)
        return value.copy() if isinstance(value, np.ndarray) else value

    with np.errstate(all="ignore"):
        value = evaluated(recording, instance, text, copied if may_call(text) else value_of, looked_up)
    other = recording.objects.other
    return other.read(value) if other is not None and is_other(value) else value


def valued(operand: Any, value_of: ValueOf) -> Any:
    """Return the value of an operand that may be a node."""
    return value_of(operand) if type(operand) is Node else operand


@dataclass(frozen=True)
class Rewritten:
    """What another expression gives where that of an instance stands.

    Attributes
    ----------
    recording : Recording
        What ran.
    instance : Instance
        The execution.
    text : str
        The expression.
    added : Node or None
        What adds its value to another, of `x += v`; None where it stands by itself.
    """

    recording: Recording
    instance: Instance
    text: str
    added: Node | None = None

    def __call__(self, value_of: ValueOf) -> Any:
        """Evaluate it; raise whatever it raises."""
        value = value_at(self.recording, self.instance, self.text, value_of)
        if self.added is None:
            return value
        assert self.added.function is not None
        return self.added.function(valued(self.added.operands[0], value_of), value)
