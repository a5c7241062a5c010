"""Gradients of a forward pass that was edited: central differences of the loss, computed again.

Once a forward line is edited, the derived gradients are those of another network. What the edited one has is
found by moving each parameter along a few directions, d, and computing the loss again:

    d · gradient ≈ (loss(parameter + h d) − loss(parameter − h d)) / 2h

The gradients that the person wrote are laid along the same directions, and judged by the same standard as
always. Which loss is meant is asked anew: one replay gives the values of all that were tried.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.nodes import Call, Name, names, walk
from bpdebug.sources.script import Node
from bpdebug.sources.script.analysis.explanation import Explanation
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.standard import Standard
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.replay import Replaced, Replay

DIRECTIONS = 3
"""So many directions tell two gradients apart."""
MOST_ELEMENTS = 64
"""A parameter that is updated element by element is moved along each of its elements, up to so many."""
STEP = 1e-5
AGREED = 2e-5
"""How far a gradient may lie from one by differences, relative to the largest element."""
NOTHING = 1e-8
"""Below this part of the largest slope a slope is 0."""


class Directions(NamedTuple):
    """The directions along which a parameter is moved, each a tensor of its shape.

    Attributes
    ----------
    parameter : TrainedParameter
        Which.
    each : tuple of array
        The directions.
    is_whole : bool
        Whether these are all elements: then the slopes are the gradient.
    """

    parameter: TrainedParameter
    each: tuple[Any, ...]
    is_whole: bool

    def laid(self, slopes: Any) -> Any:
        """Return slopes as the gradient that is compared."""
        array = np.asarray(slopes)
        return array.reshape(np.shape(self.parameter.old.like)) if self.is_whole else array

    def along(self, value: Any, is_transposed: bool) -> Any:
        """Return a hand-written gradient as it is compared."""
        if self.is_whole:
            return value
        array = np.asarray(value, dtype=float)
        if array.size != self.each[0].size:
            return np.full(len(self.each), np.nan)
        flat = np.ravel(array.T if is_transposed else array)
        return np.array([np.ravel(one) @ flat for one in self.each])


def directions_of(parameters: Sequence[TrainedParameter]) -> list[Directions]:
    """Return directions for each parameter: its elements where they are few, otherwise random ones."""
    random = np.random.default_rng(0)
    return [_directions(parameter, random) for parameter in parameters]


def _directions(parameter: TrainedParameter, random: np.random.Generator) -> Directions:
    shape, size = np.shape(parameter.old.like), int(np.size(parameter.old.like))
    in_parts = any(piece.index is not None for piece in parameter.pieces)
    if size <= DIRECTIONS or (in_parts and size <= MOST_ELEMENTS):
        return Directions(parameter, tuple(np.eye(size).reshape(size, *shape)), is_whole=True)
    return Directions(parameter, tuple(random.uniform(-1, 1, (DIRECTIONS, *shape))), is_whole=False)


class Differences:
    """Judges the person's gradients against central differences.

    Parameters
    ----------
    replay : Replay
        Computes the forward pass again.
    parameters : sequence of TrainedParameter
        What is moved.
    losses : sequence of Explanation
        The losses that may be meant, the likeliest first.
    """

    def __init__(
        self, replay: Replay, parameters: Sequence[TrainedParameter], losses: Sequence[Explanation]
    ) -> None:
        self.replay, self.parameters, self.losses = replay, tuple(parameters), tuple(losses)
        self.directions = directions_of(parameters)
        self.standards = [_lenient(loss.standard) for loss in losses]
        self._placed = {
            link.node.id: (own, link.is_transposed)
            for own in self.directions
            for piece in own.parameter.pieces
            for link in piece.chain
        }

    def slopes(self, own: Directions, replaced: Replaced) -> Iterator[Any]:
        """Yield for each direction of a parameter the slope of every loss."""
        old = own.parameter.old
        value = np.asarray(replaced[old.id](self.replay.recorded) if old.id in replaced else old.value)
        step = STEP * max(1.0, float(np.max(np.abs(value), initial=0)))
        for direction in own.each:
            ends = [self._moved(own.parameter, value + sign * step * direction, replaced) for sign in (1, -1)]
            yield (ends[0] - ends[1]) / (2 * step)

    def _moved(self, parameter: TrainedParameter, value: Any, replaced: Replaced) -> Any:
        like = parameter.old.like
        moved = value if isinstance(like, np.ndarray) else float(value)
        value_of = self.replay.run({**replaced, parameter.old.id: lambda _: moved})
        return np.array([value_of_loss(loss, value_of) for loss in self.losses])

    def gradients(self, replaced: Replaced) -> list[dict[int, Any]]:
        """Return for every loss the gradients, by the number of the parameter's node."""
        slopes = [list(self.slopes(own, replaced)) for own in self.directions]
        found: list[dict[int, Any]] = []
        for place in range(len(self.losses)):
            each = [np.array([slope[place] for slope in own]) for own in slopes]
            largest = max((float(np.max(np.abs(one), initial=0)) for one in each), default=0.0)
            held = [np.where(np.abs(one) < NOTHING * largest, 0.0, one) for one in each]
            found.append(
                {own.parameter.old.id: own.laid(one) for own, one in zip(self.directions, held, strict=True)}
            )
        return found

    def values(self, value_of: ValueOf) -> ValueOf:
        """Return the person's gradients along the directions, and all else as it is."""

        def laid(node: Node) -> Any:
            value = value_of(node)
            placed = self._placed.get(node.id)
            return value if placed is None else placed[0].along(value, placed[1])

        return laid


def _lenient(standard: Standard) -> Standard:
    """Return a standard that forgives what differences are off by."""
    own = copy.copy(standard)
    own.tolerance = max(AGREED, standard.tolerance)
    return own


def value_of_loss(loss: Explanation, value_of: ValueOf) -> float:
    """Return what a loss is for some values of the nodes."""
    candidate = loss.candidate
    if candidate.kind is None:
        if candidate.leaves_epsilon_out:
            return _without_epsilon(loss, value_of)
        return float(np.ravel(value_of(candidate.roots[0]))[0])
    total = 0.0
    for error in candidate.errors:
        output, target = (
            np.asarray(value_of(one) if isinstance(one, Node) else one, dtype=float)
            for one in (error.output, error.target)
        )
        expression = candidate.kind.expression(Name("a"), Name("y"))
        total += float(evaluate(expression, {"a": output, "y": target}))
    return total


def _without_epsilon(loss: Explanation, value_of: ValueOf) -> float:
    """Compute again what depends on a logarithm, from which a small number was left out."""
    forward = loss.reference.forward
    values: dict[str, Any] = {}
    known: Mapping[str, Any] = {**forward.inputs, **forward.nodes}

    def value(name: str) -> Any:
        one = known[name]
        return np.asarray(value_of(one) if isinstance(one, Node) else one, dtype=float)

    for statement in forward.statements:
        read = names(statement.expression)
        has_log = any(isinstance(one, Call) and one.function == "log" for one in walk(statement.expression))
        if has_log or any(name in values for name in read):
            given = {name: values[name] if name in values else value(name) for name in read}
            values[statement.name] = evaluate(statement.expression, given)
    return float(np.ravel(values[loss.reference.loss])[0])
