"""What may be the loss: scalars that the script computes, and losses that its backward pass implies.

An explicit loss is a single number that depends on (nearly) all parameters and on nothing that was updated.
Many scripts compute none, or print one that they do not descend. Then the backward pass begins at an
*error*: an output beside its target, `a - y`, `y - a`, or `p[range(m), y] -= 1`. Each of the common losses
that has its gradient there is a candidate.
"""

from __future__ import annotations

import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression, Name, Statement, rewrite
from bpdebug.sources.script.analysis.chains import DIVIDE, KEEP
from bpdebug.sources.script.analysis.errors import Dependence, Error, errors_of
from bpdebug.sources.script.analysis.kinds import KINDS, OF_CLASSES, ImpliedKind, _call
from bpdebug.sources.script.analysis.weights import repeated, weighted
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import Method, is_in
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.updates import ADD, SCALE
from bpdebug.sources.script.sites import Site

MOST_EXPLICIT, MOST_GROUPS = 10, 6
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
SMALLEST_EPSILON = 1e-5
"""What is added within a logarithm and is no larger only keeps it finite."""


class LossCandidate(NamedTuple):
    """What may be the loss.

    Attributes
    ----------
    roots : tuple of Node
        What has to be computed for it.
    line : int
        The line of the script that says so.
    errors : tuple of Error
        For an implied loss, where it is implied; empty for an explicit one.
    kind : ImpliedKind or None
        For an implied loss, which.
    leaves_epsilon_out : bool
        Whether a small number within a logarithm is left out.
    may_grow : bool
        Whether it may be meant to be made larger.
    is_part : bool
        Whether another one is computed from it, or from what it may be equal to.
    is_derived : bool
        Whether a library has derived it: then a gradient is its own, and no multiple of it.
    parts : tuple of LossCandidate
        What it is the sum of, where it was written once more because something is taken as a constant.
    constants : tuple of Node
        What is taken as one, although it is computed from the parameters.
    is_named : bool
        Whether an explicit loss is called one, or what returned it is.
    """

    roots: tuple[Node, ...]
    line: int
    errors: tuple[Error, ...] = ()
    kind: ImpliedKind | None = None
    leaves_epsilon_out: bool = False
    may_grow: bool = False
    is_part: bool = False
    is_derived: bool = False
    parts: tuple[LossCandidate, ...] = ()
    constants: tuple[Node, ...] = ()
    is_named: bool = False

    @property
    def ends(self) -> tuple[Node, ...]:
        """What ends the forward pass: the roots, and those of its parts."""
        return (*self.roots, *(node for one in self.parts for node in one.roots))

    @property
    def site(self) -> Site | None:
        """The place that says so."""
        return (self.errors[0].node if self.errors else self.roots[0]).site

    @property
    def is_explicit(self) -> bool:
        """Whether the script computes it."""
        return self.kind is None and all(one.is_explicit for one in self.parts)

    @property
    def is_expected(self) -> bool:
        """Whether an implied loss is the one that goes with its output: a cross-entropy with a softmax."""
        return self.kind is not None and (self.kind.name == "cross-entropy") == is_softmax(self.roots[0])

    @property
    def node(self) -> Node | None:
        """For an explicit loss, the scalar."""
        return self.roots[0] if self.kind is None else None


def is_softmax(node: Node) -> bool:
    """Whether a tensor is a quotient of exponentials: `exp(z) / sum(exp(z))`."""
    node = node.origin
    if node.function not in DIVIDE or type(node.operands[0]) is not Node:
        return False
    return node.operands[0].origin.function in (np.exp, math.exp)


