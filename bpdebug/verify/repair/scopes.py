"""What can be written at a place in the person's code: tensors, counts, functions, slices."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any, TypeGuard

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.sources.script import Instance, Recording, Site
from bpdebug.sources.script.conversion.translator import value_of as as_recorded
from bpdebug.sources.script.environment import Environment
from bpdebug.sources.script.evaluation import LookedUp, as_written
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.recorder.tensors import is_other
from bpdebug.verify.repair.constants import last_name, rates
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.own_functions import MOST_FUNCTIONS, functions_of, library_of
from bpdebug.verify.repair.rules.replacement import Scope
from bpdebug.verify.repair.surroundings import (
    READ,
    divisors_forward,
    divisors_near,
    expressions_near,
    leaks,
    padded_by,
    slices_near,
    sums_by_method,
    tree_of,
    trees_near,
    written_beside,
)

MOST_TENSORS = 60
MOST_ITEMS, MOST_PARTS = 24, 8
MOST_BESIDE = 3
MOST_POSITIONS = 3
MOST_AXES, MOST_TURNS = 3, 4
"""Of larger arrays, and among more indices, there are too many elements that may be meant."""
DEEPEST = 2
"""An item of an attribute is found, and nothing deeper."""


def scope_of(
    recording: Recording,
    instance: Instance,
    value_of: ValueOf,
    further: Sequence[str] = (),
    expected: Shape | None = None,
    fresh: ValueOf | None = None,
) -> Scope:
    """Return what can be written where an instance stands.

    Parameters
    ----------
    recording : Recording
        What ran.
    instance : Instance
        The execution.
    value_of : callable
        The value of each node.
    further : sequence of str
        What else may be meant, such as a parameter that nothing around reads.
    expected : tuple of int, optional
        The shape that the value should have, where its name says it.
    fresh : callable, optional
        The value of each node with other parameters.
    """
    scope = Environment(recording, instance, value_of)
    names = dict(scope)
    tensors: dict[str, Shape] = {}
    masks: list[str] = []
    flat: list[str] = []
    counts: dict[str, None] = {}
    borders: dict[str, int] = {}
    pads = padded_by(recording)
    # Within a function its own variables are meant, and what else it is written with.
    own = names if instance.scope is None else {name: names[name] for name in scope.local if name in names}
    functions = tuple(functions_of(names, instance.site.class_name))[:MOST_FUNCTIONS]
    near = [
        *further,
        *expressions_near(recording, instance.site, functions),
        *_items_alike(recording, instance.site, own),
    ]
    near += _not_read(recording, instance, own)
    known = rates(recording)
    near += sorted((known | pads) & names.keys())
    beside = list(_evaluated(recording, instance, value_of, near))
    # Of a list whose item of this turn can be meant, no other number is.
    in_turns = {ast.unparse(tree.value) for text, _ in beside if _is_item(tree := tree_of(text))}
    for text, value in (*beside, *_held(own, instance.site.class_name)):
        if type(value) is float and text.rpartition("[")[0] in in_turns and text not in near:
            continue
        if isinstance(value, bool) or len(tensors) >= MOST_TENSORS:
            continue
        if isinstance(value, int | np.integer) and value > 0 and _last(text) in pads:
            borders.setdefault(text, int(value))
        if type(value) is int and _last(text) in known:
            tensors.setdefault(text, ())
        elif isinstance(value, int | np.integer):
            if value > 1:
                counts.setdefault(text)
        elif isinstance(value, np.ndarray | np.floating | float) or is_other(value):
            tensors.setdefault(text, tuple(np.shape(value)))
            if isinstance(value, np.ndarray) and value.dtype == bool:
                masks.append(text)
            if fresh is not None and _is_flat(value):
                flat += [
                    text for _, other in _evaluated(recording, instance, fresh, [text]) if _is_flat(other)
                ]
    for text, extents in [each for each in tensors.items() if isinstance(tree_of(each[0]), READ)][
        :MOST_FUNCTIONS
    ]:
        counts.update({f"{text}.shape[{axis}]": None for axis, extent in enumerate(extents) if extent > 1})

    shapes: dict[ast.expr, Shape | None] = {}
    looked_up: LookedUp = {}
    other = recording.objects.other

    def shape(node: ast.expr) -> Shape | None:
        if node not in shapes:
            try:
                shapes[node] = _composed(node, shape)
            except LookupError:
                shapes[node] = evaluated(ast.unparse(node))
        return shapes[node]

    @cache
    def evaluated(text: str) -> Shape | None:
        try:
            value = value_at(recording, instance, text, value_of, looked_up)
        except Exception:
            return None
        return np.shape(value) if isinstance(value, np.ndarray | np.generic | float | int) else None

    return Scope(
        tensors,
        tuple(counts),
        functions,
        slices_near(recording, instance.site),
        library_of(names, "numpy" if other is None else other.module),
        ("axis", "keepdims") if other is None else other.sum_options,
        tuple(written_beside(recording, instance.site))[:MOST_BESIDE],
        stored_in if (stored_in := _stored(instance)) is not None else expected,
        leaks(recording),
        shape,
        tuple(dict.fromkeys(masks)),
        sums_by_method(recording),
        tuple(text for text, shape in tensors.items() if not shape and _last(text) in known),
        divisors_near(recording, instance.site),
        divisors_forward(recording, instance.site),
        borders,
        frozenset(flat),
    )


def _last(text: str) -> str:
    tree = tree_of(text)
    return "" if tree is None else last_name(tree)


def _is_flat(value: Any) -> bool:
    """Whether an array is one number throughout."""
    return isinstance(value, np.ndarray) and value.size > 1 and bool(np.all(value == value.flat[0]))


def _composed(node: ast.expr, shape: Callable[[ast.expr], Shape | None]) -> Shape | None:
    """Return the shape that follows from those of the parts, which is none where they do not fit together.

    Raises
    ------
    LookupError
        Where it does not follow: only computing it tells.
    """
    match node:
        case ast.Attribute(attr="T") if own := shape(node.value):
            return own[::-1]
        case ast.BinOp(op=operator) if (left := shape(node.left)) and (right := shape(node.right)):
            if isinstance(operator, ast.MatMult) and len(left) == len(right) == 2:
                return (left[0], right[1]) if left[1] == right[0] else None
            if not isinstance(operator, ast.MatMult):
                with suppress(ValueError):
                    return np.broadcast_shapes(left, right)
                return None
    raise LookupError


def _items_alike(recording: Recording, site: Site, names: Mapping[str, Any]) -> Iterator[str]:
    """Yield the items of lists at the positions that a statement stores to: `x[i]` for `w[i] -= v`.

    And of a list that the function never reads, those at the positions that it reads others at; of every list
    the one at the simplest of these: `activations[-l]` beside `zs[-l]`.
    """
    lists = [name for name, value in _held(names, site.class_name) if isinstance(value, list | tuple)]
    targets = (tree_of(target.text) for target in site.targets)
    positions = dict.fromkeys(ast.unparse(one.slice) for one in targets if _is_item(one))
    yield from (f"{name}[{position}]" for position in positions for name in lists[:MOST_ITEMS])
    read: dict[str, None] = {}
    owners: set[str] = set()
    for tree in trees_near(recording, site):
        for one in ast.walk(tree):
            if isinstance(one, ast.Name | ast.Attribute):
                owners.add(ast.unparse(one))
            if _is_item(one) and not isinstance(one.slice, ast.Slice | ast.Tuple):
                read.setdefault(ast.unparse(one.slice))
    simplest = min(read, key=len, default="")
    plain = [name for name in lists if "[" not in name] if simplest else []
    yield from (f"{name}[{simplest}]" for name in plain[:MOST_PARTS])
    unread = sorted((name for name in lists if name not in owners), key=lambda name: "[" in name)
    nearest = [position for position in list(read)[:MOST_POSITIONS] if position not in positions]
    yield from (f"{name}[{position}]" for position in nearest for name in unread[:MOST_PARTS])


def _is_item(node: ast.AST | None) -> TypeGuard[ast.Subscript]:
    return isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant)


def _not_read(recording: Recording, instance: Instance, names: Mapping[str, Any]) -> list[str]:
    """Return the arrays that a function never reads, and their elements at the turns of the loops around."""
    read = {
        node.id
        for tree in trees_near(recording, instance.site)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
    }
    turns = sorted(name for name, value in names.items() if type(value) is int)
    arrays = [(name, value.ndim) for name, value in names.items() if isinstance(value, np.ndarray)]
    unread = [(name, rank) for name, rank in arrays if name not in read]
    return [name for name, _ in unread] + [
        f"{name}[{', '.join(chosen)}]"
        for name, rank in unread
        for chosen in itertools.permutations(turns, rank)
        if rank <= MOST_AXES and len(turns) <= MOST_TURNS
    ]


def _evaluated(
    recording: Recording, instance: Instance, value_of: ValueOf, texts: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    """Yield expressions that the function around is written with, and their values here."""
    for text in texts:
        try:
            yield text, value_at(recording, instance, text, value_of)
        except Exception:  # noqa: S112 (what stands elsewhere need not make sense here)
            continue


def _stored(instance: Instance) -> Shape | None:
    """Return the shape of what an instance's value is added to, or of the part that it is put into."""
    result = instance.result
    if result is None or result is instance.node:
        return None
    if result.function is put:
        whole, index, _ = result.operands
        try:
            part: Shape = np.shape(whole.value[as_recorded(index)])
        except (TypeError, IndexError):
            return None
        return part
    shape: Shape = np.shape(result.like)
    return shape


def _held(names: Mapping[str, Any], class_name: str) -> Iterator[tuple[str, Any]]:
    """Yield what variables, attributes and items hold, as a class writes it: `z`, `self.w`, `grads["w"]`."""
    for name, value in names.items():
        if not name.startswith("__") and not isinstance(value, ModuleType | type):
            yield name, value
            yield from _parts(name, value, class_name, DEEPEST)


def _parts(name: str, value: Any, class_name: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield what an object or a container holds."""
    parts: Iterable[tuple[str, Any]] = ()
    if depth == 0 or isinstance(value, np.ndarray) or is_other(value):
        return
    if isinstance(value, dict) and len(value) <= MOST_ITEMS:
        parts = [(f"{name}[{key!r}]", part) for key, part in value.items() if isinstance(key, str)]
    elif isinstance(value, list | tuple) and len(value) <= MOST_PARTS:
        parts = [(f"{name}[{number}]", part) for number, part in enumerate(value)]
    elif not callable(value):
        held = getattr(value, "__dict__", {})
        parts = [(f"{name}.{as_written(key, class_name)}", part) for key, part in held.items()]
    for written, part in parts:
        yield written, part
        yield from _parts(written, part, class_name, depth - 1)
