"""Numerical slopes of the loss along the elements of a tensor, many elements at once.

The loss needs no name: its gradient with respect to the seed comes in, so that near this run it is
L = Σ incoming · seed, up to a constant. An element is moved up and down a little, and the forward
statements downstream of it, and only those, are computed again. No derivative rule takes part.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bpdebug.engine.language.forms import element_count
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement, calls
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.program import Program
from bpdebug.verify.variants import evaluate_many

Indices = npt.NDArray[np.intp]

EPS = float(np.finfo(np.float64).eps)
FULL_STEP = float(np.cbrt(EPS))
"""The step for a number of size 1 or less: the errors of rounding and of curvature are about equal."""
ROUNDINGS = 8
"""How many roundings of each output are put down to rounding."""
MAX_BLOCK = 256
"""The most elements that are moved at once: more are not faster."""
MAX_BYTES = 32 * 2**20
"""The most memory for the results of one block; fewer elements are moved at once in a large network."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """Numerical slopes along some elements.

    Attributes
    ----------
    central : array
        (L(x + h) − L(x − h)) / 2h.
    lowest, highest : array
        The bounds of what chooses, for each output, a value between its slopes on both sides.
    rounding : array
        How far rounding may have moved the central slope: outputs that carry errors of about
        eps · |a| make it uncertain by about eps · Σ|da · a| / h.
    """

    central: Array
    lowest: Array
    highest: Array
    rounding: Array


@dataclass(frozen=True)
class Loss:
    """The loss as a function of one tensor; what is not downstream of it stays what it was.

    Attributes
    ----------
    program : Program
        The statements.
    values : mapping
        The values of a run in float64.
    name : str
        The tensor, an input or a result.
    chosen : array of int, optional
        The flat indices of the elements that count; all of them if it is not given.
    end : float, optional
        When nothing more is computed, by what this thread has worked: then `slopes` raises `TimeoutError`.
    """

    program: Program
    values: Mapping[str, Array]
    name: str
    chosen: Indices | None = None
    end: float = math.inf

    @property
    def x(self) -> Array:
        """The value of the tensor."""
        return self.values[self.name]

    def along(self, chosen: Indices) -> Loss:
        """Return the same loss, whose slopes are asked for by their places among some elements."""
        return replace(self, chosen=chosen)

    @property
    def incoming(self) -> Array:
        """The gradient with respect to the seed; m times that where a mean over m is taken later."""
        incoming = self.values[self.program.index.gradient_of[self.program.seed]]
        summed = self.program.index.gradient_of.get(self.name) in self.program.summed
        return incoming * self.program.batch if summed else incoming

    @property
    def finite(self) -> bool:
        """Whether all numbers of the forward pass are finite, and the gradient that comes in; masks aside."""
        derived = {statement.name for statement in self.program.statements if statement.phase == "backward"}
        asked = self.values.keys() - derived - self.program.masks
        return all(np.isfinite(self.values[name]).all() for name in asked)

    @cached_property
    def downstream(self) -> tuple[Statement, ...]:
        """The forward statements whose results depend on the tensor."""
        found, left = set[int](), [self.name]
        while left:
            for position in self.program.index.uses.get(left.pop(), ()):
                statement = self.program.statements[position - 1]
                if statement.phase == "forward" and position not in found:
                    found.add(position)
                    left.append(statement.name)
        return tuple(self.program.statements[position - 1] for position in sorted(found))

    @cached_property
    def block(self) -> int:
        """How many elements are moved at once: so many that all results downstream fit the memory."""
        nodes = [node for statement in self.downstream for node in calls(statement.expression)]
        sizes = [element_count(shape_of(node, self.program.shapes)) for node in nodes]
        elements = self.x.size + sum(sizes) + 4 * self.incoming.size
        return int(np.clip(MAX_BYTES // (self.x.itemsize * elements), 1, MAX_BLOCK))

    def slopes(self, indices: Indices, factor: float) -> Slopes:
        """Return the slopes along some elements, by their flat indices, with a part of the full step."""
        if self.chosen is not None:
            indices = self.chosen[indices]
        parts = []
        while len(indices):
            if time.thread_time() > self.end:
                raise TimeoutError
            parts.append(self._block_slopes(indices[: self.block], factor))
            indices = indices[self.block :]
        return Slopes(*np.concatenate(parts, axis=1))

    def _block_slopes(self, indices: Indices, factor: float) -> Array:
        at = self.x.ravel()[indices]
        seed, incoming = self.values[self.program.seed].ravel(), self.incoming.ravel()
        with np.errstate(all="ignore"):
            step = factor * FULL_STEP * np.maximum(1, np.abs(at))
            # The steps that are really made are those after rounding.
            above, below = at + step, at - step
            up, down = self._seed_at(indices, above), self._seed_at(indices, below)
            # Outputs are subtracted before they are summed: those that did not move cancel exactly.
            central = (up - down) @ incoming / (above - below)
            rounding = ROUNDINGS * EPS * np.sum(np.abs(incoming * seed)) / (above - below)
            right = (up - seed) * incoming / (above - at)[:, None]
            left = (seed - down) * incoming / (at - below)[:, None]
            lowest, highest = np.minimum(left, right).sum(axis=1), np.maximum(left, right).sum(axis=1)
        return np.stack([central, lowest, highest, rounding])

    def _seed_at(self, indices: Indices, at: Array) -> Array:
        """Return the seed tensor, flat, for each of the elements moved to where it is to be."""
        count = len(indices)
        moved = np.repeat(self.x.reshape(1, -1), count, axis=0)
        moved[np.arange(count), indices] = at
        variants = {self.name: moved.reshape(count, *self.x.shape)}
        for statement in self.downstream:
            variants[statement.name] = evaluate_many(statement.expression, self.values, variants)
        return variants[self.program.seed].reshape(count, -1)
