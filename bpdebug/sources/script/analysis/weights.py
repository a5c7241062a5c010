"""What errors are multiplied by before anything else is done with them: the weight of each example.

A mask over the steps of padded sequences, the weight of a class, the advantage of an action: `(a - y) * w`,
or `errors *= w` where single errors were stacked first. The loss that such a backward pass implies has the
weight in its sum, and an example twice that was drawn twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import gcd
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.chains import KEEP
from bpdebug.sources.script.analysis.errors import Dependence, Error
from bpdebug.sources.script.recorder.operations import is_in
from bpdebug.sources.script.recorder.records import Node, nodes_in
from bpdebug.sources.script.recorder.updates import SCALE

STACKS: frozenset[Any] = frozenset(
    {np.vstack, np.hstack, np.stack, np.concatenate, np.column_stack, np.array, np.asarray}
)


def weighted(known: Dependence, errors: Sequence[Error]) -> list[Error]:
    """Return errors with their weights; none where there are none, or where one alone has none.

    Parameters
    ----------
    known : Dependence
        What depends on what.
    errors : sequence of Error
        Those of one place of the source.
    """
    carried: dict[int, list[Error]] = {known.graph.of(one.node).id: [one] for one in errors}
    found: dict[int, Error] = {}
    for number in sorted(known.behind_updates):
        node = known.graph.nodes[number]
        if node.function in SCALE:
            for held, weight in (node.operands, node.operands[::-1]):
                own = carried.get(known.graph.of(held).id) if type(held) is Node else None
                if own and not _depends(known, weight):
                    found.update((one.node.id, one) for one in _with_weights(own, weight))
        elif is_in(node.function, STACKS):
            parts = [carried.get(known.graph.of(part).id) for part in nodes_in(node.operands)]
            if parts and all(parts):
                carried.setdefault(number, [one for own in parts if own for one in own])
        elif is_in(node.function, KEEP) and (parents := known.graph.parents(node)):
            own = carried.get(parents[0].id)
            if own and np.size(node.like) == np.size(parents[0].like):
                carried.setdefault(number, own)
    return [found[one.node.id] for one in errors] if len(found) == len(errors) else []


def repeated(known: Dependence, errors: Sequence[Error]) -> list[Error]:
    """Return errors as many times as each was computed; none where all were equally often."""
    sites = {one.node.site for one in errors}
    often = Counter(known.graph.of(node).id for node in known.graph.nodes if node.site in sites)
    common = gcd(*(often[one.node.id] for one in errors))
    found = [one for one in errors for _ in range(often[one.node.id] // common)]
    return found if len(found) > len(errors) else []


def _with_weights(errors: Sequence[Error], weight: Any) -> Iterator[Error]:
    """Give each error its weight: a tensor as it stands, or of a stack of single errors its own number."""
    values = np.asarray(weight.value if type(weight) is Node else weight)
    if values.dtype.kind not in "fiub":
        return
    if len(errors) == 1:
        (error,) = errors
        # What is the same for all examples is a factor, unless other errors have another.
        is_factor = values.size == 1 < np.size(error.node.like)
        if not is_factor and values.ndim <= np.ndim(error.node.like):
            yield error._replace(weight=weight)
    elif values.size == len(errors) and all(np.size(one.node.like) == 1 for one in errors):
        for error, own in zip(errors, values.ravel(), strict=True):
            yield error._replace(weight=float(own))


def _depends(known: Dependence, value: Any) -> bool:
    return type(value) is Node and bool(known.on[known.graph.of(value).id])
