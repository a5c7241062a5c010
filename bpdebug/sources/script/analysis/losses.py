"""What may be the loss: scalars that the script computes, and losses that its backward pass implies.

Many scripts compute no loss, or print one that they do not descend. Then the backward pass begins at an
*error*: an output beside its target, `a - y`, `y - a`, or `p[range(m), y] -= 1`. Each of the common losses
that has its gradient there is a candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression, Name, Statement, rewrite
from bpdebug.sources.script.analysis.errors import Dependence, errors_of
from bpdebug.sources.script.analysis.explicit_losses import explicit_losses, last_part, names_of
from bpdebug.sources.script.analysis.kinds import KINDS, OF_CLASSES, _call
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.analysis.weights import repeated, weighted

MOST_GROUPS = 6


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
    names = names_of(known.graph)
    scalars = [node for node in known.graph.nodes if known.on[node.id] and np.size(node.like) == 1]
    for node in reversed(scalars):
        line = node.site.line if node.site else 0
        if told == str(line) or told in {*names[node.id], *map(last_part, names[node.id])}:
            yield LossCandidate((node,), line, may_grow=True)
            break
    for candidate in implied_losses(known):
        assert candidate.kind is not None
        if told in (candidate.kind.short, str(candidate.line)):
            yield candidate


def implied_losses(known: Dependence) -> Iterator[LossCandidate]:
    """Yield the losses that errors imply: those of each place, and of all places together."""
    groups = errors_of(known)[:MOST_GROUPS]
    together = [one for group in groups for one in group if not one.is_of_classes]
    for group in [*groups, together] if 1 < len(groups) < MOST_GROUPS and together else groups:
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
