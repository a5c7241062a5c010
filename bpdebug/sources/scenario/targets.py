"""The target of a loss, held against what the network gives: its shape, and what its numbers stand for."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.network.layers import Layout
from bpdebug.engine.network.losses.kinds import TargetKind
from bpdebug.sources.problems import KeyPath, ProblemReport, RefusalError, described, listed
from bpdebug.sources.scenario.indices import check_indices
from bpdebug.sources.scenario.shapes import UNKNOWN, misshapen
from bpdebug.sources.scenario.tensors import AnyTensor

PLACE: KeyPath = ("loss", "target")
SUM_TOLERANCE = 1e-6
"""How far the probabilities of a target may be from adding up to 1."""


def class_axis(asked: int | None, axes: int, layout: Layout, report: ProblemReport) -> int:
    """Return the axis along which an output of so many axes has its classes; a file may name it.

    Parameters
    ----------
    asked : int, optional
        What the file says.
    axes : int
        The number of axes of the output.
    layout : Layout
        How the network's tensors are laid out.
    report : ProblemReport
        Takes what is wrong.
    """
    usual = layout.axis_of_features(axes)
    if asked is None:
        return usual
    others = [axis for axis in range(axes) if axis != layout.batch_axis]
    if -axes <= asked < axes and asked % axes in others:
        return asked
    message = (
        f"no axis of classes: found {described(asked)}, expected {listed([str(axis) for axis in others])}"
    )
    report.add(("loss", "axis"), message, f"axis {layout.batch_axis} counts the examples")
    return usual


def check_classes(target: AnyTensor, output: Shape, axis: int, dtype: str, report: ProblemReport) -> None:
    """Check a target that has the index of a class for each example, or for each place of its output.

    Parameters
    ----------
    target : tensor
        The indices.
    output : tuple of int
        The shape of what the network gives.
    axis : int
        The axis of its classes.
    dtype : str
        The dtype of the scenario, in which the indices must be exact.
    report : ProblemReport
        Takes what is wrong.
    """
    places = tuple(extent for number, extent in enumerate(output) if number != axis % len(output))
    each = "example" if len(output) == 2 else "place of each example"
    if wrong := misshapen(target.shape, places, f"must have an index for each {each}"):
        report.add(PLACE, *wrong)
        return
    indices, count = _numbers(target, report), output[axis]
    if indices is not None and count != UNKNOWN:
        check_indices(indices, count, dtype, "class", PLACE, report)


def check_numbers(
    target: AnyTensor, output: Shape, made_of: TargetKind, axis: int, report: ProblemReport
) -> None:
    """Check a target that has a number for each of the output.

    Parameters
    ----------
    target : tensor
        The numbers.
    output : tuple of int
        The shape of what the network gives.
    made_of : str
        What the numbers stand for.
    axis : int
        The axis of the classes, whose probabilities add up to 1.
    report : ProblemReport
        Takes what is wrong.
    """
    if wrong := misshapen(target.shape, output, "must have the shape of the network's output"):
        report.add(PLACE, *wrong)
        return
    values = _numbers(target, report) if made_of != "numbers" else None
    if values is None:
        return
    bad = np.argwhere(~((values >= 0) & (values <= 1)))
    if len(bad):
        index = tuple(int(i) for i in bad[0])
        report.add((*PLACE, *index), f"not a probability: found {values[index]}, expected 0 to 1")
    elif made_of == "classes":
        sums = values.sum(axis=axis, dtype=float)
        rounding = values.shape[axis] * float(np.finfo(np.result_type(values, np.float16)).eps)
        off = np.argwhere(np.abs(sums - 1) > max(SUM_TOLERANCE, rounding))
        if len(off):
            example, *place = index = tuple(int(i) for i in off[0])
            whose = f"example {example}" + (f" at {place}" if place else "")
            message = f"not probabilities: found that those of {whose} add up to {sums[index]:.6g}"
            report.add(PLACE, f"{message}, expected 1")


def _numbers(target: AnyTensor, report: ProblemReport) -> Array | None:
    """Return the numbers of a target; None where they cannot be read."""
    try:
        return target.array()
    except RefusalError as refusal:
        report.add((*PLACE, *refusal.path), refusal.message, refusal.hint)
        return None
