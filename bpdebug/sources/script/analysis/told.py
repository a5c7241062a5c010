"""What the person says in place of what would be found, and what to answer where there is no such thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.nearest import suggestion
from bpdebug.errors import BpdebugError
from bpdebug.sources.pairs import read_pairs
from bpdebug.sources.script.analysis.computed import stem_of
from bpdebug.sources.script.analysis.errors import Dependence
from bpdebug.sources.script.analysis.losses import implied_losses
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.numbering import Graph

LOSS, GRADIENT, PARAMETER, INTENDED = "--loss", "--gradient", "--parameter", "--intended"
MOST_NAMED = 12


class Told(NamedTuple):
    """What the person says in place of what would be found.

    Attributes
    ----------
    loss : str
        The name of the loss, the line that computes or implies it, or a kind: `mse`, `bce`, `ce`, `mae`.
    gradients : mapping
        The name of a tensor -> the name of its gradient.
    parameters : tuple of str
        The only parameters to look at.
    intended : tuple of str
        The functions whose backward is meant to be another than the derivative.
    """

    loss: str = ""
    gradients: Mapping[str, str] = MappingProxyType({})
    parameters: tuple[str, ...] = ()
    intended: tuple[str, ...] = ()

    def __str__(self) -> str:
        pairs = (f"{tensor}={gradient}" for tensor, gradient in self.gradients.items())
        loss = (self.loss,) if self.loss else ()
        said = {LOSS: loss, GRADIENT: pairs, PARAMETER: self.parameters, INTENDED: self.intended}
        return " ".join(f"{option} {word}" for option, words in said.items() for word in words)


def read_gradients(texts: Sequence[str]) -> Mapping[str, str]:
    """Read which tensor is whose gradient, `TENSOR=GRADIENT` texts.

    Raises
    ------
    BpdebugError
        If a text is not of that form, or a tensor is given two gradients.
    """
    return read_pairs(texts, GRADIENT, "TENSOR=GRADIENT", "W1=dW1", "{0} has a gradient already, {1}")


def hold_gradients(graph: Graph, told: Mapping[str, str]) -> None:
    """Raise a `BpdebugError` if a tensor or a gradient that the person names is not there."""
    names = list(dict.fromkeys(name for node in graph.nodes for name in node.names)) if told else []
    known = {*names, *map(stem_of, names)}
    for tensor, gradient in told.items():
        for name in (tensor, gradient):
            if name not in known:
                _refuse(f"{GRADIENT} {tensor}={gradient}", f"no tensor is called {name}", name, names)


def only(parameters: Sequence[TrainedParameter], told: Sequence[str]) -> tuple[TrainedParameter, ...]:
    """Return the parameters that the person names; all of them where nothing is said.

    Raises
    ------
    BpdebugError
        If one is not there.
    """
    if not told:
        return tuple(parameters)
    names = [parameter.name for parameter in parameters]
    for name in told:
        if name not in names and name not in map(stem_of, names):
            _refuse(f"{PARAMETER} {name}", "nothing that is trained is called so", name, names)
    return tuple(one for one in parameters if {one.name, stem_of(one.name)} & set(told))


def hold_intended(told: Sequence[str], called: Sequence[str]) -> None:
    """Raise a `BpdebugError` if a function that the person names was not called, of those that were."""
    for name in told:
        if name not in called:
            _refuse(
                f"{INTENDED} {name}", "no function of this name has a backward that was called", name, called
            )


def refuse_loss(known: Dependence, told: str) -> None:
    """Raise a `BpdebugError`: nothing that can be meant is a loss; say what could be."""
    _refuse(
        f"{LOSS} {told}", "there is no such loss, or nothing can be derived from it", told, _losses(known)
    )


def _losses(known: Dependence) -> Iterator[str]:
    """Yield what may be told: names of single numbers, the last first, and the kinds that are implied."""
    for node in reversed(known.graph.nodes):
        if known.on[known.graph.of(node).id] and np.size(node.like) == 1 and node.names:
            yield node.names[0]
    for candidate in implied_losses(known):
        if candidate.kind is not None:
            yield candidate.kind.short


def _refuse(option: str, message: str, name: str, known: Iterator[str] | Sequence[str]) -> None:
    words = list(dict.fromkeys(known))
    more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    found = f" (found {', '.join(words[:MOST_NAMED])}{more})" if words else ""
    raise BpdebugError(f"{option}: {message}{suggestion(name, words)}{found}")
