"""Images with their channels last, as TensorFlow and much code by hand has them, laid out as the program's.

    axes = "nhwc"      images n × h × w × c, filters h × w × in × out, a bias for each channel 1 × 1 × 1 × c
    in the program     images n × c × h × w, filters out × in × h × w, a bias for each channel c × 1 × 1

They are turned once, as they are read; what a `flatten` makes a row of keeps the order that it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.network.layers.layout import IMAGE_AXES
from bpdebug.engine.program.program import Program
from bpdebug.sources.problems import ProblemReport, described, did_you_mean
from bpdebug.sources.scenario.tensors import AnyTensor, GeneratedTensor

Images = Literal["nchw", "nhwc"]
"""How a file lays out its images."""
AXES, MINE = "axes", "mine"
"""The key that says it, and the table of the user's own tensors, which may say it, too."""
CHOICES = get_args(Images)
IMAGES, FILTERS = (0, 3, 1, 2), (3, 2, 0, 1)
"""For each axis of the program's tensor, the axis of one with its channels last that it is."""


def without_axes(document: Mapping[str, Any], report: ProblemReport) -> tuple[Mapping[str, Any], str]:
    """Return the table without its key `axes`, and how the user's own code lays out images.

    Parameters
    ----------
    document : mapping
        What the file says. A program of the user's own may have a tensor of that name.
    report : ProblemReport
        Takes what is wrong.
    """
    table, inputs = document[MINE], document.get("inputs")
    if "layers" not in document:
        return table, "nchw"
    default = inputs.get(AXES, "nchw") if isinstance(inputs, Mapping) else "nchw"
    images = table.get(AXES, default)
    if images not in CHOICES and AXES in table:
        message = f"unknown axes: found {described(images)}, expected one of {', '.join(CHOICES)}"
        report.add((MINE, AXES), message, did_you_mean(images, CHOICES))
    return {name: value for name, value in table.items() if name != AXES}, images


def turned(tensor: AnyTensor, order: tuple[int, ...]) -> AnyTensor:
    """Return a tensor of a file with its axes in the order of the program, if it has as many."""
    if len(tensor.shape) != len(order):
        return tensor
    shape = tuple(tensor.shape[axis] for axis in order)
    return GeneratedTensor(shape, lambda: tensor.array().transpose(order))


def turned_back(shape: Shape, order: tuple[int, ...]) -> Shape:
    """Return the shape that a file gives a tensor whose axes are turned as it is read, if it has as many."""
    return (
        tuple(shape[order.index(axis)] for axis in range(len(order))) if len(shape) == len(order) else shape
    )


def turned_parameter(tensor: AnyTensor) -> AnyTensor:
    """Return a filter with its axes in the order of the program, and a bias for each channel as a list."""
    if len(tensor.shape) == IMAGE_AXES and tensor.shape[:-1] == (1, 1, 1):
        return GeneratedTensor(tensor.shape[-1:], lambda: tensor.array().reshape(-1))
    return turned(tensor, FILTERS)


def in_channels_first(name: str, value: Array, program: Program) -> Array:
    """Return a tensor of code that has its channels last with its axes in the order of the program.

    Parameters
    ----------
    name : str
        Which tensor of the program it is.
    value : array
        Its values; one of another number of axes stays as it is.
    program : Program
        The program whose tensor it is.
    """
    shape = program.shapes.get(name, ())
    if program.index.tensor_of.get(name, name) not in program.parameters:
        return value.transpose(IMAGES) if value.ndim == len(shape) == IMAGE_AXES else value
    if value.ndim == len(shape) == IMAGE_AXES:
        return value.transpose(FILTERS)
    is_bias = value.ndim == IMAGE_AXES and value.size == np.prod(shape)
    return value.reshape(shape) if is_bias else value
