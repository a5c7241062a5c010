"""What speaks for a fault of the forward pass, whatever the backward pass does.

Probabilities that do not add up to 1 where their targets do; a tensor that is computed before the output and
that the output does not depend on; a parameter that is trained and does not reach the loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script import Node, Recording, Site
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.chains import KEEP
from bpdebug.sources.script.analysis.errors import Error
from bpdebug.sources.script.analysis.loss_candidates import is_softmax
from bpdebug.sources.script.recorder.records import ValueOf, same
from bpdebug.sources.script.reference import recorded
from bpdebug.verify.repair.aliases import reads

EXPONENTIALS = frozenset({np.exp, math.exp})
SUMMED = 1e-6
"""How far a sum of probabilities may lie from 1."""
LINES = 4
"""A softmax is written on so many lines."""


class Evidence(NamedTuple):
    """What speaks for a fault of the forward pass.

    Attributes
    ----------
    text : str
        It, as a sentence.
    site : Site or None
        Where it shows: an edit there, or just before, would mend it.
    names : tuple of str
        What is not read: an edit that reads it would mend it.
    is_met : callable
        Whether values of the nodes are as they should be.
    """

    text: str
    site: Site | None = None
    names: tuple[str, ...] = ()
    is_met: Callable[[ValueOf], bool] = lambda value_of: True

    def may_favour(self, site: Site) -> bool:
        """Whether it may speak for any correction of a line."""
        if self.site is None:
            return True
        is_near = 0 <= self.site.line - site.line < LINES
        return is_near and (site.place.file, site.function) == (self.site.place.file, self.site.function)

    def favours(self, site: Site, correction: str) -> bool:
        """Whether it speaks for a correction of a line."""
        if self.site is not None:
            return self.may_favour(site)
        return any(reads(correction, name) and not reads(site.code, name) for name in self.names)


def evidence_of(recording: Recording, analysis: Analysis, errors: Sequence[Error]) -> Iterator[Evidence]:
    """Yield what speaks for a fault of the forward pass.

    Parameters
    ----------
    recording : Recording
        What ran.
    analysis : Analysis
        What it is a training of.
    errors : sequence of Error
        The outputs beside their targets.
    """
    yield from _not_normalised(errors)
    yield from unread_parameters(analysis)
    yield from _unread_tensors(recording, analysis, errors)


def _not_normalised(errors: Iterable[Error]) -> Iterator[Evidence]:
    said = set()
    for error in errors:
        output, site = _uncopied(error.output)
        axis = _axis_of_classes(error.target)
        if axis is None or site is None or not _is_exponential(output):
            continue
        adds_up = partial(_adds_up, error.output, axis)
        if not adds_up(recorded) and site.number not in said:
            said.add(site.number)
            over = f" over axis {axis}, as the targets do" if len(output.shape) > 1 else ""
            text = f"the probabilities do not add up to 1{over}"
            yield Evidence(text, site, is_met=adds_up)


def _adds_up(output: Node, axis: int, value_of: ValueOf) -> bool:
    value = np.asarray(value_of(output), dtype=float)
    return value.ndim > axis and bool(np.max(np.abs(np.sum(value, axis=axis) - 1)) <= SUMMED)


def _uncopied(node: Node) -> tuple[Node, Site | None]:
    """Return what a tensor is a copy of, and the last statement there that gives it a name."""
    chain = [node]
    while chain[-1].function is same or (chain[-1].function in KEEP and type(chain[-1].operands[0]) is Node):
        chain.append(chain[-1].operands[0])
    site = _statement_of(chain[-1])
    for one in reversed(chain[:-1]):
        other = _statement_of(one)
        if one.function is not same or site is None or other is None or other.function != site.function:
            break
        site = other if other.role == "assign" else site
    return chain[-1], site


def _statement_of(node: Node) -> Site | None:
    """Return the statement that computes a node; its own site where it is only a part of one."""
    return node.instance.site if node.instance is not None else node.site


def _is_exponential(node: Node) -> bool:
    return is_softmax(node) or node.function in EXPONENTIALS


def _axis_of_classes(target: Any) -> int | None:
    """Return the axis over which a target is one-hot; None where it is none, or over more than one."""
    value = np.asarray(target.value if type(target) is Node else target)
    if value.dtype.kind not in "fiub" or not 1 <= value.ndim <= 2 or not np.all((value == 0) | (value == 1)):
        return None
    axes = [axis for axis in range(value.ndim) if value.shape[axis] > 1 and np.all(value.sum(axis=axis) == 1)]
    return axes[0] if len(axes) == 1 else None


def unread_parameters(analysis: Analysis) -> Iterator[Evidence]:
    """Yield what is trained, and what the loss does not depend on."""
    assert analysis.loss is not None
    graph = analysis.graph
    behind = graph.ancestors(analysis.loss.candidate.roots)
    for parameter in analysis.parameters:
        if parameter.is_updated and parameter.old.id not in behind:
            names = tuple(dict.fromkeys((parameter.name, *_names_of(analysis, parameter.old, behind))))
            yield Evidence(
                f"`{parameter.name}` is trained, and the forward pass does not read it", None, names
            )


def _names_of(analysis: Analysis, wanted: Node, behind: Collection[int]) -> list[str]:
    """Return what a tensor is called until the loss is there."""
    graph, last = analysis.graph, max(behind)
    known = (node for node in graph.nodes[: last + 1] if node.names and graph.of(node) is wanted)
    return [name for node in known for name in node.names]


def _unread_tensors(recording: Recording, analysis: Analysis, errors: Sequence[Error]) -> Iterator[Evidence]:
    """Yield what is computed before the output, and is not on the way to it."""
    graph = analysis.graph
    assert analysis.loss is not None
    # Not up to the loss: it may be added up where the backward pass has begun.
    outputs = [error.output for error in errors] or [*analysis.loss.candidate.roots]
    # Of several losses up to the first: a training may have gone back from that before the next begins.
    parts = [[node.id for node in one.roots] for one in analysis.loss.candidate.parts]
    last = min(map(max, [[node.id for node in outputs], *parts]))
    depends = graph.reached([parameter.old for parameter in analysis.parameters])
    after = graph.reached([error.node for error in errors] or analysis.loss.candidate.roots)
    said = set()
    parameters = {parameter.old.id for parameter in analysis.parameters}
    for instance in recording.instances:
        node, site = instance.node, instance.site
        if node is None or not site.targets or node.id > last or site.number in said:
            continue
        number = graph.of(node).id
        if not depends[number] or after[number] or number in parameters:
            continue
        if analysis.phases[_uncopied(node)[0].id] == "forward":
            continue  # a copy of what is read
        if analysis.phases[number] not in ("forward", "update"):
            said.add(site.number)
            names = tuple(dict.fromkeys((*(target.text for target in site.targets), *instance.names)))
            text = f"`{site.targets[0].text}`, line {site.line}, is not read on the way to the output"
            yield Evidence(text, None, names)
