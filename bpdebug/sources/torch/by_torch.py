"""Operations that no table knows: torch computes them again, from other values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from bpdebug.sources.torch.tensors import array_of


@dataclasses.dataclass(frozen=True, eq=False)
class ByTorch:
    """An operation that the table does not know: torch computes it again.

    Attributes
    ----------
    operation : callable
        torch's.
    filled : callable
        Its arguments, from the values of the tensors among them.
    likes : tuple of dtype
        The dtypes of these.
    place : int
        Which of its results is meant.
    """

    operation: Callable[..., Any]
    filled: Callable[[Sequence[Any]], tuple[Sequence[Any], Mapping[str, Any]]]
    likes: tuple[Any, ...]
    place: int

    @property
    def __name__(self) -> str:
        """What it is called in a message."""
        return str(self.operation).removesuffix(".default")

    def __call__(self, *values: Any) -> Any:
        """Compute it."""
        tensors = [
            torch.from_numpy(np.array(value)).to(like) for value, like in zip(values, self.likes, strict=True)
        ]
        arguments, options = self.filled(tensors)
        with torch.no_grad():
            found = self.operation(*arguments, **options)
        return array_of(found if isinstance(found, torch.Tensor) else found[self.place])


def taken_apart(
    arguments: Any,
) -> tuple[list[torch.Tensor], Callable[[Sequence[Any]], tuple[Sequence[Any], Mapping[str, Any]]]]:
    """Return the tensors in some arguments, and what puts others in their place."""
    leaves, spec = torch.utils._pytree.tree_flatten(arguments)
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    kept = [None if place in places else leaf for place, leaf in enumerate(leaves)]

    def filled(tensors: Sequence[Any]) -> Any:
        new = list(kept)
        for place, tensor in zip(places, tensors, strict=True):
            new[place] = tensor
        return torch.utils._pytree.tree_unflatten(new, spec)

    return [leaves[place] for place in places], filled
