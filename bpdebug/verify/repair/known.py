"""What a value is, as far as is known: the right gradient of a tensor, or the slope of an activation.

A tensor is taken for the gradient of what it is named after; where that is not known, of anything so large.
The slope of an activation, `1 - h ** 2` of `h = tanh(z)`, is the gradient of nothing, but no less right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.sources.script import Node
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.computed import stem_of, stem_of_gradient
from bpdebug.sources.script.analysis.standard import is_natural, multiple
from bpdebug.verify.repair.multiples import Multiples
from bpdebug.verify.repair.parts import GradientParts
from bpdebug.verify.repair.slopes import slopes_of

TOLERANCE, EXACT = 1e-6, 1e-9
MOST_PARAMETERS, MOST_SLOPES = 16, 24
MOST_INNER = 6
"""An activation that is written out has so many operations at most."""
Meaning = Literal["tensor", "parameter", "slope", ""]
"""The gradient of a tensor on the way or of a parameter, or the slope of an activation; empty: not known."""


class KnownGradients:
    """Knows the derived gradients of a forward pass.

    Parameters
    ----------
    analysis : Analysis
        What was recorded, and what it is a training of.
    gradients : mapping
        The derived gradients: the number of a node -> array; empty where they are those of another network.

    Attributes
    ----------
    parameters : tuple of str
        The names of what is trained; of many, the first ones.
    """

    def __init__(self, analysis: Analysis, gradients: Mapping[int, Any]) -> None:
        self.analysis, self.gradients = analysis, gradients
        self.parameters = tuple(one.name for one in analysis.parameters)[:MOST_PARAMETERS]
        self._sizes = {one.name: int(np.size(one.old.like)) for one in analysis.parameters}
        self._trained = {parameter.old.id for parameter in analysis.parameters}
        self._looked_up: dict[int, tuple[Mapping[int, Any], Multiples]] = {}

    @property
    def ratio(self) -> float | None:
        """The hand-written gradients are so many times the derived ones; None where that is not known."""
        return self.analysis.loss.verdicts.ratio if self.analysis.loss is not None else None

    @cached_property
    def by_stem(self) -> Mapping[str, tuple[int, ...]]:
        """The tensors that have a gradient, by what they are called last: `W1` for `self.W1`."""
        found: dict[str, tuple[int, ...]] = defaultdict(tuple)
        if self.analysis.loss is not None:
            forward = self.analysis.loss.reference.forward
            for number, name in forward.names.items():
                if number in self.gradients:
                    found[stem_of(forward.versions.get(name, name))] += (number,)
        return found

    @cached_property
    def _shapes(self) -> Mapping[str, set[Shape]]:
        """The shapes of the forward pass's tensors, by what they are called last; of data too."""
        found: dict[str, set[Shape]] = defaultdict(set)
        if self.analysis.loss is not None:
            forward = self.analysis.loss.reference.forward
            for number, name in forward.names.items():
                found[stem_of(forward.versions.get(name, name))].add(self.analysis.graph.nodes[number].shape)
        found.pop("", None)
        return found

    @cached_property
    def _without_gradient(self) -> set[str]:
        """What the forward pass reads and has no gradient of: what is named after it is not another's."""
        loss = self.analysis.loss
        if loss is None:
            return set()
        forward = loss.reference.forward
        return {stem_of(forward.versions.get(name, name)) for name in forward.inputs} - self.by_stem.keys()

    @cached_property
    def _single(self) -> Any:
        """The gradients of one element, as many times as the person's are."""
        each = [float(np.ravel(one)[0]) for one in self.gradients.values() if np.size(one) == 1]
        return (self.ratio or 1.0) * np.array(each)

    @cached_property
    def _slopes(self) -> Mapping[Shape, list[Any]]:
        """The slopes of the activations, by shape; of many of one shape, as in loops, some."""
        found: dict[Shape, list[Any]] = defaultdict(list)
        loss = self.analysis.loss if self.gradients else None
        if loss is not None:
            for slope in slopes_of(loss.reference.forward, loss.reference.values()):
                if len(found[slope.shape]) < MOST_SLOPES:
                    found[slope.shape].append(slope)
        return found

    @cached_property
    def parts(self) -> GradientParts | None:
        """The parts of the derived gradients."""
        loss = self.analysis.loss if self.gradients else None
        return None if loss is None else GradientParts(loss.reference, self.ratio or 1.0)

    def is_part(self, value: Any) -> bool:
        """Whether a value is what flows back through one reading of a tensor that has several."""
        array = as_numbers(value)
        return array is not None and self.parts is not None and self.parts.has(array)

    def named(self, names: Collection[str]) -> list[int]:
        """Return the tensors that something is the gradient of, by its names."""
        return [number for stem in _stems(names) for number in self.by_stem.get(stem, ())]

    def _meant(self, names: Collection[str]) -> list[int]:
        """Return what something is the gradient of by its names: of a gate, also of what it was applied to.

        In `dz = dh * (n - h) * z * (1 - z)`, z is a sigmoid, and the gradient has gone through it already.
        """
        found = self.named(names)
        for number in found:
            found += (one for one in self._behind(number) if one not in found)
        return found

    def _behind(self, number: int) -> list[int]:
        """Return the tensor that another was computed from element by element, and from nothing else."""
        graph, node = self.analysis.graph, self.analysis.graph.nodes[number]
        for _ in range(MOST_INNER):
            parents = [one for one in graph.parents(node) if np.size(one.like) > 1]
            if len(parents) != 1 or parents[0].shape != node.shape:
                return []
            node = parents[0]
            if node.id in self.gradients:
                return [node.id]
        return []

    def is_named(self, node: Node) -> bool:
        """Whether a tensor is called the gradient of something that has one."""
        return bool(self.named(node.names[:1]))

    def shape_of(self, name: str) -> Shape | None:
        """Return the shape of what something of a name is the gradient of; None where nobody knows."""
        shapes = self._shapes.get(stem_of_gradient(name), set())
        return next(iter(shapes)) if len(shapes) == 1 else None

    def is_single(self, name: str) -> bool:
        """Whether what is judged under a name is a single number: a parameter, or an element of one."""
        return self._sizes.get(name, 1) == 1

    def is_explained(self, node: Node, value: Any) -> bool:
        """Whether a tensor is the right gradient of what it is named after, or of anything; or a slope."""
        if self.is_gradient(value, self._meant(node.names[:1])):
            return True
        return not any(_stems(node.names[:1])) and self.is_slope(value)

    def is_gradient(self, value: Any, of: Sequence[int] = (), as_shaped: bool = False) -> bool:
        """Whether a value is a right gradient, but for a factor that people write.

        Of one of some tensors, if any are given; in its very shape, or also transposed or without an axis.
        """
        array = as_numbers(value)
        if array is None:
            return False
        gradients = self.gradients
        if array.size == 1:  # it is a multiple of anything, so it must be the same
            each = self._single
            if len(of) < len(gradients) and of:
                own = [gradients[number] for number in of if np.size(gradients[number]) == 1]
                each = (self.ratio or 1.0) * np.array([float(np.ravel(one)[0]) for one in own])
            return bool(np.any(np.abs(array.ravel()[0] - each) <= EXACT * np.abs(each)))
        for laid in (array, array.T) if array.ndim == 2 else (array,):
            for number, ratio in self._multiples(gradients).of(laid, of or gradients):
                is_misshapen = as_shaped and np.shape(gradients[number]) != array.shape
                if not is_misshapen and ratio * (self.ratio or ratio) > 0 and is_natural(ratio, TOLERANCE):
                    return True
        return False

    def meaning(self, value: Any) -> Meaning:
        """Say what a value is known to be: of equal ones, the gradient of a tensor that is no parameter."""
        inner = [number for number in self.gradients if number not in self._trained]
        if inner and self.is_gradient(value, inner, as_shaped=True):
            return "tensor"
        if self.is_gradient(value, [*self._trained & self.gradients.keys()], as_shaped=True):
            return "parameter"
        return "slope" if self.is_slope(value) else ""

    def exactly(self, node: Node, value: Any, gradients: Mapping[int, Any]) -> Iterator[int]:
        """Yield the tensors of which a value is the gradient, just as many times as all of them are.

        Parameters
        ----------
        node : Node
            Whose value it is.
        value : array
            The value.
        gradients : mapping
            The derived gradients for the same values of the parameters.
        """
        array = as_numbers(value)
        if array is None or not self._without_gradient.isdisjoint(_stems(node.names[:1])):
            return
        for number, ratio in self._multiples(gradients).of(array, self._meant(node.names[:1]) or gradients):
            if np.shape(gradients[number]) == array.shape and self._is_as_all(ratio):
                yield number

    def _multiples(self, gradients: Mapping[int, Any]) -> Multiples:
        """Return what looks up which gradients a value is a multiple of; it is made once of each set."""
        known = self._looked_up.get(id(gradients))
        if known is None or known[0] is not gradients:
            known = self._looked_up[id(gradients)] = gradients, Multiples(gradients, TOLERANCE)
        return known[1]

    def _is_as_all(self, ratio: float) -> bool:
        """Whether a gradient is as many times the derived one as the others are; without any, as it is."""
        wanted = self.ratio if self.ratio is not None else 1.0
        return abs(ratio - wanted) <= TOLERANCE * abs(wanted)

    def is_slope(self, value: Any) -> bool:
        """Whether a value is the slope of an activation."""
        array = as_numbers(value)
        if array is None or array.size == 1:
            return False
        return any(np.allclose(array, one, TOLERANCE, TOLERANCE) for one in self._slopes.get(array.shape, ()))

    def gradient_of(self, value: Any) -> str:
        """Return the tensor that a value is the gradient of, as the person named it."""
        loss = self.analysis.loss
        assert loss is not None
        for number, reference in self.gradients.items():
            has_shape = np.shape(reference) == np.shape(value) and np.size(value) > 1
            if has_shape and multiple(value, reference, TOLERANCE) is not None:
                return loss.reference.forward.names.get(number, "")
        return ""


def _stems(names: Collection[str]) -> set[str]:
    """Return what something is the gradient of by its names."""
    return {stem_of_gradient(name) for name in names}


def as_numbers(value: Any) -> Any:
    """Return a value as an array of floats; None where it is none, or holds nothing but zeros."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return array if array.any() else None
