"""The formula that the derivation has for a tensor, in the person's names: for a line that no edit mends.

It is found out which gradient belongs on the line: the right one of each tensor of that shape is put there,
and the others are computed again. What is written for it is held to the same as every other correction: right
here, and on fresh values.
"""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from bpdebug.sources.script import Recording, Site
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.verify.repair.formula_text import FormulaWriter
from bpdebug.verify.repair.parts import Sum
from bpdebug.verify.repair.recurrence import Belonging
from bpdebug.verify.repair.replay import Replaced, ancestors, fixed
from bpdebug.verify.repair.rules.beside import terms
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trying import Candidate, Correction
from bpdebug.verify.repair.wording import SENTENCES

MOST_LINES, MOST_GRADIENTS = 6, 8
"""So many lines are looked at, and on each so many gradients that may belong there."""
SECONDS = 3.0
"""So long it is looked for where all other time is used up: it is the last thing that may be said."""
LONGEST = 240
"""Nobody reads a longer formula."""
DERIVED = "derived"
COST = 3.0
"""No edit is as unlikely."""


class Derived(NamedTuple):
    """A line with the derived formula in it.

    Attributes
    ----------
    correction : Correction
        The line, and the formula.
    passed : frozenset of str
        What the line reads of others that can be at fault and the formula does without: then it goes past the
        fault, and it is not this line that is wrong.
    """

    correction: Correction
    passed: frozenset[str]


def derived_correction(
    search: Search, analysis: Analysis, suspects: Sequence[Suspect], before: Replaced
) -> Derived | None:
    """Return a line with the derived formula in it with which most gradients are right; None without one.

    Parameters
    ----------
    search : Search
        Knows the recording and judges what is tried.
    analysis : Analysis
        Has the derived gradients.
    suspects : sequence of Suspect
        The lines that can be at fault.
    before : mapping
        Corrections that have been made already, of other faults.
    """
    found = []
    until = max(search.deadline, time.thread_time() + SECONDS)
    for suspect in suspects[:MOST_LINES]:
        first = suspect.first
        if time.thread_time() > until:
            break
        if suspect.is_of_loss:
            continue
        if first.node is None or (first.result is not None and first.result is not first.node):
            continue  # of `x += v` it is not known how much of the gradient v has
        writer = FormulaWriter(search, analysis, first, before)
        read = _open_names(search.recording, suspects, suspect)
        belonging = _belonging(search, analysis, writer, before, until)
        for number, factor in itertools.islice(belonging, MOST_GRADIENTS):
            gradient = writer.gradient_of(number)
            correction = _correction(search, suspect, before, writer, (gradient,), factor)
            if correction is not None:
                found.append(Derived(correction, frozenset(read - _parts(correction.correction))))
                break
    return max(found, key=_rank, default=None)


def _rank(derived: Derived) -> tuple[bool, int, int]:
    correction = derived.correction
    return not derived.passed, len(correction.mended), -correction.suspect.first.time


def _open_names(recording: Recording, suspects: Sequence[Suspect], suspect: Suspect) -> set[str]:
    """Return what a line reads of other lines that can be at fault: their variables, and their functions."""
    behind = ancestors(node for node in (suspect.first.node,) if node is not None)
    others = (one for one in suspects if one is not suspect and not one.is_explained)
    read = (
        other.site
        for other in others
        for one in other.involved
        if any(node is not None and node.id in behind for node in (one.node, one.result))
    )
    names = {name for site in read for name in given_names(site)}
    # A formula in the place of a call goes past whatever is wrong in the function.
    functions = {site.function_name for site in recording.own_sites}
    return (names | functions) & _parts(suspect.site.code)


def given_names(site: Site) -> set[str]:
    """Return what others read an expression by: its variables, or the function that it is returned from."""
    own = {one.text for one in site.targets}
    return own | {site.function_name} if site.role == "return" else own


def _parts(code: str) -> set[str]:
    """Return the variables, attributes and items that an expression reads, as they are written."""
    try:
        tree = ast.parse(f"({code}\n)", mode="eval")
    except SyntaxError:
        return set()
    nodes = list(ast.walk(tree))
    kinds = ast.Name | ast.Attribute | ast.Subscript
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {ast.unparse(node) for node in nodes if isinstance(node, kinds)}


