"""From the step of a parameter down to its gradient.

An update is `new = c · old + step`. Between the step and the gradient stand a rate, 1/m, a sign, copies and
reshapes, clipping, weight decay, momentum, or what Adam makes of it. Each is taken off in turn: what is left
is a *chain* of tensors, each with the factor by which it is in the step. One of them is what the person means
as the gradient; which one is decided by what it is equal to, not by its name.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.recorder.records import Node, ValueOf


class Link(NamedTuple):
    """One tensor of a chain.

    Attributes
    ----------
    node : Node
        The tensor: `step = factor · node`, plus what was left out.
    sign : int
        The sign of the factor.
    scalars : tuple of (Node or number, int)
        The factor is the product of these, each to the power 1 or −1.
    is_stripped : bool
        Whether a term was left out that depends on nothing but the parameter: a weight decay.
    is_adaptive : bool
        Whether the step is no multiple of it: the factor is that by which it is in what goes into the step.
    is_transposed : bool
        Whether it lies transposed to the parameter.
    is_inner : bool
        Whether it lies below what another statement handed to the update: what scales it there is no rate.
    """

    node: Node
    sign: int
    scalars: tuple[tuple[Any, int], ...] = ()
    is_stripped: bool = False
    is_adaptive: bool = False
    is_transposed: bool = False
    is_inner: bool = False

    def factor(self, value_of: ValueOf) -> float:
        """Return the factor by which the tensor is in the step, or in what goes into an adaptive one."""
        factor = float(self.sign)
        for scalar, power in self.scalars:
            value = value_of(scalar) if type(scalar) is Node else scalar
            factor *= float(np.ravel(value)[0]) ** power
        return factor

    def reference(self, gradient: Any) -> Any:
        """Return a gradient as this tensor lies."""
        return np.transpose(gradient) if self.is_transposed else gradient


class Piece(NamedTuple):
    """A part of a parameter that has a step of its own.

    Attributes
    ----------
    index : object
        The part, as it was subscripted, nodes among it as their values; None for the whole.
    chain : tuple of Link
        From the step down.
    is_added : bool
        Whether a place that the index names more than once gets all of its steps, as with `np.add.at`.
    """

    index: Any
    chain: tuple[Link, ...]
    is_added: bool = False

    def part_of(self, gradient: Any) -> Any:
        """Return the part of a gradient that this changes; all of it where steps are added up."""
        return gradient if self.index is None or self.is_added else gradient[self.index]

    def laid(self, value: Any, like: Any) -> Any:
        """Return a tensor of the chain as it acts on the part: added up, or on every row alike."""
        total = np.zeros(np.shape(like))
        if self.is_added:
            return total if self.adds_to(total, value) else value
        is_row = self.index is not None and 1 < np.size(value) < total.size and np.ndim(value) < total.ndim
        return np.broadcast_to(value, total.shape) if is_row and value.shape[-1] == total.shape[-1] else value

    def adds_to(self, total: Any, value: Any) -> bool:
        """Add a tensor of the chain to the part of an array; return whether it fits there."""
        try:
            if self.is_added:
                np.add.at(total, self.index, value)
            else:
                total[... if self.index is None else self.index] += value
        except (ValueError, IndexError):
            return False
        return True
