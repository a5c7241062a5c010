"""What a layer kind is: forward statements, and what a scenario may say about such a layer.

A kind writes in roles: `z = w @ a_prev + b`. Which tensors these are in a network, `w2` or `a1`, is the
network's business, so that a layer may read any other, several others, or the parameters of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.network.layers.layout import Layout, Pattern
from bpdebug.engine.network.layers.time_steps import Role

INPUT_ROLE = "a_prev"
"""The role of what comes in; of the second tensor that comes in it is `a_prev2`, and so on."""

Value = str | float | tuple[int, ...]
"""The value of a setting; a switch is a bool, which is a number too."""


def input_roles(count: int) -> tuple[str, ...]:
    """Return the roles of so many tensors that come in."""
    return (INPUT_ROLE, *(f"{INPUT_ROLE}{number}" for number in range(2, count + 1)))


def is_input_role(role: str) -> bool:
    """Whether this is the role of what comes in."""
    return role.startswith(INPUT_ROLE)


def role_of_gradient(role: str) -> str:
    """Return the role of the gradient of a tensor: `dw`, `d_prev`."""
    return role.replace(INPUT_ROLE, "d_prev") if is_input_role(role) else f"d{role}"


class Parameter(NamedTuple):
    """A tensor that belongs to a layer, and that training changes.

    Attributes
    ----------
    name : str
        Its key in a scenario, and its name in the program before the layer's number.
    shape : callable
        (layout) -> its extents; those named in the kind's input pattern are known, the others it defines.
    required : bool
        Whether a layer can do without it.
    per_channel : bool
        Whether it has a number for each channel: then a plain list will do too, as PyTorch has it.
    is_bias : bool
        Whether it is added to something: a penalty on the weights leaves it out unless it is asked for.
    may_be_a_row : bool
        Whether, where examples are rows, a single row will do in the place of a list.
    """

    name: str
    shape: Callable[[Layout], Pattern]
    required: bool = True
    per_channel: bool = False
    is_bias: bool = False
    may_be_a_row: bool = False


class Setting(NamedTuple):
    """A choice that a scenario makes for a layer, such as its activation.

    Attributes
    ----------
    name : str
        Its key in a scenario.
    choices : tuple of str
        What it may be; where there are none it is a number, a switch, or a list of whole numbers, of the
        type of the default.
    default : str, int, float, bool or tuple of int
        What it is where the scenario does not say.
    bounds : mapping
        For a number, and for each of a list, its limits: of `gt`, `ge`, `lt`, `le` those that it has.
    axes : int
        For a whole number, along how many axes it may differ: a list of so many is a number for each.
    """

    name: str
    choices: tuple[str, ...] = ()
    default: Value = ""
    bounds: Mapping[str, float] = MappingProxyType({})
    axes: int = 1


def written_options(settings: Mapping[str, Value], options: Iterable[Setting]) -> str:
    """Write the settings that are options of a function, `, stride=2`, but for those at their defaults."""
    chosen = ((option.name, settings[option.name], option.default) for option in options)
    return "".join(f", {name}={value}" for name, value, default in chosen if value != default)


def written_extents(value: Value) -> str:
    """Write a setting as height and width, `2×3`; one number stands for both."""
    return "×".join(map(str, value if isinstance(value, tuple) else (value, value)))


class Generated(NamedTuple):
    """A tensor that a layer is given and that need not be written down: its settings say what is in it.

    Attributes
    ----------
    role : str or AtStep
        What it is to the layer; with the layer's number it is its name in the program.
    shape : callable
        (layout) -> its extents, all of which the patterns of the kind's input and parameters name.
    values : callable
        (settings, shape) -> its numbers.
    refusal : callable, optional
        (settings, numbers that a scenario gives in their place) -> what is wrong with them, if anything. A
        scenario may only give them where there is one.
    """

    role: Role
    shape: Callable[[Layout], Pattern]
    values: Callable[[Mapping[str, Value], Shape], Array]
    refusal: Callable[[Mapping[str, Value], Array], str] | None = None

    @property
    def name(self) -> str:
        """Its role as text."""
        return str(self.role)


Formulas = Mapping[str, str] | Mapping[Role, str]
"""Role -> the expression of its tensor, in terms of roles."""


class LayerKind(NamedTuple):
    """A kind of layer; one entry is all that there is to it.

    Attributes
    ----------
    name : str
        What a scenario calls it.
    input : callable
        (layout) -> the shape of what comes in, of each tensor where there are several.
    parameters : tuple of Parameter
        Its own tensors.
    settings : tuple of Setting
        Its choices.
    title : callable
        (settings) -> what the listing calls such a layer.
    forward : callable
        (settings, shapes of the tensors that it is given, by their roles, layout) -> the expression of each
        result by its role, in order, in terms of the roles; `a_prev` comes in, `a` goes out. The role of
        what is computed at every time step is an `AtStep`, written `h_t3`. A length that is not known yet
        is 0.
    panels : tuple of str
        The roles of its tensors, in the order in which they are shown; those that a layer lacks are
        left out. A role stands for all of its time steps: `h` for `h_t1`, `h_t2`, and so on.
    explanations : mapping
        For each role of a statement, whatever its time step, one sentence that says why it is computed this
        way.
    inputs : range
        How many tensors may come in.
    layouts : tuple of str
        The layouts that it knows.
    generated : tuple of Generated
        What it is given besides.
    looks_up : str
        The parameter whose rows the numbers that come in name; empty where they are numbers to compute with.
    unrolled : int, optional
        The axis of what comes in that its statements are repeated along, once for each time step.
    """

    name: str
    input: Callable[[Layout], Pattern]
    parameters: tuple[Parameter, ...]
    settings: tuple[Setting, ...]
    title: Callable[[Mapping[str, Value]], str]
    forward: Callable[[Mapping[str, Value], Mapping[str, Shape], Layout], Formulas]
    panels: tuple[str, ...]
    explanations: Mapping[str, str] = MappingProxyType({})
    inputs: range = range(1, 2)
    layouts: tuple[str, ...] = ("columns", "rows")
    generated: tuple[Generated, ...] = ()
    looks_up: str = ""
    unrolled: int | None = None
