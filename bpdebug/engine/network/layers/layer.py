"""A layer of a network: what its kind says in roles, written in the names that its tensors have there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Name, Statement, TimeStep, with_names
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.layers.kind import INPUT_ROLE, LayerKind, Value, input_roles, role_of_gradient
from bpdebug.engine.network.layers.layout import COLUMNS, Layout
from bpdebug.engine.network.layers.time_steps import AtStep, Role, name_in_layer
from bpdebug.engine.program.block import Block


@dataclass(frozen=True, kw_only=True)
class Layer(Block):
    """One layer of a network, with what it was written from.

    Attributes
    ----------
    kind : LayerKind
        What it is.
    settings : mapping
        Its choices, such as the activation.
    layout : Layout
        How its tensors are laid out.
    given : mapping
        Role -> name of the tensors that it does not compute.
    incoming : mapping
        Those of them that come in: what other layers give, or the network's input.
    forward : tuple of Statement
        What it computes forwards, as its kind writes it.
    owner : int
        The number of the layer whose parameters it uses: its own, where it does not share.
    """

    kind: LayerKind
    settings: Mapping[str, Value]
    layout: Layout
    given: Mapping[str, str]
    incoming: Mapping[str, str]
    forward: tuple[Statement, ...]
    owner: int


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
    coming_in = dict(zip(input_roles(len(incoming)), incoming, strict=True))
    given = coming_in | {
        parameter.name: f"{parameter.name}{owner or number}"
        for parameter in kind.parameters
        if parameter.name in shapes
    }
    given |= {made.name: name_in_layer(made.role, number) for made in kind.generated}
    written = kind.forward(settings, {role: shapes.get(role, ()) for role in given}, layout)
    named = {**given, **{str(role): name_in_layer(role, number) for role in written}}
    tensors = {role: Name(name) for role, name in named.items()}
    steps = {name_in_layer(role, number): step for role, step in _steps(kind, written, number)}
    forward = tuple(
        Statement(
            named[str(role)],
            with_names(parse(text), tensors),
            layer=number,
            role=str(role),
            step=steps.get(named[str(role)]),
        )
        for role, text in written.items()
    )
    together: dict[str, list[str]] = {}
    for role, name in named.items():
        together.setdefault(steps[name].role if name in steps else role, []).append(role)
    shown = dict.fromkeys((*input_roles(len(incoming)), *kind.panels))
    return Layer(
        number=number,
        title=kind.title(settings),
        tensors={role: named[role] for panel in shown for role in together.get(panel, ())},
        gradient_roles={role: role_of_gradient(role) for role in (*named, *together)},
        steps=steps,
        explanations=_explanations(kind, len(incoming)),
        kind=kind,
        settings=settings,
        layout=layout,
        given=given,
        incoming=coming_in,
        forward=forward,
        owner=owner or number,
    )


def _steps(kind: LayerKind, written: Iterable[Role], number: int) -> Iterator[tuple[Role, TimeStep]]:
    """Yield the time step of everything that belongs to one, by its role."""
    for role in (*(made.role for made in kind.generated), *written):
        if isinstance(role, AtStep):
            yield role, role.of_layer(number)


def _explanations(kind: LayerKind, inputs: int) -> Mapping[str, str]:
    """Return what is said of each role: of `d_prev` it holds for every tensor that comes in."""
    passed_on = kind.explanations.get(role_of_gradient(INPUT_ROLE))
    if passed_on is None or inputs == 1:
        return kind.explanations
    return {**dict.fromkeys(map(role_of_gradient, input_roles(inputs)), passed_on), **kind.explanations}
