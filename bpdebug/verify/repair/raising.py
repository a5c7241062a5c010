"""The line where a script raises: what might stand there, with shapes that fit.

It has no value that could be replaced. So what is in its place is evaluated with the names there are, and
what raises nothing and has the shape that its name says is tried by running the script again.
"""

from __future__ import annotations

import ast
import copy
import sys
import time
from collections.abc import Iterator

import numpy as np

from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.computed import stem_of_gradient
from bpdebug.sources.script.analysis.told import Told
from bpdebug.sources.script.evaluation import callable_again
from bpdebug.sources.script.reference import recorded
from bpdebug.verify.repair.edits import edits
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.reruns import Rerun, Rewriting, mending
from bpdebug.verify.repair.rewritings import Rewritings
from bpdebug.verify.repair.rules import operators
from bpdebug.verify.repair.scopes import scope_of
from bpdebug.verify.repair.trees import Code
from bpdebug.verify.repair.wording import sentence

MOST = 12
"""So many rewritings are tried: each runs the script."""


def fitting(recording: Recording) -> list[Rewriting]:
    """Return what might stand where a script raised, the likelier first: operands joined otherwise."""
    with callable_again(recording), np.errstate(all="ignore"):
        found = sorted(_fitting(recording), key=lambda each: each[0])
    return [one for _, one in found[:MOST]]


def _fitting(recording: Recording) -> Iterator[tuple[tuple[bool, float], Rewriting]]:
    ending, source = recording.ending, recording.source(recording.ending.file)
    for place, tree, near in Rewritings(recording, recorded, ()).at(ending.file, ending.line):
        assert source is not None
        instance = copy.copy(near)  # what it has stored is there already
        instance.moment = instance.time = instance.start = sys.maxsize
        code, scope = Code(source.code(place)), scope_of(recording, instance, recorded)
        target = tree.targets[0] if isinstance(tree, ast.Assign) else None
        named = stem_of_gradient(ast.unparse(target)) if target is not None else ""
        for edit in edits(code.tree, scope, operators.RULES):
            try:
                shape = np.shape(value_at(recording, instance, edit.text, recorded))
            except Exception:  # noqa: S112 (most edits do not fit, either)
                continue
            part = edit.replacement
            text, said = code.with_replaced(edit.spot, part.new), sentence(part.kind, part.part, code)
            yield (
                (scope.tensors.get(named, shape) != shape, edit.cost),
                Rewriting(place, code.text, text, said, edit.cost),
            )


def mended(recording: Recording, analysis: Analysis, told: Told, deadline: float) -> Rewriting | None:
    """Return what mends the line where a script raises before it trains anything: then all is right."""
    if recording.ending.kind != "raised" or not recording.ending.line or time.thread_time() > deadline:
        return None
    better = mending(Rerun(recording, analysis, {}), fitting(recording), deadline)
    return None if better is None else better[0]
