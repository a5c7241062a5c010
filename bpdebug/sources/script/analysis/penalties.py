"""A penalty on the weights: what a computed loss has beyond one that its backward pass implies.

`cost = data_loss + λ/2 Σ w²` has the gradients of the data's loss and λ w. Who computes that descends that: a
penalty that the gradients lack, or have in another size, is a mistake, and no other loss. But where the steps
themselves make the weights smaller, `w = (1 - η λ) w - η dw`, the penalty is in there.
"""

from __future__ import annotations

import numpy as np

from bpdebug.sources.script.analysis.chains import whole_step
from bpdebug.sources.script.analysis.explanation import Explanation
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.updates import SCALE

EXACT, LEAST = 1e-9, 1e-6
"""How far a sum may lie apart; and how large a penalty must be, beside the gradient, to be none of that."""
FEWEST = 4
"""Of fewer elements anything is a sum of these."""


def lacks_penalty(implied: Explanation, computed: Explanation) -> bool:
    """Whether a loss is another one without its penalty on the weights, and no step decays by itself."""
    if implied.candidate.is_explicit and not implied.candidate.is_part:
        return False
    parameters = implied.standard.parameters
    found = [_parts(one, implied, computed) for one in parameters if np.size(one.old.like) >= FEWEST]
    parts = [one for one in found if one is not None]
    if not parts or len(parts) < len(found):
        return False
    times, penalties = np.transpose(parts)
    decays = any(_decays(one, computed.reference.forward.graph) for one in parameters)
    same = np.all(np.abs(times - times[0]) <= 1e-6 * abs(times[0]))
    return bool(same and times[0] > 0 and np.any(penalties > 0)) and not decays


def _parts(
    parameter: TrainedParameter, implied: Explanation, computed: Explanation
) -> tuple[float, float] | None:
    """Return c and λ with `computed = c · implied + λ w`; None if there are none."""
    gradients = [one.gradients.get(parameter.old.id) for one in (computed, implied)]
    if any(one is None for one in gradients):
        return None
    wanted, own, weights = (
        np.ravel(np.asarray(one, dtype=float)) for one in (*gradients, parameter.old.value)
    )
    columns = np.stack([own, weights], axis=1)
    if not (np.all(np.isfinite(columns)) and np.all(np.isfinite(wanted))):
        return None
    found, _, rank, _ = np.linalg.lstsq(columns, wanted, rcond=None)
    largest = float(np.max(np.abs(wanted), initial=0))
    if not largest or not np.all(np.abs(columns @ found - wanted) <= EXACT * largest):
        return None
    has_penalty = rank == 2 and abs(found[1]) * np.max(np.abs(weights)) > LEAST * largest
    return float(found[0]), float(found[1]) if has_penalty else 0.0


def _decays(parameter: TrainedParameter, graph: Graph) -> bool:
    """Whether a step keeps but a part of a weight: `w = 0.99 * w - rate * dw`, or `w *= 0.99` after it."""
    for update in parameter.updates:
        new, old = update.new.origin, update.old.origin
        if any(node.function in SCALE and new in node.parents() for node in graph.nodes[new.id :]):
            return True
        if new.function is put:
            continue  # `w[i] += delta` keeps all of it
        step = whole_step(new, old)
        if step is None:
            return True
        kept = np.asarray(new.value, dtype=float) - step[0] * np.asarray(step[1].value, dtype=float)
        if not np.allclose(kept, old.value, EXACT, EXACT):
            return True
    return False
