"""Two edits that are right only together: in two terms of a sum, or on two lines of one way.

Each of two faults hides what mending the other would do. The terms of a sum are known by value: what one
gives and what the other gives must add up to the gradient that the line is named after, so that all edits of
both are looked through at once. Of two lines the likeliest edits are tried two at a time.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bpdebug.verify.repair.edits import Edit
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trees import Code, Spot
from bpdebug.verify.repair.trees import replaced as with_fields
from bpdebug.verify.repair.trying import Candidate, Correction, Costs
from bpdebug.verify.repair.wording import sentence

LIKELY = Costs(0.0, 1.31)
MOST_LINES, MOST_EDITS = 6, 24
"""Of so many lines, so many edits each are tried two at a time."""
NEAR = 1e-9
"""So near, relatively, are two terms to the sum that is wanted."""


class _Term(NamedTuple):
    """An edit of a term, its value, and where that lies on a line that all values are projected on."""

    edit: Edit
    value: Any
    at: float


def of_a_sum(search: Search, suspects: Sequence[Suspect], before: Replaced) -> list[Correction]:
    """Return the likeliest correction of a sum with a fault in each of its two terms; nothing without one.

    Parameters
    ----------
    search : Search
        Knows the recording and judges what is tried.
    suspects : sequence of Suspect
        The lines that can be at fault, the likelier first.
    before : mapping
        Corrections that have been made already, of other faults.
    """
    bases = [search.judged(trial, before) for trial in search.trials]
    for line in suspects[:MOST_LINES]:
        for candidate in sorted(_sums(search, line, before), key=lambda one: one.cost)[:MOST_EDITS]:
            mended = search.mended(candidate, before, bases)
            if mended:
                return [Correction(line, *candidate.texts, mended, candidate.cost, candidate.replaced)]
    return []


def _sums(search: Search, line: Suspect, before: Replaced) -> Iterator[Candidate]:
    """Yield the edits of both terms of a line with which it gives the gradient that it is named after."""
    first, wanted = line.first, search.wanted(line)
    code = Code(line.site.code)
    tree = code.tree
    if wanted is None or not isinstance(tree, ast.BinOp) or not isinstance(tree.op, ast.Add | ast.Sub):
        return
    value_of = search.replay.run(before)
    sign = 1 if isinstance(tree.op, ast.Add) else -1
    onto = np.random.default_rng(0).normal(size=wanted.shape)

    def terms(part: ast.expr) -> Iterator[_Term]:
        for edit in search.edits_of(line, part, before):
            try:
                value = np.asarray(value_at(search.recording, first, edit.text, value_of), dtype=float)
            except Exception:  # noqa: S112 (an edit may raise anything: then it is none)
                continue
            if value.shape == wanted.shape:
                yield _Term(edit, value, float(np.sum(onto * value)))

    left, right = ([*terms(part)] for part in (tree.left, tree.right))
    right.sort(key=lambda one: one.at)
    places = np.array([one.at for one in right])
    for one in left:
        rest = wanted - one.value
        at, near = sign * float(np.sum(onto * rest)), NEAR * float(np.sum(np.abs(onto * wanted)))
        for other in right[np.searchsorted(places, at - near) : np.searchsorted(places, at + near, "right")]:
            if np.allclose(sign * other.value, rest, NEAR, near):
                yield _both(search, line, code, tree, one.edit, other.edit)


def _both(search: Search, line: Suspect, code: Code, tree: ast.BinOp, one: Edit, other: Edit) -> Candidate:
    """Return what both edits make of a line."""
    edited = with_fields(
        tree, left=one.spot.rebuild(one.replacement.new), right=other.spot.rebuild(other.replacement.new)
    )

    def words() -> tuple[str, str]:
        said = (sentence(each.replacement.kind, each.replacement.part, code) for each in (one, other))
        return code.with_replaced(Spot(tree, lambda new: new), edited), ", and ".join(said)

    text, site = ast.unparse(edited), line.site
    replaced = dict(search.replaced(each, text) for each in line.instances if each.node is not None)
    return Candidate(site.place, site.code, one.cost + other.cost, replaced, one.replacement.kind, words)


def of_two_lines(search: Search, suspects: Sequence[Suspect], before: Replaced) -> list[Correction]:
    """Return corrections of two lines that mend something together; nothing where none do.

    Parameters
    ----------
    search, suspects, before
        As `of_a_sum` takes them.
    """
    bases = [search.judged(trial, before) for trial in search.trials]
    likely = [
        (line, [*itertools.islice(search.likely(line, before, LIKELY), MOST_EDITS)])
        for line in suspects[:MOST_LINES]
    ]
    pairs = [
        ((line, one), (other, two))
        for (line, edits), (other, its) in itertools.combinations(likely, 2)
        for one, two in itertools.product(edits, its)
    ]
    pairs.sort(key=lambda pair: pair[0][1].cost + pair[1][1].cost)
    for pair in itertools.takewhile(lambda pair: not search.is_over, pairs):
        (_, one), (_, two) = pair
        both = replace(one, replaced={**one.replaced, **two.replaced})
        mended = search.mended(both, before, bases)
        if mended:
            return [
                Correction(line, *edit.texts, mended, edit.cost, edit.replaced)
                for line, edit in sorted(pair, key=lambda each: each[0].first.time)
            ]
    return []
