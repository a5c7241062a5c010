"""Smaller inputs for a search: what is wrong with 512 × 768 is wrong with 5 × 6, and found in a moment.

Equal extents stay equal, and different ones different, so that no shape fits by chance that did not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

LARGE = 4096
"""Of inputs with no more elements none is shrunk."""
SMALL = 16
"""So large are extents that stay as they are."""
FIRST = 5


def shrunk(inputs: Sequence[Any]) -> list[Any] | None:
    """Return inputs with smaller extents; None where they are small, or cannot be told apart then."""
    tensors = [one for one in inputs if isinstance(one, torch.Tensor)]
    large = sorted({extent for one in tensors for extent in one.shape if extent > SMALL})
    if not large or max(one.numel() for one in tensors) <= LARGE:
        return None
    taken = {extent for one in tensors for extent in one.shape}
    free = [extent for extent in range(FIRST, SMALL + 1) if extent not in taken]
    if len(free) < len(large):
        return None
    smaller = dict(zip(large, free, strict=False))
    return [_cut(one, smaller) if isinstance(one, torch.Tensor) else one for one in inputs]


def _cut(tensor: torch.Tensor, smaller: dict[int, int]) -> torch.Tensor:
    cut = tensor.detach()[tuple(slice(smaller.get(extent, extent)) for extent in tensor.shape)].clone()
    return cut.requires_grad_(tensor.requires_grad) if cut.is_floating_point() else cut