def candidates(
    known: Dependence, returned: Mapping[int, Sequence[str]], compared: Collection[int], told: str = ""
) -> Iterator[LossCandidate]:
    """Yield what may be the loss, explicit ones first.

    Parameters
    ----------
    known : Dependence
        What depends on what.
    returned : mapping
        The number of a node -> the names of the functions that returned it.
    compared : collection of int
        The numbers of the nodes that decided a branch.
    told : str
        What the person says it is: a name, a line, or a kind by its short name; then nothing else is.
    """
    if not told:
        explicit = explicit_losses(known, returned, compared)
        yield from explicit
        has_parts = any(one.is_part for one in explicit)
        yield from (one._replace(is_part=has_parts) for one in implied_losses(known))
        return
    names = _names(known.graph)
    scalars = [node for node in known.graph.nodes if known.on[node.id] and np.size(node.like) == 1]
    for node in reversed(scalars):
        line = node.site.line if node.site else 0
        if told == str(line) or told in {*names[node.id], *map(_last, names[node.id])}:
            yield LossCandidate((node,), line, may_grow=True)
            break
    for candidate in implied_losses(known):
        assert candidate.kind is not None
        if told in (candidate.kind.short, str(candidate.line)):
            yield candidate


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
    names = _names(graph)
    found = [node for node in found if not _is_running(node, known, names)]
    numbers = {node.id for node in found}
    inner = {parent.id for node in found for parent in graph.parents(node) if parent.id in numbers}
    scored = []
    for node in found:
        texts = [_last(text) for text in (*names.get(node.id, ()), *returned.get(node.id, ()))]
        texts = [text for text in texts if not SLOPE_WORDS.search(text)]
        is_named = any(map(LOSS_WORDS.search, texts))
        grows = any(map(GAIN_WORDS.search, texts)) or float(np.ravel(node.value)[0]) < 0
        grows = grows or (node.id in compared and not is_named)
        if node.id in known.behind_updates and not any(map(SURE_WORDS.search, texts)):
            continue  # with one output, everything on the way back is a single number
        if node.function is operator.getitem and not is_named:
            continue  # an element of a parameter
        if not is_named and any(map(SLOPE_WORDS.search, map(_last, _stored_in(node)))):
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
        if any(map(SURE_WORDS.search, map(_last, names.get(part.id, ())))):
            return True
        inner = known.graph.parents(part) if part.function in SCALE | KEEP else ()
        depending = [parent for parent in inner if known.on[parent.id]]
    return False


def _names(graph: Graph) -> dict[int, list[str]]:
    """Return for each representative all names that it has anywhere."""
    found: dict[int, list[str]] = defaultdict(list)
    for node in graph.nodes:
        found[graph.of(node).id].extend(node.names)
    return found


def _last(text: str) -> str:
    """Return the last part of a name: `loss` of `self.loss`."""
    return text.rpartition(".")[2]


def implied_losses(known: Dependence) -> Iterator[LossCandidate]:
    """Yield the losses that errors imply."""
    for group in errors_of(known)[:MOST_GROUPS]:
        outputs = np.concatenate([np.ravel(np.asarray(error.output.value, dtype=float)) for error in group])
        for kind in (OF_CLASSES,) if group[0].is_of_classes else KINDS:
            if kind.fits(outputs):
                site = group[0].node.site
                roots = tuple(error.output for error in group)
                for errors in filter(None, (group, weighted(known, group), repeated(known, group))):
                    yield LossCandidate(roots, site.line if site else 0, tuple(errors), kind)


def statements_of(
    candidate: LossCandidate, name_of: Callable[[Any], Expression], new_name: Callable[[str], str]
) -> list[Statement]:
    """Write an implied loss: one statement for each error, and their sum.

    Parameters
    ----------
    candidate : LossCandidate
        An implied loss.
    name_of : callable
        Writes an output or a target.
    new_name : callable
        Gives a name that nothing has.
    """
    terms = terms_of(candidate, name_of)
    if len(terms) == 1:
        return [Statement(new_name("loss"), terms[0])]
    parts = [Statement(new_name("loss"), term) for term in terms]
    names: list[Expression] = [Name(part.name) for part in parts]
    return [*parts, Statement(new_name("loss"), _total(names))]


def terms_of(candidate: LossCandidate, name_of: Callable[[Any], Expression]) -> list[Expression]:
    """Write what each error adds to an implied loss."""
    assert candidate.kind is not None
    terms = []
    for error in candidate.errors:
        term = candidate.kind.expression(name_of(error.output), name_of(error.target))
        terms.append(term if error.weight is None else _times(term, name_of(error.weight)))
    return terms


def _times(term: Expression, weight: Expression) -> Expression:
    """Put a weight into the sum of a loss."""

    def rule(node: Expression) -> Expression:
        if isinstance(node, Call) and node.function == "sum":
            return _call("sum", _call("multiply", weight, node.arguments[0]))
        return node

    return rewrite(term, rule)


def _total(terms: list[Expression]) -> Expression:
    """Add by halves: a tree must not be too deep to walk."""
    while len(terms) > 1:
        terms = [
            reduce(lambda x, y: _call("add", x, y), terms[at : at + 2]) for at in range(0, len(terms), 2)
        ]
    return terms[0]
