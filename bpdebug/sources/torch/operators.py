"""Custom operators, of `torch.library`: torch makes a Function of what `register_autograd` was given.

What the operator computes is a kernel, of Triton, CUDA or NumPy, and torch does not see into it. Its backward
is a function of the person's.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any, NamedTuple

GENERATED = "GeneratedBackwardFor_"
"""So the name of such a Function begins."""


class CustomOperator(NamedTuple):
    """A custom operator.

    Attributes
    ----------
    name : str
        With its namespace: `mine::scaled`.
    call : callable
        Calls it.
    names : tuple of str
        What it calls its inputs.
    backward : function
        The person's.
    """

    name: str
    call: Any
    names: tuple[str, ...]
    backward: FunctionType


def operator_of(function: type, backward: Any) -> CustomOperator | None:
    """Return the operator that torch has made a Function of; None for any other Function.

    Parameters
    ----------
    function : type
        The Function.
    backward : callable
        Its backward, which torch has written.
    """
    if not function.__name__.startswith(GENERATED) or not isinstance(backward, FunctionType):
        return None
    cells = (cell.cell_contents for cell in backward.__closure__ or ())
    held = dict(zip(backward.__code__.co_freevars, cells, strict=True))
    operator, own = held.get("op"), getattr(held.get("info"), "_backward_fn", None)
    if operator is None or not isinstance(own, FunctionType) or own.__module__.partition(".")[0] == "torch":
        return None
    names = tuple(one.name for one in operator._schema.arguments)
    return CustomOperator(operator._schema.name, operator, names, own)
