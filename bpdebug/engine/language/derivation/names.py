"""What the statements of a backward pass are called: the only place that makes a name of another.

The gradient of `w1` is `dw1`. A program may have a tensor of its own with that name; then the gradient is
`grad_w1`. Nothing reads a name back: a statement says what it is the gradient of (`Statement.of`), and a
program's index has both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from itertools import count

VIA = "_via_"
"""What stands in the name of a part of a gradient, between the tensor and what this part flows back from."""


def gradient_name(name: str, taken: Container[str] = ()) -> str:
    """Return what the gradient of the loss with respect to a tensor is called.

    Parameters
    ----------
    name : str
        The tensor.
    taken : container of str
        The names that are in use already.
    """
    gradient = f"d{name}"
    return gradient if gradient not in taken else new_name(f"grad_{name}", taken.__contains__)


def is_called_after(gradient: str, tensor: str) -> bool:
    """Whether a gradient, derived or a person's own, has its plain name: it is written as its tensor is."""
    return gradient == gradient_name(tensor)


def gradient_names(tensors: Iterable[str]) -> dict[str, str]:
    """Return a name for the gradient of each tensor, none of them that of a tensor or another gradient."""
    tensors = tuple(tensors)
    taken, gradients = set(tensors), dict[str, str]()
    for name in tensors:
        gradients[name] = gradient_name(name, taken)
        taken.add(gradients[name])
    return gradients


def new_name(stem: str, is_taken: Callable[[str], bool]) -> str:
    """Return a name that is not taken: the stem, or the stem with a number."""
    candidates = (f"{stem}_{number}" for number in count(2))
    return next(name for name in candidates if not is_taken(name)) if is_taken(stem) else stem
