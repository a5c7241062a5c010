"""Edits of a whole statement: `=` for `+=`, `+=` for `=`, and the other sign."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from bpdebug.sources.script import Instance, Node, Recording
from bpdebug.sources.script.analysis.parameters import filled
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.reference import recorded
from bpdebug.verify.repair.evaluating import Rewritten, value_at, valued
from bpdebug.verify.repair.places import sum_of
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.scopes import scope_of
from bpdebug.verify.repair.stored_positions import other_positions
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trying import Candidate
from bpdebug.verify.repair.wording import SENTENCES

MASK, POSITION = 1.15, 1.3
SIGNS: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+=", operator.add),
    ast.Sub: ("-=", operator.sub),
}


def statement_edits(recording: Recording, suspect: Suspect) -> Iterator[Candidate]:
    """Yield the edits of the statement that a line's expression belongs to."""
    site = suspect.site
    if site.source is None:
        return
    text = site.source.code(site.statement)
    try:
        (statement,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return
    for item, kind, part, replaced in other_positions(recording, suspect, text, statement):
        yield _edit(suspect, text, item, kind, POSITION, replaced, part)
    if isinstance(statement, ast.AugAssign) and site.role in ("augment", ""):  # "": a number is added
        yield from _of_augmented(suspect, text, statement)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1 and site.role == "assign":
        yield from _of_assigned(recording, suspect, text, statement)
    elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        yield from _of_masked(recording, suspect, text, statement.targets[0])


def _edit(
    suspect: Suspect, text: str, new: str, kind: str, cost: float, replaced: Replaced, part: str = ""
) -> Candidate:
    words = new, SENTENCES[kind].format(part=f"`{part}`")
    return Candidate(suspect.site.statement, text, cost, replaced, kind, lambda: words)


def _of_augmented(suspect: Suspect, text: str, statement: ast.AugAssign) -> Iterator[Candidate]:
    """`x += v` for `x = v`, and `x -= v` for `x += v`."""
    written = SIGNS.get(type(statement.op))
    if written is None:
        return
    sign = written[0]
    if isinstance(statement.target, ast.Subscript) and sign == "+=":
        yield from _of_scattered(suspect, text, statement.target, statement.value)
    sums = [node for node in map(sum_of, suspect.instances) if node is not None]
    assigned = {node.id: partial(_assigned, node) for node in sums}
    yield _edit(suspect, text, text.replace(sign, "=", 1), "+= for =", 1.2, assigned)
    for other, operation in SIGNS.values():
        if other != sign:
            turned = {node.id: partial(_combined, node, operation) for node in sums}
            yield _edit(suspect, text, text.replace(sign, other, 1), "sign of +=", 1.1, turned, other)


def _of_scattered(suspect: Suspect, text: str, target: ast.Subscript, value: ast.expr) -> Iterator[Candidate]:
    """`np.add.at(x, i, v)` for `x[i] += v`."""
    puts = [one.result for one in suspect.instances if one.result is not None and one.result.function is put]
    repeated = [one for one in puts if _is_repeated(filled(one.operands[1]))]
    if repeated and len(repeated) == len(puts):
        numpy = next((name for name, held in suspect.first.variables.items() if held is np), "np")
        parts = ", ".join(
            ast.get_source_segment(text, one) or "" for one in (target.value, target.slice, value)
        )
        replaced = {one.id: partial(_added_at, one) for one in repeated}
        yield _edit(suspect, text, f"{numpy}.add.at({parts})", "index repeated", 1.1, replaced)


def _is_repeated(index: Any) -> bool:
    """Whether an index of positions names one of them more than once."""
    positions = index[0] if isinstance(index, tuple) and index else index
    array = np.asarray(positions) if isinstance(positions, np.ndarray | list) else np.empty(0)
    return array.dtype.kind in "iu" and np.unique(array).size < array.size


def _added_at(stored: Node, value_of: ValueOf) -> Any:
    whole, index, total = stored.operands
    result = np.array(valued(whole, value_of))
    places: Any = filled(index)
    np.add.at(result, places, valued(total.operands[1], value_of))
    return result


def _of_assigned(
    recording: Recording, suspect: Suspect, text: str, statement: ast.Assign
) -> Iterator[Candidate]:
    """`x = v` for `x += v`."""
    target = statement.targets[0]
    if not isinstance(target, ast.Name | ast.Subscript | ast.Attribute):
        return
    added = f"{ast.unparse(target)} + ({ast.unparse(statement.value)})"
    replaced = {
        one.node.id: Rewritten(recording, one, added) for one in suspect.instances if one.node is not None
    }
    head, _, tail = text.partition("=")
    yield _edit(suspect, text, f"{head.rstrip()} +={tail}", "= for +=", 1.1, replaced)


def _of_masked(
    recording: Recording, suspect: Suspect, text: str, target: ast.Subscript
) -> Iterator[Candidate]:
    """`dh[z < 0] = 0` for `dh[dh < 0] = 0`: where another tensor is negative."""
    mask = target.slice
    puts = [one for one in suspect.instances if one.result is not None and one.result.function is put]
    if not (puts and isinstance(mask, ast.Compare) and isinstance(mask.left, ast.Name | ast.Attribute)):
        return
    scope, compared = scope_of(recording, puts[0], recorded), ast.unparse(mask.left)
    written = ast.get_source_segment(text, mask) or ""
    for tensor, shape in scope.tensors.items():
        if tensor in (compared, ast.unparse(target.value)) or shape != scope.shape(mask.left):
            continue
        for operator_text in dict.fromkeys((written[len(compared) :], " <= 0")):
            other = f"{tensor}{operator_text}"
            replaced = {one.result.id: partial(_masked, recording, one, other) for one in puts if one.result}
            new = text.replace(written, other, 1)
            yield _edit(suspect, text, new, "another tensor", MASK, replaced, compared)


def _masked(recording: Recording, instance: Instance, mask: str, value_of: ValueOf) -> Any:
    assert instance.result is not None
    whole, _, part = instance.result.operands
    result = np.array(valued(whole, value_of))
    result[value_at(recording, instance, mask, value_of)] = valued(part, value_of)
    return result


def _assigned(added: Node, value_of: ValueOf) -> Any:
    """Return what `x = v` stores in place of `x += v`."""
    value = valued(added.operands[1], value_of)
    like = added.like
    return np.broadcast_to(value, np.shape(like)).copy() if isinstance(like, np.ndarray) else value


def _combined(added: Node, operation: Callable[[Any, Any], Any], value_of: ValueOf) -> Any:
    """Return what another operator makes of `x` and `v`."""
    left, right = added.operands
    return operation(valued(left, value_of), valued(right, value_of))
