"""Gradients that were exchanged on the way: where one parameter gets what is that of another.

The place is a tuple or a list, `return db, dw`, whose parts lie beside each other in the wrong order.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.standard import multiple
from bpdebug.verify.repair.replay import ancestors
from bpdebug.verify.repair.structures.text import PersonText, Structure
from bpdebug.verify.repair.trials import gradient_nodes

TOLERANCE = 1e-6


def exchanged_parts(text: PersonText, analysis: Analysis) -> Iterator[Structure]:
    """Yield the tuples and lists with two neighbours exchanged, where a parameter gets another's gradient.

    Parameters
    ----------
    text : PersonText
        The file.
    analysis : Analysis
        Has the derived gradients.
    """
    behind = _behind_another(analysis)
    if not behind:
        return
    ran = {
        one.site.place
        for one in text.recording.instances
        if one.node is not None and one.node.origin.id in behind
    }
    for node in ast.walk(text.tree):
        parts = node.elts if isinstance(node, ast.Tuple | ast.List) else []
        for first, second in itertools.pairwise(parts):
            if text.place(first) in ran and text.place(second) in ran:
                whole = text.place(first, second)
                one, other = text.code(text.place(first)), text.code(text.place(second))
                between = text.code(whole)[len(one) : -len(other)]
                said = f"`{one}` and `{other}` are exchanged: each is taken for the other"
                yield Structure(text.rewriting(whole, f"{other}{between}{one}", said), "wrong")


def _behind_another(analysis: Analysis) -> set[int]:
    """Return what the steps are computed from, if one of them is made of another parameter's gradient."""
    loss = analysis.loss
    if loss is None:
        return set()
    olds = [one.old.id for one in analysis.parameters]
    gradients = {
        number: np.asarray(analysis.gradients[number]) for number in olds if number in analysis.gradients
    }
    for parameter, verdict in zip(analysis.parameters, loss.verdicts.each, strict=True):
        others = [one for number, one in gradients.items() if number != parameter.old.id and one.size > 1]
        links = [link.node for piece in parameter.pieces for link in piece.chain]
        if not verdict.is_right and any(
            other.shape == link.shape and multiple(link.value, other, TOLERANCE) is not None
            for link in links
            for other in others
        ):
            return ancestors(node for one in analysis.parameters for node in gradient_nodes(one))
    return set()
