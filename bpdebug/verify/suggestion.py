"""A scenario on which mistakes look different: unequal sizes, another batch, numbers of both signs.

A batch of one hides a missing sum, a batch of two makes m look like 2, square weights hide a transpose,
and numbers of one sign hide a relu. The suggestion has the layers of the user's network, and its loss, and
none of that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from bpdebug.engine.language.forms import Shape, element_count
from bpdebug.engine.network.layers.kind import INPUT_ROLE, Value
from bpdebug.engine.network.layers.layer import Layer, make_layer
from bpdebug.engine.network.layers.layout import BATCH, Multiple, length_of
from bpdebug.engine.network.losses import LossLayer, Objective
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.shapes import infer_shapes
from bpdebug.errors import BpdebugError, ShapeError
from bpdebug.sources.scenario.channels import AXES, FILTERS, IMAGES, turned_back
from bpdebug.sources.scenario.joining import INPUT
from bpdebug.sources.scenario.shapes import pattern_of, with_axes

EXAMPLES = 5
"""The batch, unless a parameter has a size of so many."""
SMALLEST = 3

Order = tuple[int, ...]
"""For each axis of a tensor of the program, its axis in a file; empty where they are the same."""
NewLength = Callable[[int, Collection[int]], int]
"""(the length that the user has, the lengths that are taken) -> the one to use in its place."""


def suggested_scenario(program: Program, title: str, axes: str = "nchw") -> str:
    """Write a scenario for the same layers as TOML.

    Parameters
    ----------
    program : Program
        The user's network.
    title : str
        What it is called.
    axes : str
        How the user's own code lays out images: `nchw`, or `nhwc` with the channels last.

    Raises
    ------
    BpdebugError
        If it has no layers: of a program of the user's own, only the user knows which sizes are free.
    """
    layers = [layer for layer in program.blocks if isinstance(layer, Layer)]
    if not layers:
        raise BpdebugError("a suggestion varies the sizes of layers: found a program without any")
    layout = layers[0].layout
    blocks = [
        f"title = {json.dumps(f'{title}, made to tell mistakes apart', ensure_ascii=False)}\n"
        'about = "Unequal sizes, another batch, both signs: each mistake gives numbers of its own."\n'
        f'layout = "{layout.name}"\nweight_shape = "{layout.weight_shape}"\n'
    ]
    is_chain = all(map(_follows, layers))
    shapes = _new_shapes(program, is_chain)
    images, filters = (IMAGES, FILTERS) if axes == "nhwc" else ((), ())
    tables = {layer.number: _table(layer, shapes, is_chain, layers, filters) for layer in layers}
    turned = f'{AXES} = "{axes}"\n' if images else ""
    blocks.append(f"[inputs]\n{turned}{INPUT} = {_input(program, shapes, images)}\n")
    blocks += tables.values()
    output = shapes[f"a{len(tables)}"]
    last = program.blocks[-1]
    if isinstance(last, LossLayer):
        blocks.append("\n".join(["[loss]", *_loss(last.objective, output, images)]) + "\n")
    else:
        seed = program.seed or f"a{len(program.blocks)}"
        blocks.append(f"[gradient]\nd{seed} = {_random(output, len(program.blocks) + 1, images)}\n")
    return "\n".join(blocks)


def _follows(layer: Layer) -> bool:
    """Whether a layer reads the one before and nothing else, with parameters of its own."""
    return list(layer.incoming.values()) == [f"a{layer.number - 1}"] and layer.owner == layer.number


def _input(program: Program, shapes: Mapping[str, Shape], images: Order) -> str:
    """Write the network's input; where it is numbers of rows, with some of them twice."""
    for layer in program.blocks:
        if isinstance(layer, Layer) and layer.kind.looks_up:
            rows = shapes[layer.given[layer.kind.looks_up]][0]
            numbers = np.arange(element_count(shapes[INPUT])) % max(rows - 1, 1)
            return str(numbers.reshape(shapes[INPUT]).tolist())
    return _random(shapes[INPUT], 0, images)


def _new_shapes(program: Program, is_chain: bool) -> dict[str, Shape]:
    """Return shapes on which mistakes look different, of all that the layers read and write.

    The sizes are those that the user's code has, but for the batch. In a chain a size that is equal to
    another of its layer becomes one of its own; in a graph what is added up must stay equal, and the filters
    of an image have its channels.
    """

    def own(length: int, taken: Collection[int]) -> int:
        return length if length not in taken else next(n for n in range(SMALLEST, 99) if n not in taken)

    if is_chain:
        with suppress(ShapeError):
            return _shapes_with(program, own)
    return _shapes_with(program, lambda length, _: length)


def _shapes_with(program: Program, new_length: NewLength) -> dict[str, Shape]:
    numbers = dict.fromkeys(statement.layer for statement in program.statements if statement.layer)
    shapes: dict[str, Shape] = {}
    for number in numbers:  # in the order in which they run
        layer = program.blocks[number - 1]
        if isinstance(layer, Layer):
            shapes |= _shapes(program, layer, shapes, new_length)
    return shapes


