"""What a tensor is before its values are there: a shape within bounds, or what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from bpdebug.engine.language.forms import Shape, element_count
from bpdebug.engine.language.functions.entry import Array
from bpdebug.limits import LIMITS, at_most
from bpdebug.sources.problems import MAX_PROBLEMS, KeyPath
from bpdebug.sources.wordings import READY

MAX_ELEMENTS, MAX_AXES = LIMITS.tensor_elements, LIMITS.tensor_axes
LARGEST = sys.float_info.max
"""No integer beyond it has a place in any dtype."""


class FileTensor(NamedTuple):
    """A tensor in a file that was looked at, and is read when the numbers are wanted.

    Where the file was not looked at, the shape is without axes, and the numbers are refused.
    """

    shape: Shape
    read: Callable[[], Array]

    def array(self) -> Array:
        """Return the values in the dtype of the file; they may still lie in it, mapped into memory.

        Raises
        ------
        RefusalError
            If they cannot be read any more, or are damaged.
        """
        return self.read()


class Flaw(NamedTuple):
    """What is wrong at one place inside a tensor."""

    path: KeyPath
    message: str
    hint: str = ""


def too_many_elements(shape: Shape) -> str:
    """Say that a tensor of this shape would be too large; empty if it would not."""
    count = element_count(shape)
    if count <= MAX_ELEMENTS:
        return ""
    found = f"{count:,}" if count < 10**18 else "10**18 or more"
    return f"too many elements: found {found}, expected {at_most('tensor_elements', 'in one tensor')}"


def tensor_error(flaws: Sequence[Flaw]) -> ValidationError:
    """Return the error that carries these flaws to whoever checks the table around the tensor."""

    def finding(flaw: Flaw) -> InitErrorDetails:
        kind = PydanticCustomError(READY, "{message}", {"message": flaw.message, "hint": flaw.hint})
        return InitErrorDetails(type=kind, loc=flaw.path, input=None)

    return ValidationError.from_exception_data(
        "tensor", [finding(flaw) for flaw in flaws[: MAX_PROBLEMS + 1]]
    )
