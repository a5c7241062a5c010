"""The diagonal of the derivative of a softmax, which people take for all of it.

Of s = softmax(z) the derivative is a matrix, ds_i/dz_j = s_i (δ_ij − s_j). Of an activation that goes element
by element only the diagonal is not 0, and so many write `s * (1 - s)` for a softmax too.
"""

from __future__ import annotations

import numpy as np

from bpdebug.sources.script.analysis.loss_candidates import is_softmax
from bpdebug.sources.script.recorder.records import Node
from bpdebug.verify.repair.judge import Judge


def is_diagonal(judge: Judge, node: Node | None) -> bool:
    """Whether what was computed is s · (1 − s), of a softmax s of the forward pass."""
    loss = judge.analysis.loss
    if loss is None or node is None:
        return False
    of_softmax = (one.value for one in loss.reference.forward.nodes.values() if is_softmax(one))
    return any(
        np.shape(s) == node.shape and np.allclose(node.value, s * (1 - s))
        for s in map(np.asarray, of_softmax)
    )
