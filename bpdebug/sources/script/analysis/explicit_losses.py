"""Losses that the script computes: single numbers that depend on (nearly) all parameters.

They depend on nothing that was updated. Which of them is descended is seen by what they are called, and by
what is computed of them.
"""

from __future__ import annotations

import operator
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.chains import KEEP
from bpdebug.sources.script.analysis.errors import Dependence
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import Method, is_in
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.updates import ADD, SCALE

MOST_EXPLICIT = 10
MOST, FEW = 0.8, 0.3
"""The share of the parameters that a loss depends on; where there is none, or it has several parts."""
LOSS_WORDS = re.compile(
    r"loss|cost|err|obj|nll|energy|criterion|^j$|^l$|^e$|mse|entropy|verlust|fehler|kost|perte|perdi?[dt]?a|custo",
    re.IGNORECASE,
)
SURE_WORDS = re.compile(r"loss|cost|nll|criterion|^j$|mse|entropy|verlust|perte|custo", re.IGNORECASE)
"""What is called so is the loss even where the updates are made of it."""
SLOPE_WORDS = re.compile(r"deriv|grad|prime|slope|delta", re.IGNORECASE)
"""What is called so is made of a loss, and is none: `cost_derivative`."""
GAIN_WORDS = re.compile(r"likelihood|reward|score|^ll$|log_?prob|elbo|gain", re.IGNORECASE)
"""What is called so is made larger, not smaller."""
PRINTED: frozenset[Any] = frozenset({round, np.round, float, np.float64, Method("item")})
"""What is made of a number to print it."""


def explicit_losses(
    known: Dependence, returned: Mapping[int, Sequence[str]], compared: Collection[int], share: float = MOST
) -> list[LossCandidate]:
    """Return the scalars that depend on a share of the parameters, the likeliest first.

    Parameters
    ----------
    known : Dependence
        What depends on what.
    returned : mapping
        The number of a node -> the names of the functions that returned it.
    compared : collection of int
        The numbers of the nodes that decided a branch: the margin of a perceptron is made larger.
    share : float
        Of the parameters; where there is nothing, a smaller share is tried.
    """
    graph, count = known.graph, len(known.parameters)
    found = []
    for node in graph.nodes:
        on = known.on[node.id]
        if not on or known.on_new[node.id] or node.function is None or np.size(node.like) != 1:
            continue
        if is_in(node.function, PRINTED) and not node.names:
            continue
        if on.bit_count() >= max(1, share * count) and np.all(
            np.isfinite(np.asarray(node.value, dtype=float))
        ):
            found.append(node)
    if not found:
        return explicit_losses(known, returned, compared, FEW) if share > FEW else []
    names = names_of(graph)
    running = [node for node in found if _is_running(node, known, names)]
    begun = [node for node in running if not all(np.any(one.value) for one in graph.parents(node))]
    # What only goes into an average of the losses until now is none, and takes nothing away from the last.
    aside = {one.id for node in running for one in (node, *graph.parents(node)) if not names.get(one.id)}
    aside |= {node.id for node in running}
    found = [node for node in found if node.id not in aside]
    numbers = {node.id for node in found}
    inner = {parent.id for node in (*found, *begun) for parent in graph.parents(node) if parent.id in numbers}
    scored = []
    for node in found:
        texts = [last_part(text) for text in (*names.get(node.id, ()), *returned.get(node.id, ()))]
        texts = [text for text in texts if not SLOPE_WORDS.search(text)]
        is_named = any(map(LOSS_WORDS.search, texts)) or _is_sum_of_losses(node, known, names)
        grows = any(map(GAIN_WORDS.search, texts)) or float(np.ravel(node.value)[0]) < 0
        grows = grows or (node.id in compared and not is_named)
        if node.id in known.behind_updates and not any(map(SURE_WORDS.search, texts)):
            continue  # with one output, everything on the way back is a single number
        if node.function is operator.getitem and not is_named:
            continue  # an element of a parameter
        if not is_named and any(map(SLOPE_WORDS.search, map(last_part, _stored_in(node)))):
            continue  # a gradient of data, which no update is made of
        score = 2 * is_named + (node.id not in inner)
        if score or grows:
            line = node.site.line if node.site else 0
            candidate = LossCandidate((node,), line, may_grow=grows, is_named=is_named)
            scored.append((-score, -node.id, candidate))
    scored.sort(key=lambda entry: entry[:2])
    parts = graph.ancestors(
        parent for _, _, one in scored if one.is_named for parent in graph.parents(one.roots[0])
    )
    # What a loss is made of is none, unless it is called one: the rest may be a penalty.
    likeliest = [
        one._replace(is_part=one.roots[0].id in parts)
        for _, _, one in scored
        if one.is_named or one.roots[0].id not in parts
    ]
    if len(likeliest) > MOST_EXPLICIT:
        # Where nothing is called a loss, it is among the first numbers that depend on everything.
        half = MOST_EXPLICIT // 2
        earliest = sorted(likeliest[half:], key=lambda candidate: candidate.roots[0].id)
        likeliest = likeliest[:half] + earliest[:half]
    return likeliest


def _stored_in(node: Node) -> list[str]:
    """Return what the statement whose value a node is stores it in, or adds it to."""
    return [] if node.instance is None else [target.text for target in node.instance.site.targets]


def _is_running(node: Node, known: Dependence, names: Mapping[int, Sequence[str]]) -> bool:
    """Whether a number is an average of the losses until now: `smooth = smooth * 0.999 + loss * 0.001`."""
    parents = known.graph.parents(node)
    depending = [parent for parent in parents if known.on[parent.id]]
    if node.function not in ADD or len(depending) == len(parents):
        return False
    while len(depending) == 1:
        (part,) = depending
        if any(map(SURE_WORDS.search, map(last_part, names.get(part.id, ())))):
            return True
        inner = known.graph.parents(part) if part.function in SCALE | KEEP else ()
        depending = [parent for parent in inner if known.on[parent.id]]
    return False


def _is_sum_of_losses(node: Node, known: Dependence, names: Mapping[int, Sequence[str]]) -> bool:
    """Whether a number adds up two that are called losses: `return loss + 0.1 * kl_loss`."""

    def is_loss(term: Node) -> bool:
        while not any(map(LOSS_WORDS.search, map(last_part, names.get(term.id, ())))):
            inner = known.graph.parents(term) if term.function in SCALE else ()
            depending = [one for one in inner if known.on[one.id]]
            if len(depending) != 1:
                return False
            (term,) = depending
        return True

    terms = known.graph.parents(node)
    return node.function in ADD and len(terms) == 2 and all(map(is_loss, terms))


def names_of(graph: Graph) -> dict[int, list[str]]:
    """Return for each representative all names that it has anywhere."""
    found: dict[int, list[str]] = defaultdict(list)
    for node in graph.nodes:
        found[graph.of(node).id].extend(node.names)
    return found


def last_part(text: str) -> str:
    """Return the last part of a name: `loss` of `self.loss`."""
    return text.rpartition(".")[2]