def _table(
    layer: Layer, shapes: Mapping[str, Shape], is_chain: bool, layers: Sequence[Layer], filters: Order
) -> str:
    """Write the table of a layer; where layers do not just follow each other, with what it reads."""
    kind = layer.kind
    lines = ["[[layers]]", f'kind = "{kind.name}"']
    if not is_chain:
        results = {INPUT: "input", **{one.tensors["a"]: f"layer{one.number}" for one in layers}}
        sources = [results[name] for name in layer.incoming.values()]
        words = ", ".join(f'"{source}"' for source in sources)
        lines += [f'name = "layer{layer.number}"', f"inputs = [{words}]"]
    lines += [f"{name} = {toml_text(value)}" for name, value in layer.settings.items()]
    if layer.owner != layer.number:
        lines.append(f'share = "layer{layer.owner}"')
    else:
        lines += [
            f"{parameter.name} = {_random(shapes[layer.given[parameter.name]], layer.number, filters)}"
            for parameter in kind.parameters
            if parameter.name in layer.given
        ]
    return "\n".join(lines) + "\n"


def toml_text(value: Value) -> str:
    """Write the value of a setting as TOML does."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return str(list(value))
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _loss(objective: Objective, output: Shape, images: Order) -> Iterator[str]:
    """Yield the lines of a loss, with a target for an output of another shape."""
    kind, axis = objective.kind, objective.class_axis
    classes = _classes(output, axis)
    yield f'kind = "{kind.name}"'
    if kind.target == "numbers":
        yield f"target = {_random(output, 0, images)}"
    elif objective.has_classes:
        yield f"target = {classes.tolist()}"
    else:
        ones = np.moveaxis(np.eye(output[axis])[classes], -1, axis)
        if ones.ndim == len(images):
            ones = np.moveaxis(ones, range(len(images)), images)
        yield f"target = {ones.tolist()}"
    if kind.target == "classes":
        yield f"axis = {axis}"
    yield f'reduction = "{objective.reduction}"'
    yield f'batch_mean = "{"at_parameters" if objective.at_parameters else "at_loss"}"'
    for name, value in objective.choices.items():
        yield f"{name} = {value!r}" if name in kind.numbers else f'{name} = "{value}"'
    if objective.l2:
        bias = "true" if objective.penalises_biases else "false"
        yield f"regularisation = {{ l2 = {objective.l2!r}, bias = {bias} }}"


def _classes(output: Shape, axis: int) -> NDArray[np.intp]:
    """Return a class for each place of an output, which changes from one place to the next."""
    places = tuple(extent for number, extent in enumerate(output) if number != axis % len(output))
    return np.arange(element_count(places)).reshape(places) % output[axis]


def _shapes(
    program: Program, layer: Layer, shapes: Mapping[str, Shape], new_length: NewLength
) -> dict[str, Shape]:
    """Return the shapes of all tensors of a layer; those that come in decide on some of its parameters'."""
    given = {role: name for role, name in layer.given.items() if name not in shapes}
    known = {name: shapes[name] for name in layer.given.values() if name in shapes}
    kind = layer.kind
    lengths = {length for name in program.parameters for length in program.shapes[name]}
    extents: dict[str, int] = {BATCH: next(n for n in range(EXAMPLES, 99) if n not in lengths)}
    incoming = layer.given[INPUT_ROLE]
    axes = len(program.shapes[incoming])
    pattern = with_axes(kind.input(layer.layout), axes)
    if incoming in known:
        named = zip(pattern, known[incoming], strict=True)
        extents |= {extent: length for extent, length in named if isinstance(extent, str)}
    patterns = {role: kind.input(layer.layout) for role in given if role in layer.incoming}
    patterns |= {
        one.name: pattern_of(one, layer.layout, pattern, program.shapes.get(layer.given.get(one.name, "")))
        for one in kind.parameters
    }
    patterns |= {made.name: made.shape(layer.layout) for made in kind.generated}
    for role in (role for role in patterns if role in given):
        own = with_axes(patterns[role], axes)
        for extent, length in zip(own, program.shapes[given[role]], strict=True):
            name, times = (extent.of, extent.times) if isinstance(extent, Multiple) else (extent, 1)
            if isinstance(name, str) and name not in extents:
                extents[name] = new_length(length // times, extents.values())
        known[given[role]] = tuple(length_of(extent, extents) for extent in own)
    by_role = {role: known[name] for role, name in layer.given.items()}
    renewed = make_layer(
        layer.number, kind, layer.settings, by_role, layer.layout, tuple(layer.incoming.values()), layer.owner
    )  # what it computes may depend on its lengths, as that of a layer unrolled over time
    return infer_shapes(known, renewed.forward)


def _random(shape: Shape, seed: int, order: Order) -> str:
    return f'{{ random = "normal", shape = {list(turned_back(shape, order))}, seed = {seed} }}'
