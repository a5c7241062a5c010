"""A gradient that nothing is added to: the line is missing that fills it, beside those that fill others.

What it should add is looked for among the products of what is at hand there: over all turns together they
must give the derived gradient.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script import Instance, Node, Site
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.replay import ancestors
from bpdebug.verify.repair.scopes import scope_of
from bpdebug.verify.repair.structures.text import PersonText, Structure
from bpdebug.verify.repair.trials import gradient_nodes

MOST_TURNS, MOST_LINES, MOST_ROWS = 64, 3, 40
TOLERANCE = 1e-6
FORMS: Mapping[str, Callable[..., Any]] = {
    "{0}": lambda x: x,
    "np.outer({0}, {1})": np.outer,
    "{0} @ {1}": np.matmul,
    "{0}.T @ {1}": lambda x, y: x.T @ y,
    "{0} * {1}": np.multiply,
}
"""What fills a gradient, as it is written, and how it is computed."""


def unfilled(text: PersonText, analysis: Analysis) -> Iterator[Structure]:
    """Yield lines that would fill a gradient that is left as it was made, each after one that fills another.

    Parameters
    ----------
    text : PersonText
        The file.
    analysis : Analysis
        Has the derived gradients.
    """
    loss = analysis.loss
    if loss is None:
        return
    for parameter, verdict in zip(analysis.parameters, loss.verdicts.each, strict=True):
        wanted = analysis.gradients.get(parameter.old.id)
        held = _left_empty(verdict.gradient) if verdict.gradient is not None else None
        if verdict.is_right or held is None or wanted is None:
            continue
        total = (loss.verdicts.ratio or 1.0) * np.asarray(wanted)
        others = (one for one in analysis.parameters if one is not parameter)
        filling = ancestors(node for one in others for node in gradient_nodes(one))
        name, said = held.names[0], f"nothing is ever added to `{held.names[0]}`"
        for site, turns in list(_filling(text, filling))[-MOST_LINES:]:
            beside = f"{text.code(site.statement)}\n{' ' * site.statement.column}"
            for written in _terms(text, turns, total):
                new = text.rewriting(site.statement, f"{beside}{name} += {written}", said)
                yield Structure(new, "missing")


def _left_empty(node: Node) -> Node | None:
    """Return the zeros that a step is made of, as they were named first; None where it is made of more."""
    if np.any(node.value):
        return None
    before = (_left_empty(one) for one in node.parents() if one.shape == node.shape)
    return next((one for one in before if one is not None), node if node.names else None)


def _filling(text: PersonText, numbers: set[int]) -> Iterator[tuple[Site, list[Instance]]]:
    """Yield the statements that add to gradients, with their turns."""
    ran: dict[int, list[Instance]] = {}
    for one in text.recording.instances:
        if one.site.role == "augment" and one.result is not None and one.result.id in numbers:
            ran.setdefault(one.site.number, []).append(one)
    for number in sorted(ran):
        site = ran[number][0].site
        if site.place.file == text.file and len(ran[number]) <= MOST_TURNS:
            yield site, ran[number]


def _terms(text: PersonText, turns: Sequence[Instance], wanted: Any) -> Iterator[str]:
    """Yield the products whose sum over the turns is a gradient."""
    recording = text.recording

    def recorded(node: Node) -> Any:
        return node.value

    scope = scope_of(recording, turns[0], recorded)
    held: dict[str, list[Any]] = {}
    largest = np.max(np.abs(wanted), initial=0)
    variables = turns[0].variables if turns[0].scope is None else turns[0].scope
    places = [name for name, value in variables.items() if type(value) is int]
    rows = [f"{name}[{place}]" for name, shape in scope.tensors.items() if len(shape) > 1 for place in places]
    for name in [*scope.tensors, *rows[:MOST_ROWS]]:
        try:
            held[name] = [value_at(recording, one, name, recorded) for one in turns]
        except Exception:  # noqa: S112 (what stands elsewhere need not make sense here)
            continue
    for form, product in FORMS.items():
        for names in itertools.permutations(held, 1 + ("{1}" in form)):
            try:
                first, *others = (
                    product(*values) for values in zip(*(held[name] for name in names), strict=True)
                )
                total = sum(others, first)
            except (ValueError, TypeError, AttributeError):
                continue
            if np.shape(total) == wanted.shape and np.allclose(total, wanted, TOLERANCE, largest * TOLERANCE):
                yield form.replace("np.", f"{scope.library}.").format(*names)
