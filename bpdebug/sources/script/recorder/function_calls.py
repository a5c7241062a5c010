"""What a library that derives gradients is asked for, as nodes: what is gone back from, and the calls of
functions whose gradients a person wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.sites import Site


class GoneBack(NamedTuple):
    """A way back through what was computed: `loss.backward()`.

    Attributes
    ----------
    loss : Node
        What it begins with.
    one : Node
        The gradient of that, 1, from which all others are computed.
    gradients : list of (Node, Node)
        The leaves that it came to, each with the gradient that stood in it then.
    without : mapping
        The leaves that an optimizer was to move with these, and had no gradient of -> where what was computed
        until then left the graph: the number of a node -> the place.
    """

    loss: Node
    one: Node
    gradients: list[tuple[Node, Node]]
    without: dict[Node, Mapping[int, Site | None]]


class Overwritten(NamedTuple):
    """An incoming gradient that was written to, and the first value that it got."""

    place: int
    node: Node


@dataclass(eq=False)
class FunctionCall:
    """One call of a function with a backward of its own: a custom `autograd.Function`, a `custom_vjp`.

    Attributes
    ----------
    library : str
        The library that calls them.
    function : type or callable
        The class, or the function.
    file : str
        Where its backward stands.
    names : tuple of str
        What `forward` calls its inputs.
    arguments : tuple
        The inputs.
    inputs, outputs : tuple of (Node or None)
        They, and what `forward` returned; None for what is no tensor.
    wanted : tuple of bool
        Whether a gradient of an input is asked for.
    incoming : tuple of (Node or None)
        The gradients of the outputs, as `backward` got them; empty as long as it was not called.
    gradients : tuple of (Node or None)
        What `backward` returned.
    overwritten : tuple of Overwritten
        The incoming gradients that `backward` wrote to.
    refused : str
        What the library refuses of what `backward` returned, where it does.
    again : callable or None
        Computes the outputs from the inputs once more, where that is not a method of the class.
    title : str
        What it is called, where that is not the name of the class.
    """

    library: str
    function: Any
    file: str
    names: tuple[str, ...]
    arguments: tuple[Any, ...]
    inputs: tuple[Node | None, ...]
    wanted: tuple[bool, ...]
    outputs: tuple[Node | None, ...] = ()
    incoming: tuple[Node | None, ...] = ()
    gradients: tuple[Node | None, ...] = ()
    overwritten: tuple[Overwritten, ...] = ()
    refused: str = ""
    again: Callable[..., Any] | None = None
    title: str = ""

    @property
    def name(self) -> str:
        """What the class or the function is called."""
        return self.title or str(self.function.__qualname__).rpartition("<locals>.")[2]


@dataclass(frozen=True, eq=False)
class UnseenWrite:
    """What something that nobody sees into left in some memory: a function of all that went into the call.

    Attributes
    ----------
    call : FunctionCall
        The call.
    incoming : tuple, optional
        The incoming gradients, where it is the backward that wrote it.
    """

    call: FunctionCall
    incoming: tuple[Any, ...] | None

    @property
    def __name__(self) -> str:
        """What it is called in a message."""
        return f"{self.call.name}, unseen"
