"""What a layer kind is: forward statements, and what a scenario may say about such a layer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from bpdebug.engine.expression.nodes import Statement
from bpdebug.engine.layers.layout import Layout, Pattern


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that belongs to a layer, and that training changes.

    Attributes
    ----------
    name : str
        Its key in a scenario, and its name in the program before the layer's number.
    shape : callable
        (layout) -> its extents; those named in the kind's input pattern are known, the others it defines.
    required : bool
        Whether a layer can do without it.
    """

    name: str
    shape: Callable[[Layout], Pattern]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """A choice that a scenario makes for a layer, such as its activation."""

    name: str
    choices: tuple[str, ...]
    default: str


@dataclass(frozen=True, slots=True)
class LayerKind:
    """A kind of layer; one entry is all that there is to it.

    Attributes
    ----------
    name : str
        What a scenario calls it.
    input : callable
        (layout) -> the shape of what comes in.
    parameters : tuple of Parameter
        Its own tensors.
    settings : tuple of Setting
        Its choices.
    title : callable
        (settings) -> what the listing calls such a layer.
    forward : callable
        (number of the layer, settings, names of the parameters that it has, layout) -> its statements,
        in terms of `a{number - 1}`, which comes in, and `a{number}`, which goes out.
    panels : tuple of str
        The roles of its tensors, in the order in which they are shown: what comes in is `a_prev`.
    explanations : mapping
        For each role of a statement, one sentence that says why it is computed this way.
    """

    name: str
    input: Callable[[Layout], Pattern]
    parameters: tuple[Parameter, ...]
    settings: tuple[Setting, ...]
    title: Callable[[Mapping[str, str]], str]
    forward: Callable[[int, Mapping[str, str], Collection[str], Layout], tuple[Statement, ...]]
    panels: tuple[str, ...]
    explanations: Mapping[str, str] = field(default_factory=dict)