def _belonging(
    search: Search, analysis: Analysis, writer: FormulaWriter, before: Replaced, until: float
) -> Iterator[tuple[int, float]]:
    """Yield the tensors whose gradient, so many times, mends something where it stands on a line.

    In loops there are thousands: they are looked at until a time, on the clock of `time.thread_time`.
    """
    node = writer.instance.node
    assert node is not None
    base = search.judged(search.trials[0], before)
    looked_at: set[bytes] = set()
    for number, gradient in analysis.gradients.items():
        if np.shape(gradient) != np.shape(node.like) or np.size(gradient) < 2:
            continue
        # What several turns add to has the same gradient after each of them.
        value = np.asarray(gradient).tobytes()
        if value in looked_at:
            continue
        looked_at.add(value)
        if time.thread_time() > until:
            return
        for factor in writer.factors:
            try:
                judged = search.judged(
                    search.trials[0], {**before, node.id: fixed(factor * np.asarray(gradient))}
                )
            except Exception:  # noqa: S112 (the person's own operations may raise on other values)
                continue
            right = {name for name, verdict in judged.items() if verdict == "right"}
            had = {name for name, verdict in base.items() if verdict == "right"}
            if right > had:
                yield number, factor


def of_each_turn(
    search: Search, analysis: Analysis, belonging: Belonging, before: Replaced
) -> Correction | None:
    """Return a line with the derived formula of what belongs there in each turn; None without one."""
    writer = FormulaWriter(search, analysis, belonging.suspect.first, before)
    ratio = search.known.ratio or 1.0
    return _correction(search, belonging.suspect, before, writer, belonging.gradient, ratio, "this is not {}")


def _correction(
    search: Search,
    suspect: Suspect,
    before: Replaced,
    writer: FormulaWriter,
    gradient: Sum,
    factor: float,
    said: str = "this is not {}, and no edit of it mends that",
) -> Correction | None:
    name = writer.named_after(gradient)
    of = f"the gradient of {name}" if name else "the gradient that belongs here"
    site = suspect.site
    bases = [search.judged(trial, before) for trial in search.trials]
    plain = [(text, said.format(of)) for text in writer.gradients(gradient, factor) if len(text) <= LONGEST]
    for text, words in (each for one in plain for each in (_in_place(site.code, one[0]), one) if each):
        replaced = dict(search.replaced(one, text) for one in suspect.instances if one.node is not None)
        candidate = Candidate(site.place, site.code, COST, replaced, DERIVED, partial(_both, text, words))
        mended = search.mended(candidate, before, bases)
        if mended:
            return Correction(suspect, *candidate.texts, mended, COST, replaced)
    return None


def _in_place(code: str, formula: str) -> tuple[str, str] | None:
    """Return a formula as what stands there with one term more, or another, and what was wrong; or None."""
    try:
        own, wanted = (terms(ast.parse(one, mode="eval").body) for one in (code, formula))
    except SyntaxError:
        return None
    texts, needed = ([(type(sign), ast.unparse(one)) for sign, one in each] for each in (own, wanted))
    missing = [one for one in needed if one not in texts]
    wrong = [one for one, text in zip(own, texts, strict=True) if text not in needed]
    if len(missing) != 1 or len(wanted) != len(own) + 1 - len(wrong) or len(own) < 1 + len(wrong):
        return None
    (sign, text), *_ = missing
    if not wrong:
        joint = "-" if sign is ast.Sub else "+"
        return f"{code} {joint} {text}", SENTENCES["term missing"].format(part=f"`{text}`")
    (other, term), *_ = wrong
    if "\n" in code or type(other) is not sign:
        return None
    begin, end = term.col_offset, term.end_col_offset
    before, old, after = (
        part.decode() for part in (code.encode()[:begin], code.encode()[begin:end], code.encode()[end:])
    )
    return f"{before}{text}{after}", f"the term `{old}` should be `{text}`"


def _both(text: str, said: str) -> tuple[str, str]:
    return text, said
