"""Smaller inputs for a search: see `sources.libraries.shrinking`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from bpdebug.sources.libraries.shrinking import corner, smaller_extents


def shrunk(inputs: Sequence[Any]) -> list[Any] | None:
    """Return inputs with smaller extents; None where they are small, or cannot be told apart then."""
    smaller = smaller_extents([tuple(one.shape) for one in inputs if isinstance(one, torch.Tensor)])
    if smaller is None:
        return None
    return [_cut(one, smaller) if isinstance(one, torch.Tensor) else one for one in inputs]


def _cut(tensor: torch.Tensor, smaller: Any) -> torch.Tensor:
    cut = tensor.detach()[corner(tuple(tensor.shape), smaller)].clone()
    return cut.requires_grad_(tensor.requires_grad) if cut.is_floating_point() else cut
