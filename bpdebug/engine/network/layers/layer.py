"""A layer of a network: what its kind says in roles, written in the names that its tensors have there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from bpdebug.engine.language.nodes import Expression, Name, Statement, rewrite
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.layers.kind import LayerKind, Value, input_roles, is_input_role, role_of_gradient
from bpdebug.engine.network.layers.layout import COLUMNS, Layout
from bpdebug.engine.network.layers.time_steps import at_step, name_in_layer, without_step

if TYPE_CHECKING:
    from bpdebug.engine.language.forms import Shape
    from bpdebug.engine.network.losses.objective import Objective


class Layer(NamedTuple):
    """One layer of a network, as the program lists it.

    Attributes
    ----------
    number : int
        Its place, from 1.
    title : str
        What the listing calls it: `dense relu`.
    kind : LayerKind or Objective
        What it is; a loss is listed as one layer more, after the last.
    settings : mapping
        Its choices, such as the activation.
    tensors : mapping
        Role -> name, in the order in which they are shown: `{"a_prev": "a0", "w": "w1", ...}`.
    layout : Layout
        How its tensors are laid out.
    given : mapping
        Role -> name of the tensors that it does not compute; none for a loss.
    forward : tuple of Statement
        What it computes forwards, as its kind writes it; none for a loss.
    """

    number: int
    title: str
    kind: LayerKind | Objective
    settings: Mapping[str, Value]
    tensors: Mapping[str, str]
    layout: Layout = COLUMNS
    given: Mapping[str, str] = MappingProxyType({})
    forward: tuple[Statement, ...] = ()

    @property
    def is_loss(self) -> bool:
        """Whether it is the loss."""
        return not isinstance(self.kind, LayerKind)

    @property
    def place(self) -> str:
        """What a person calls it: `layer 2 dense relu`, `loss mse`."""
        return f"loss {self.title}" if self.is_loss else f"layer {self.number} {self.title}"

    def tensors_at(self, step: int | None) -> dict[str, str]:
        """Return role -> name of the tensors to show at a time step: its own, and those of all steps.

        Parameters
        ----------
        step : int, optional
            The time step; None for the tensors that belong to no single one.
        """
        if not isinstance(self.kind, LayerKind):
            return dict(self.tensors)
        inputs = (role for role in self.given if is_input_role(role))
        shown: dict[str, str] = {}
        for role in dict.fromkeys((*inputs, *self.kind.panels)):
            there = role if step is None or role in self.tensors else at_step(role, step)
            if there in self.tensors:
                shown[role] = self.tensors[there]
        return shown

    def roles_of_gradients(self) -> dict[str, str]:
        """Return what the gradient of each of its tensors is to this layer: `d_prev`, `dw`, `dh_t3`."""
        return {name: role_of_gradient(role) for role, name in reversed([*self.tensors.items()])}

    def role_of_gradient(self, name: str) -> str:
        """Return what the gradient of a tensor is to this layer; empty if nothing."""
        return self.roles_of_gradients().get(name, "")


def make_layer(
    number: int,
    kind: LayerKind,
    settings: Mapping[str, Value],
    shapes: Mapping[str, Shape],
    layout: Layout = COLUMNS,
    incoming: Sequence[str] = (),
    owner: int = 0,
) -> Layer:
    """Write layer `number`: what its kind says in roles, in the names that its tensors have here.

    Parameters
    ----------
    number : int
        Its place, from 1.
    kind : LayerKind
        What it is.
    settings : mapping
        Its choices.
    shapes : mapping
        Role -> shape of the tensors that it is given, its parameters and what comes in; 0 for a length that
        is not known.
    layout : Layout
        How its tensors are laid out.
    incoming : sequence of str
        The tensors that come in; by default what the layer before gives.
    owner : int
        The number of the layer whose parameters they are, where they are not its own.
    """
    incoming = incoming or (f"a{number - 1}",)
    given = dict(zip(input_roles(len(incoming)), incoming, strict=True))
    given |= {
        parameter.name: f"{parameter.name}{owner or number}"
        for parameter in kind.parameters
        if parameter.name in shapes
    }
    given |= {generated.name: name_in_layer(generated.name, number) for generated in kind.generated}
    written = kind.forward(settings, {role: shapes.get(role, ()) for role in given}, layout)
    named = {**given, **{role: name_in_layer(role, number) for role in written}}

    def in_names(node: Expression) -> Expression:
        return Name(named[node.id]) if isinstance(node, Name) else node

    forward = tuple(
        Statement(named[role], rewrite(parse(text), in_names), layer=number, role=role)
        for role, text in written.items()
    )
    steps: dict[str, list[str]] = {}
    for role in named:
        steps.setdefault(without_step(role), []).append(role)
    shown = dict.fromkeys((*input_roles(len(incoming)), *kind.panels))
    tensors = {role: named[role] for panel in shown for role in steps.get(panel, ())}
    return Layer(number, kind.title(settings), kind, settings, tensors, layout, given, forward)
