"""What an operation computed becomes nodes: the tables give a term for each result, and a term a node.

A term within a term has a node of its own. What no table knows in this form is computed by torch, and opaque.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch

from bpdebug.sources.libraries.terms import Application, UnknownFormError, node_of_term, term
from bpdebug.sources.script.recorder.recorder import NOTHING
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.sites import Site
from bpdebug.sources.torch.by_torch import ByTorch, taken_apart
from bpdebug.sources.torch.operation import Operation
from bpdebug.sources.torch.operations.backward import BACKWARD
from bpdebug.sources.torch.operations.forward import FORWARD, RESHAPES, SAME
from bpdebug.sources.torch.tensors import Add, array_of, within

TABLE = {**FORWARD, **BACKWARD}
NOT_COMPUTED = frozenset(
    {
        "empty",
        "empty_like",
        "empty_strided",
        "new_empty_strided",
        "new_empty",
        "zeros",
        "zeros_like",
        "new_zeros",
        "zero",
        "ones",
        "ones_like",
        "new_ones",
        "full",
        "full_like",
        "new_full",
        "fill",
        "arange",
        "eye",
        "linspace",
        "scalar_tensor",
        "rand",
        "randn",
        "rand_like",
        "randn_like",
        "randint",
        "randperm",
        "normal",
        "normal_functional",
        "uniform",
        "bernoulli",
        "exponential",
        "multinomial",
        "random",
        "_indices",
        "indices",
        "crow_indices",
        "col_indices",
    }
)
"""What is made of nothing: constants, random numbers, and indices, with the values that they had."""
UNSAID = frozenset({"dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking"})
"""Options that say how elements are kept, and not what they are."""

EACH = "_foreach_"
"""So the name of an operation begins that does the same to each tensor of a list."""


class TermNodes:
    """Makes the nodes of what operations computed.

    Parameters
    ----------
    add : callable
        Makes a node: (site, function, operands, options, value) -> Node.
    """

    def __init__(self, add: Add) -> None:
        self.add = add

    def of(
        self,
        site: Site | None,
        operation: Operation,
        seen: tuple[Sequence[Any], Mapping[str, Any]],
        outs: Sequence[torch.Tensor | None],
    ) -> list[Node | None]:
        """Return a node for each result of an operation; None where it is None.

        `seen` has the arguments and options of the operation, with nodes in the place of tensors.
        """
        if all(out is None for out in outs):
            return [None] * len(outs)
        name = operation.name
        if name in NOT_COMPUTED:
            return [None if out is None else self.add(site, None, (), NOTHING, array_of(out)) for out in outs]
        try:
            terms = _terms(name, *seen, outs)
            if len(terms) != len(outs):
                raise UnknownFormError(name)
        except (UnknownFormError, TypeError, IndexError, KeyError, ValueError):
            terms = (None,) * len(outs)
        unknown = _by_torch(operation, seen) if None in terms else None
        return [
            None
            if out is None
            else node_of_term(self.add, site, one, array_of(out))
            if one is not None or unknown is None
            else self.add(site, unknown[0](place), unknown[1], NOTHING, array_of(out))
            for place, (one, out) in enumerate(zip(terms, outs, strict=True))
        ]


def _by_torch(operation: Operation, seen: Any) -> tuple[Callable[[int], ByTorch], tuple[Node, ...]]:
    """Return what gives a result of an operation, by its place, and what it is computed from.

    That is what was seen before it ran: it may have written to its own operands.
    """
    leaves, filled = taken_apart((operation.arguments, operation.options))
    likes = tuple(leaf.dtype for leaf in leaves)
    return functools.partial(ByTorch, operation.function, cast("Any", filled), likes), tuple(
        within(seen, Node)
    )


def _terms(
    name: str, operands: Sequence[Any], options: Mapping[str, Any], outs: Sequence[torch.Tensor | None]
) -> tuple[Any, ...]:
    """Return the term of each result, as the tables have it."""
    if name in RESHAPES:
        found: Any = term(np.reshape, operands[0], tuple(cast("torch.Tensor", outs[0]).shape))
    elif name in SAME:
        found = _copied(operands[1] if name == "copy" else operands[0], cast("torch.Tensor", outs[0]))
    elif name.startswith(EACH):
        of_each = [
            [one[place] if isinstance(one, list | tuple) else one for one in operands]
            for place in range(len(outs))
        ]
        found = tuple(TABLE[name.removeprefix(EACH)](*one, **options) for one in of_each)
    else:
        kept = {key: one for key, one in options.items() if key not in UNSAID}
        found = TABLE[name](*operands, **kept)
    return found if type(found) is tuple else (found,)


def _copied(source: Any, out: torch.Tensor) -> Application:
    """Return the term of the same elements, repeated where they are copied into more."""
    shape = source.shape if type(source) is Node else np.shape(source)
    if shape == tuple(out.shape):
        return term(np.copy, source)
    return term(np.broadcast_to, source, tuple(out.shape))
