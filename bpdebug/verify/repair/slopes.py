"""The slopes of the activations: what each forward tensor changes by, element for element, with another.

Of `h = tanh(z)` it is `1 - h ** 2`. A person's code computes them by themselves, as the factor that takes a
gradient back through an activation. They are found by central differences of the recorded statements, each by
itself, and joined by the chain rule: a sigmoid that is written out is several statements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.nodes import Expression, names
from bpdebug.sources.script.conversion.forward import Forward

STEP = 1e-6
SAME = 1e-5
"""How far two differences along other directions may lie apart where elements do not mix."""
MOST_STATEMENTS = 300


def slopes_of(forward: Forward, values: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the slopes of the tensors of a forward pass by those that they were computed from by elements.

    Parameters
    ----------
    forward : Forward
        Its statements.
    values : mapping
        Name -> value.
    """
    by: dict[str, dict[str, Any]] = {}
    for statement in forward.statements[:MOST_STATEMENTS]:
        name, shape = statement.name, np.shape(values[statement.name])
        if int(np.prod(shape)) < 2:
            continue
        own: dict[str, Any] = {}
        for read in names(statement.expression):
            if np.shape(values[read]) != shape:
                continue
            partial = _partial(statement.expression, read, values)
            if partial is None:
                own = {}
                break
            for source, inner in {read: 1.0, **by.get(read, {})}.items():
                own[source] = own.get(source, 0.0) + partial * inner
        by[name] = own
        yield from (slope for slope in own.values() if np.ptp(slope) > 0)


def _partial(expression: Expression, name: str, values: Mapping[str, Any]) -> Any:
    """Return the derivative by a tensor, element for element; None where the elements mix."""
    value = np.asarray(values[name], dtype=float)
    step = STEP * max(1.0, float(np.max(np.abs(value))))
    alternating = np.where(np.arange(value.size) % 2, 1.0, -1.0).reshape(value.shape)
    found = []
    for direction in (np.ones_like(value), alternating):
        ends = [
            np.asarray(evaluate(expression, {**values, name: value + sign * step * direction}))
            for sign in (1, -1)
        ]
        found.append((ends[0] - ends[1]) / (2 * step * direction))
    scale = float(np.max(np.abs(found[0])))
    return found[0] if np.allclose(found[0], found[1], SAME, SAME * scale) else None
