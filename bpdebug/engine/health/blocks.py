"""Large tensors in blocks: whatever looks at every number costs a pass over them and no copy of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpdebug.engine.language.functions.entry import Array

BLOCK_SIZE = 65_536
"""Elements of a block: half a mebibyte of float64, which stays in a processor's cache."""


def blocks(value: Array, minus: Array | None = None) -> Iterator[Array]:
    """Yield all elements of a tensor, or of a difference, as vectors, in the order of memory.

    Each is valid until the next. A difference has the dtype that NumPy would give it, as an element of it
    is shown.

    Parameters
    ----------
    value : array
        Any shape, also empty.
    minus : array or None
        What is taken from it, of the same shape.
    """
    operands = [np.asarray(operand) for operand in (value, minus) if operand is not None]
    pieces = np.nditer(
        operands,
        flags=["external_loop", "buffered", "zerosize_ok"],
        op_flags=[["readonly"]] * len(operands),
        buffersize=BLOCK_SIZE,
    )
    with pieces:
        for piece in pieces:
            if isinstance(piece, np.ndarray):
                yield piece
            else:
                with np.errstate(all="ignore"):
                    difference = np.subtract(*piece)
                yield difference
