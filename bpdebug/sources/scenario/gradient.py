"""The `[gradient]` of a file: one tensor, the gradient of the loss at a result of the last layer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.network.layers import Layout
from bpdebug.sources.literal import LiteralTensor
from bpdebug.sources.problems import ProblemReport, key_path
from bpdebug.sources.scenario.channels import IMAGES, turned
from bpdebug.sources.scenario.draft import Incoming
from bpdebug.sources.scenario.model import check_tensor
from bpdebug.sources.scenario.shapes import misshapen

GRADIENT = "gradient"
ONE = LiteralTensor((), [1.0])
"""The gradient of the loss with respect to itself."""


def read_gradient(
    table: Mapping[str, Any], layers: int, results: Mapping[str, Shape], layout: Layout, report: ProblemReport
) -> Incoming | None:
    """Check the table and return the gradient in it; None where something is wrong.

    Parameters
    ----------
    table : mapping
        What the file says.
    layers : int
        The number of layers.
    results : mapping
        The shapes of what the last layer computes, as far as they are known.
    layout : Layout
        How the network's tensors are laid out.
    report : ProblemReport
        Takes what is wrong.
    """
    tensors = [f"{role}{layers}" for role in "az" if not results or f"{role}{layers}" in results]
    names = {f"d{tensor}": tensor for tensor in tensors}
    choice = " or ".join(names)
    if not table:
        message = f"no gradient: found an empty table, expected {choice}"
        report.add((GRADIENT,), message, "a file without [gradient] runs forwards only")
    known = {name: value for name, value in table.items() if name in names}
    if len(known) > 1:
        message = f"two gradients: found {' and '.join(known)}, expected {choice}"
        report.add((GRADIENT,), message, "the one follows from the other")
    for name in table:
        if name not in known:
            report.add((GRADIENT, name), *_misplaced(name, [*names], layers, report))
    found: list[Incoming] = []
    for name, value in known.items():
        of, path = names[name], (GRADIENT, name)
        tensor = check_tensor(value, path, report)
        if tensor is not None and layout.images == "nhwc":
            tensor = turned(tensor, IMAGES)
        if tensor is not None:
            wrong = misshapen(tensor.shape, results[of], f"must have the shape of {of}") if results else None
            if wrong:
                report.add(path, *wrong)
            found.append(Incoming(of, path, tensor))
    return found[0] if len(found) == 1 else None


def _misplaced(name: str, names: Sequence[str], layers: int, report: ProblemReport) -> tuple[str, str]:
    choice = " or ".join(names)
    gradient = re.fullmatch(r"d[az](\d{1,9})", name)
    if not gradient:
        return f"unknown key: found {key_path((name,))}, expected {choice}", report.did_you_mean(name, names)
    number = int(gradient[1])
    if number > layers:
        return f"no such layer: found a gradient of layer {number}, expected {choice}, of the last layer", ""
    message = f"not the last layer: found a gradient of layer {number}, expected {choice}"
    return message, "the gradients before it are computed"
