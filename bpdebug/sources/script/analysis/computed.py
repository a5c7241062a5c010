"""Gradients that are computed, returned or kept, and that no update uses.

Their tensors are found by name: `dW1`, `dJdW1`, `grad_W1`, `W1_grad` and `grads["W1"]` are what a person
calls the gradient of `W1`, of `self.W1`, of `params["W1"]`. A pair counts where the gradient depends on the
tensor, the tensor on no parameter, and on no other tensor that has that name and that shape. An optimizer of
a library asks for the same gradients again and again: the first time counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.chains import KEEP
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.steps import Link, Piece
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import put, put_elements
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.sites import GRADIENT

LAST = re.compile(r"""(?P<owner>.*?)(?:\[["'](?P<key>\w+)["']\]|(?P<word>\w+))$""", re.DOTALL)
QUOTIENT = re.compile(r"^d_?(?:[jlec]|loss|cost|err|error)_?_?d_?(?P<stem>\w+)$", re.IGNORECASE)
PREFIXED = re.compile(r"^(?:d_?|grads?_|gradient_|g_?|delta_|nabla_|change_)(?P<stem>\w+)$", re.IGNORECASE)
SUFFIXED = re.compile(r"^(?P<stem>\w+?)_(?:grads?|gradient|d)$", re.IGNORECASE)
ITEM = re.compile(r"\[[^\[\]]*\]$")
WRITES: frozenset[Any] = frozenset({put, put_elements})
CONSTANTS: frozenset[Any] = frozenset(
    {np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like, np.full_like}
)
HOLDS_GRADIENTS = re.compile(r"grad|delta|nabla|change|^d$", re.IGNORECASE)


def stem_of(name: str) -> str:
    """Return what a tensor is called last: `W1` of `self.W1` and `params["W1"]`."""
    found = LAST.match(name)
    return (found["key"] or found["word"]) if found else ""


def stem_of_gradient(name: str) -> str:
    """Return what the tensor is called whose gradient has this name; empty if it is no gradient's name."""
    found = LAST.match(name)
    if found is None:
        return ""
    word = found["key"] or found["word"]
    match = QUOTIENT.match(word) or PREFIXED.match(word) or SUFFIXED.match(word)
    if match is not None:
        return match["stem"]
    owner = found["owner"].rstrip(".")
    return word if owner and HOLDS_GRADIENTS.search(stem_of(owner)) else ""


def names_gradient(name: str) -> bool:
    """Whether a name is that of a gradient, or of a part of what holds gradients: `nabla_b[-1]`."""
    whole = ITEM.sub("", name)
    is_part = whole != name and bool(HOLDS_GRADIENTS.search(stem_of(whole)))
    return is_part or bool(stem_of_gradient(name) or stem_of_gradient(whole))


def computed_only(
    graph: Graph,
    known: Sequence[TrainedParameter],
    used: Collection[int],
    told: Mapping[str, str],
    by_name: bool,
) -> list[TrainedParameter]:
    """Return what has a gradient that no update uses.

    Parameters
    ----------
    graph : Graph
        The operations.
    known : sequence of TrainedParameter
        What is updated.
    used : collection of int
        The nodes that updates are made of: what is called a gradient among them is used.
    told : mapping
        The name of a tensor -> the name of its gradient, as the person says it is.
    by_name : bool
        Whether what is called a gradient is one: not where a library has derived all of them.
    """
    names: dict[int, list[str]] = defaultdict(list)
    for node in graph.nodes:
        names[graph.of(node).id].extend(node.names)
    updated = {parameter.old.id for parameter in known}
    on_known = graph.reached([parameter.old for parameter in known])
    tensors: dict[str, list[Node]] = defaultdict(list)
    gradients: dict[str, list[Node]] = defaultdict(list)
    sources = _sources(graph, names)
    for number, own in names.items():
        node = graph.nodes[number]
        if number in updated or not _is_array(node):
            continue
        if number in sources and not on_known[number]:
            for stem in {stem_of(name) for name in own}:
                tensors[stem].append(node)
        # What a library derives is named after a tensor on the way, and not after what it began as.
        is_derived = node.site is not None and node.site.role == GRADIENT
        if by_name and number not in used and not is_derived:
            for stem in {stem_of_gradient(name) for name in own} - {""}:
                gradients[stem].append(node)
    found: list[TrainedParameter] = []
    for stem, held in tensors.items():
        wanted = gradients.get(stem, [])
        reached = graph.reached(held) if wanted else ()
        for tensor in held if wanted else ():
            gradient = _own_gradient(tensor, held, wanted, reached)
            if gradient is not None and all(one.old is not tensor for one in found):
                found.append(_parameter(_name(names[tensor.id], stem), tensor, gradient))
                if sum(one.shape == tensor.shape for one in held) > 1:
                    break
    for name, its_gradient in {**_held(names, updated), **told}.items():
        pair = (
            _named(graph, names, name, sources),
            _named(graph, names, its_gradient, range(len(graph.nodes))),
        )
        if pair[0] is not None and pair[1] is not None:
            found = [one for one in found if one.old is not pair[0]]
            found.append(_parameter(name, pair[0], pair[1]))
    return found


def _held(names: Mapping[int, Sequence[str]], updated: Collection[int]) -> dict[str, str]:
    """Return which tensors hold their gradients themselves, as those of torch: `w` and `w.grad`."""
    every = {name for own in names.values() for name in own}
    stepped = {name for number in updated for name in names.get(number, ())}
    return {name: f"{name}.grad" for name in every - stepped if f"{name}.grad" in every}


def _sources(graph: Graph, names: Mapping[int, Sequence[str]]) -> set[int]:
    """Return the named arrays that no other named array went into, and the named parts of these.

    They are what a person begins with: also the weights that were cut out of one long vector.
    """
    below: set[int] = set()
    found: set[int] = set()
    parts: set[int] = set()
    filled = {graph.of(node.operands[0]).id for node in graph.nodes if node.function in WRITES}
    for node in graph.nodes:
        if not graph.is_representative(node):
            continue
        if any(parent.id in below for parent in graph.parents(node)):
            below.add(node.id)
            if node.function in KEEP and all(one.id in found | parts for one in graph.parents(node)):
                (found if names.get(node.id) and _is_array(node) else parts).add(node.id)
        elif names.get(node.id) and _is_array(node):
            if node.id in filled and node.function in CONSTANTS:
                continue  # room for a result
            found.add(node.id)
            below.add(node.id)
    return found


def _is_array(node: Node) -> bool:
    return isinstance(node.like, np.ndarray) and node.like.dtype.kind == "f"


def _own_gradient(
    tensor: Node, tensors: Sequence[Node], gradients: Sequence[Node], reached: Sequence[int]
) -> Node | None:
    """Return the last gradient of that name that belongs to a tensor; None if it may be another's."""
    if len(tensors) > 1:
        gradients = [one for one in gradients if one.shape == tensor.shape]
    alike = sum(1 << place for place, one in enumerate(tensors) if one.shape == tensor.shape)
    only = 1 << next(place for place, one in enumerate(tensors) if one is tensor)
    own = [one for one in gradients if reached[one.id] & alike == only and one.id > tensor.id]
    return max(own, key=lambda one: one.id, default=None)


def _parameter(name: str, tensor: Node, gradient: Node) -> TrainedParameter:
    return TrainedParameter(name, tensor, None, (), (Piece(None, (Link(gradient, -1, is_adaptive=True),)),))


def _name(names: Sequence[str], stem: str) -> str:
    return next(name for name in names if stem_of(name) == stem)


def _named(
    graph: Graph, names: Mapping[int, Sequence[str]], name: str, among: Collection[int]
) -> Node | None:
    """Return the last node of a name, whole or the last part of it."""
    own: list[Any] = [number for number in among if name in names.get(number, ())]
    own = own or [number for number in among if name in map(stem_of, names.get(number, ()))]
    return graph.nodes[max(own)] if own else None
