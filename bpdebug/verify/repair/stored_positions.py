"""Another position of what a statement stores to: `x[i + k] += v` for `x[i] += v`.

What may be meant is what others are read at in the same function, and what the turns of the loops are counted
by. A replay stores there instead: nothing has to run again.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script import Instance, Recording
from bpdebug.sources.script.analysis.parameters import filled
from bpdebug.sources.script.environment import Environment
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.reference import recorded
from bpdebug.verify.repair.evaluating import value_at, valued
from bpdebug.verify.repair.places import sum_of
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.surroundings import trees_near
from bpdebug.verify.repair.suspects import Suspect

MOST_PUT, MOST_POSITIONS, MOST_LOOKED_AT = 600, 12, 12
"""So many elements are stored again at another position, and so many positions are tried; what turns is
another number in one of so many turns."""


class StoredElsewhere(NamedTuple):
    """A statement that stores elsewhere.

    Attributes
    ----------
    text : str
        The statement.
    kind : str
        The kind of mistake, a key of the table of sentences.
    part : str
        Where it stores as it is.
    replaced : mapping
        What it stores then, as what a replay replaces.
    """

    text: str
    kind: str
    part: str
    replaced: Replaced


def other_positions(
    recording: Recording, suspect: Suspect, text: str, statement: ast.stmt
) -> Iterator[StoredElsewhere]:
    """Yield the statement with another position in what it stores to, or with two exchanged.

    Parameters
    ----------
    recording : Recording
        What ran.
    suspect : Suspect
        The line.
    text : str
        The statement as it is written.
    statement : ast.stmt
        Its tree.
    """
    target = _stored_to(statement)
    if target is None:
        return
    puts = [one for one in suspect.instances if one.result is not None and one.result.function is put]
    if not puts or len(puts) > MOST_PUT or len(puts) < len(suspect.instances):
        return
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    own = [ast.unparse(part) for part in parts]
    turning = _turning(recording, puts)
    near = [one for tree in trees_near(recording, suspect.site) for one in _positions(tree)]
    others = [
        {place: other}
        for place, part in enumerate(parts)
        for other in _instead_of(part, turning, near)
        if other not in own
    ]
    others += [
        {one: own[other], other: own[one]}
        for one, other in itertools.combinations(range(len(parts)), 2)
        if own[one] != own[other] and isinstance(parts[one], ast.Slice) == isinstance(parts[other], ast.Slice)
    ]
    segment = ast.get_source_segment(text, target) or ""
    for other in others:
        written = [other.get(place, part) for place, part in enumerate(own)]
        item = f"{ast.unparse(target.value)}[{', '.join(written)}]"
        replaced = {
            one.result.id: partial(_put_at, recording, one, other) for one in puts if one.result is not None
        }
        kind = "indices exchanged" if len(other) > 1 else "another position"
        yield StoredElsewhere(text.replace(segment, item, 1), kind, segment, replaced)


def _positions(tree: ast.expr) -> Iterator[ast.expr]:
    """Yield the positions at which something is read."""
    for one in ast.walk(tree):
        if isinstance(one, ast.Subscript):
            yield from one.slice.elts if isinstance(one.slice, ast.Tuple) else [one.slice]


def _instead_of(part: ast.expr, turning: Sequence[str], near: Sequence[ast.expr]) -> list[str]:
    """Return what may be meant at a position: what others are read at, and what the turns are counted by."""
    is_slice = isinstance(part, ast.Slice)
    texts = [ast.unparse(one) for one in near if isinstance(one, ast.Slice) == is_slice and _names(one)]
    if not is_slice:
        texts += turning
        if isinstance(part, ast.Name):
            texts += [f"{part.id} + {other}" for other in turning if other != part.id]
        elif isinstance(part, ast.BinOp):
            texts += [ast.unparse(one) for one in (part.left, part.right)]
    return list(dict.fromkeys(texts))[:MOST_POSITIONS]


def _names(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _turning(recording: Recording, puts: Sequence[Instance]) -> list[str]:
    """Return the variables that are other positions in other turns."""
    some = puts[:: 1 + len(puts) // MOST_LOOKED_AT]
    each = [one.scope if one.scope is not None else Environment(recording, one, recorded) for one in some]
    names = [name for name, value in each[0].items() if type(value) is int]
    return [name for name in names if len({one.get(name) for one in each}) > 1]


def _put_at(recording: Recording, instance: Instance, other: Mapping[int, str], value_of: ValueOf) -> Any:
    """Return what a tensor is when something is stored at another position of it."""
    assert instance.result is not None
    whole, index, stored = instance.result.operands
    at: Any = filled(index)
    places = [*at] if isinstance(at, tuple) else [at]
    for place, text in other.items():
        places[place] = _position_at(recording, instance, text, value_of)
    at = tuple(places)
    result = np.array(valued(whole, value_of))
    if instance.site.role == "assign" or sum_of(instance) is None:
        result[at] = valued(stored, value_of)
    else:
        result[at] = stored.function(result[at], valued(stored.operands[1], value_of))
    return result


def _position_at(recording: Recording, instance: Instance, text: str, value_of: ValueOf) -> Any:
    """Return what a position, or a slice, is at an instance."""
    ends = text.split(":")
    found = [value_at(recording, instance, end, value_of) if end.strip() else None for end in ends]
    return found[0] if len(found) == 1 else slice(*found)


def _stored_to(statement: ast.stmt) -> ast.Subscript | None:
    """Return the item that a statement stores to, if it is one."""
    match statement:
        case (
            ast.AugAssign(target=ast.Subscript() as target) | ast.Assign(targets=[ast.Subscript() as target])
        ):
            return target
    return None
