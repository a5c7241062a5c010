"""Sparse tensors: their values are what lies in memory, and their elements those of the matrix in full."""

from __future__ import annotations

import torch
from torch.utils._python_dispatch import _disable_current_modes


def dense_part(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor that has the elements in memory: the values of a sparse one, or that itself."""
    if tensor.layout is torch.strided:
        return tensor
    with _disable_current_modes():
        return tensor._values() if tensor.layout is torch.sparse_coo else tensor.values()


def place_of_indices(tensor: torch.Tensor) -> tuple[int, ...]:
    """Return where the indices of a sparse tensor lie."""
    with _disable_current_modes():
        if tensor.layout is torch.sparse_coo:
            return (tensor._indices().data_ptr(),)
        is_by_rows = tensor.layout in (torch.sparse_csr, torch.sparse_bsr)
        return ((tensor.crow_indices() if is_by_rows else tensor.ccol_indices()).data_ptr(),)


def in_full(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor with all of its elements."""
    if tensor.layout is torch.strided:
        return tensor
    with _disable_current_modes():
        return tensor.detach().to_dense()
