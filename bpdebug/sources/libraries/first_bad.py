"""The first NaN or infinity of a recording: where it arose, and from what.

A value that is not finite though all that it was computed from is. The −∞ of a mask is meant, and so is what
is only masked by it, as long as nothing else is wrong there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.conversion.statements import calls_of
from bpdebug.sources.script.recorder.operations import InLanguage
from bpdebug.sources.script.recorder.records import Node, same
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.sites import GRADIENT, shown


class BadValue(NamedTuple):
    """A value with a NaN or an infinity.

    Attributes
    ----------
    file, line : str, int
        Where it was computed; what arose on the way back is at the line of the forward pass.
    operation : str
        What was computed.
    code : str
        The text there.
    contents : str
        What is not finite, and where: `1 NaN of 12, first at [0, 3]`.
    operands : tuple of str
        What it was computed from: the name, the shape, and the elements that it was made of.
    calls : tuple of str
        The calls and modules that it ran in, from the outermost.
    is_backward : bool
        Whether it arose on the way back.
    """

    file: str
    line: int
    operation: str
    code: str
    contents: str
    operands: tuple[str, ...]
    calls: tuple[str, ...]
    is_backward: bool

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else ""
        back = " on the way back" if self.is_backward else ""
        within = f" in {' > '.join(self.calls)}" if self.calls else ""
        of = f" of {', '.join(self.operands)}" if self.operands else ""
        return f"{where}{self.code}: {self.operation}{of} has {self.contents}{back}{within}"


def first_bad(recording: Recording) -> BadValue | None:
    """Return the first value that is not finite; None if all are."""
    meant: set[int] = set()
    for node in recording.nodes:
        value = node.value
        if not isinstance(value, np.ndarray | float) or np.asarray(value).dtype.kind != "f":
            continue
        bad = ~np.isfinite(value)
        if not np.any(bad):
            continue
        is_literal = isinstance(value, float) and node.function is None
        if is_literal or (_is_masked(value) and (node.function in (None, same) or _is_mask(node, meant))):
            meant.add(node.id)
            continue
        return _described(node, np.asarray(value), np.asarray(bad))
    return None


def _is_masked(value: Any) -> bool:
    """Whether all that is not finite is −∞."""
    return not np.any(np.isnan(value)) and not np.any(np.isposinf(value))


def _is_mask(node: Node, meant: Iterable[int]) -> bool:
    if isinstance(node.function, InLanguage) and node.function.name in ("masked", "causal_mask"):
        return True
    given = {parent.id for parent in node.parents()}
    return bool(given & set(meant)) or any(isinstance(one, float) and one == -np.inf for one in node.operands)


def _described(node: Node, value: Any, bad: Any) -> BadValue:
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), value.shape))
    nan, infinite = int(np.isnan(value).sum()), int(np.isinf(value).sum())
    counts = [f"{nan} NaN"] if nan else []
    counts += [f"{infinite} infinit{'y' if infinite == 1 else 'ies'}"] if infinite else []
    at = f" of {value.size}, first at {list(place)}" if value.ndim else ""
    site = node.site
    function = node.function
    name = function.name if isinstance(function, InLanguage) else getattr(function, "__name__", "")
    return BadValue(
        shown(site.place.file) if site else "",
        site.line if site else 0,
        name or "what is given",
        " ".join(site.code.split()) if site else (node.names[0] if node.names else ""),
        f"{' and '.join(counts)}{at}",
        tuple(_operand(one, place, value.shape) for one in node.operands),
        tuple(call.function for call in calls_of(node.frame)),
        site is not None and site.role == GRADIENT,
    )


def _operand(operand: Any, place: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Say what an operand is, with the element that the bad one was made of where that is one."""
    if type(operand) is not Node:
        return str(operand) if np.ndim(operand) == 0 else "values"
    value = np.asarray(operand.value)
    name = (
        operand.names[0] if operand.names else operand.origin.names[0] if operand.origin.names else "a value"
    )
    if value.shape == shape and shape:
        return f"{name}{list(place)} = {value[place]:.6g}"
    if not value.shape:
        return f"{name} = {float(value):.6g}"
    return f"{name} ({'×'.join(map(str, value.shape))})"
