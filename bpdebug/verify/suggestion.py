"""A scenario on which mistakes look different: unequal sizes, a batch of five, numbers of both signs.

A batch of one hides a missing sum, a batch of two makes m look like 2, square weights hide a transpose,
and numbers of one sign hide a relu. The suggestion has the layers of the user's network and none of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.layers import Pattern
from bpdebug.engine.layers.layout import BATCH
from bpdebug.engine.program import Layer, Program, infer_shapes
from bpdebug.errors import BpdebugError

EXAMPLES = 5
SMALLEST = 3


def suggested_scenario(program: Program, title: str) -> str:
    """Write a scenario for the same layers as TOML.

    Parameters
    ----------
    program : Program
        The user's network.
    title : str
        What it is called.

    Raises
    ------
    BpdebugError
        If it has no layers: of a program of the user's own, only the user knows which sizes are free.
    """
    if not program.layers:
        raise BpdebugError("a suggestion varies the sizes of layers: found a program without any")
    first = program.layers[0]
    data = tuple(EXAMPLES if extent == BATCH else SMALLEST for extent in first.kind.input(first.layout))
    blocks = [
        f'title = "{title}, made to tell mistakes apart"\n'
        'about = "Unequal sizes, a batch of five, both signs: each mistake gives numbers of its own."\n'
        f'layout = "{first.layout.name}"\nweight_shape = "{first.layout.weight_shape}"\n',
        f"[inputs]\na0 = {_random(data, 0)}\n",
    ]
    incoming = data
    for layer in program.layers:
        extents = _extents(layer.kind.input(layer.layout), incoming)
        shapes = dict(_parameter_shapes(layer, extents))
        lines = ["[[layers]]", f'kind = "{layer.kind.name}"']
        lines += [f'{name} = "{value}"' for name, value in layer.settings.items()]
        lines += [f"{name} = {_random(shape, layer.number)}" for name, shape in shapes.items()]
        blocks.append("\n".join(lines) + "\n")
        incoming = _result(layer, incoming, shapes)
    seed = program.seed or f"a{len(program.layers)}"
    blocks.append(f"[gradient]\nd{seed} = {_random(incoming, len(program.layers) + 1)}\n")
    return "\n".join(blocks)


def _extents(pattern: Pattern, shape: Shape) -> dict[str | int, int]:
    return dict(zip(pattern, shape, strict=True))


def _parameter_shapes(layer: Layer, extents: dict[str | int, int]) -> Iterator[tuple[str, Shape]]:
    """Yield the shape of each parameter that the layer has; a new extent differs from all known ones."""
    for parameter in layer.kind.parameters:
        if parameter.name in layer.tensors:
            pattern = parameter.shape(layer.layout)
            for extent in pattern:
                if isinstance(extent, str) and extent not in extents:
                    extents[extent] = next(n for n in range(SMALLEST, 99) if n not in extents.values())
            yield (
                parameter.name,
                tuple(extent if isinstance(extent, int) else extents[extent] for extent in pattern),
            )


def _result(layer: Layer, incoming: Shape, shapes: Mapping[str, Shape]) -> Shape:
    """Return the shape of what the layer gives."""
    number = layer.number
    inputs = {f"{name}{number}": shape for name, shape in shapes.items()}
    statements = layer.kind.forward(number, layer.settings, tuple(shapes), layer.layout)
    return infer_shapes({f"a{number - 1}": incoming, **inputs}, statements)[f"a{number}"]


def _random(shape: Shape, seed: int) -> str:
    return f'{{ random = "normal", shape = {list(shape)}, seed = {seed} }}'
