"""What can be written at a place in the person's code: tensors, counts, functions, slices."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any, TypeGuard

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.sources.script import Instance, Recording, Site
from bpdebug.sources.script.conversion.translator import value_of as as_recorded
from bpdebug.sources.script.environment import Environment, as_written
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.recorder.tensors import is_other
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.rules.beside import renumbered, shift_between
from bpdebug.verify.repair.rules.nodes import called
from bpdebug.verify.repair.rules.replacement import Scope

MOST_TENSORS = 60
LONGEST_TEXT = 40
MOST_FUNCTIONS = 12
MOST_SLICES = 16
MOST_ITEMS, MOST_PARTS = 24, 8
MOST_BESIDE = 3
MOST_POSITIONS = 3
READ = (ast.Name, ast.Attribute, ast.Subscript)
SUM_FUNCTION = re.compile(r"\b(?:np|numpy|jnp|torch)\.sum\(")
SPLIT = ("where", "maximum")
"""What an activation is written with that has two sides."""
MOST_LEAKS = 3
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
    """
    scope = Environment(recording, instance, value_of)
    names = dict(scope)
    tensors: dict[str, Shape] = {}
    masks: list[str] = []
    counts: dict[str, None] = {}
    # Within a function its own variables are meant, and what else it is written with.
    own = names if instance.scope is None else {name: names[name] for name in scope.local if name in names}
    functions = tuple(_functions(names, instance.site.class_name))[:MOST_FUNCTIONS]
    near = [
        *further,
        *_expressions_near(recording, instance.site, functions),
        *_items_alike(recording, instance.site, own),
    ]
    near += _elements_not_read(recording, instance, own)
    for text, value in (
        *_evaluated(recording, instance, value_of, near),
        *_held(own, instance.site.class_name),
    ):
        if isinstance(value, bool) or len(tensors) >= MOST_TENSORS:
            continue
        if isinstance(value, int | np.integer):
            if value > 1:
                counts.setdefault(text)
        elif isinstance(value, np.ndarray | np.floating | float) or is_other(value):
            tensors.setdefault(text, tuple(np.shape(value)))
            if isinstance(value, np.ndarray) and value.dtype == bool:
                masks.append(text)
    for text, extents in [each for each in tensors.items() if isinstance(_tree(each[0]), READ)][
        :MOST_FUNCTIONS
    ]:
        counts.update({f"{text}.shape[{axis}]": None for axis, extent in enumerate(extents) if extent > 1})

    shapes: dict[str, Shape | None] = {}
    other = recording.objects.other

    def shape(node: ast.expr) -> Shape | None:
        text = ast.unparse(node)
        if text not in shapes:
            shapes[text] = _shape(recording, instance, text, value_of)
        return shapes[text]

    return Scope(
        tensors,
        tuple(counts),
        functions,
        _slices(recording, instance.site),
        _library(names, "numpy" if other is None else other.module),
        ("axis", "keepdims") if other is None else other.sum_options,
        tuple(_beside(recording, instance.site))[:MOST_BESIDE],
        stored_in if (stored_in := _stored(instance)) is not None else expected,
        _leaks(recording),
        shape,
        tuple(dict.fromkeys(masks)),
        _sums_by_method(recording),
    )


def _sums_by_method(recording: Recording) -> bool:
    """Whether sums are written as methods of what is summed, and never as functions."""
    codes = [site.code for site in recording.sites if ".sum(" in site.code]
    return bool(codes) and not any(map(SUM_FUNCTION.search, codes))


def _shape(recording: Recording, instance: Instance, text: str, value_of: ValueOf) -> Shape | None:
    try:
        value = value_at(recording, instance, text, value_of)
    except Exception:
        return None
    return np.shape(value) if isinstance(value, np.ndarray | np.generic | float | int) else None


def _items_alike(recording: Recording, site: Site, names: Mapping[str, Any]) -> Iterator[str]:
    """Yield the items of lists at the positions that a statement stores to: `x[i]` for `w[i] -= v`.

    And of a list that the function never reads, those at the positions that it reads others at.
    """
    lists = [name for name, value in _held(names, site.class_name) if isinstance(value, list | tuple)]
    targets = (_tree(target.text) for target in site.targets)
    positions = dict.fromkeys(ast.unparse(one.slice) for one in targets if _is_item(one))
    yield from (f"{name}[{position}]" for position in positions for name in lists[:MOST_ITEMS])
    read: dict[str, None] = {}
    owners: set[str] = set()
    for tree in _trees_near(recording, site):
        for one in ast.walk(tree):
            if isinstance(one, ast.Name | ast.Attribute):
                owners.add(ast.unparse(one))
            if _is_item(one) and not isinstance(one.slice, ast.Slice | ast.Tuple):
                read.setdefault(ast.unparse(one.slice))
    unread = [name for name in lists if name not in owners]
    nearest = [position for position in list(read)[:MOST_POSITIONS] if position not in positions]
    yield from (f"{name}[{position}]" for position in nearest for name in unread[:MOST_PARTS])


def _is_item(node: ast.AST | None) -> TypeGuard[ast.Subscript]:
    return isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant)


def _elements_not_read(recording: Recording, instance: Instance, names: Mapping[str, Any]) -> list[str]:
    """Return the elements, at the turns of the loops around, of the arrays that a function never reads."""
    read = {
        node.id
        for tree in _trees_near(recording, instance.site)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
    }
    turns = sorted(name for name, value in names.items() if type(value) is int)
    arrays = [(name, value.ndim) for name, value in names.items() if isinstance(value, np.ndarray)]
    unread = [(name, rank) for name, rank in arrays if name not in read]
    return [
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


def _expressions_near(recording: Recording, site: Site, functions: Sequence[str]) -> list[str]:
    functions = [text.rpartition(".")[2] for text in (*functions, "tanh")]
    found: dict[str, None] = {}
    for tree in _trees_near(recording, site):
        for node in ast.walk(tree):
            parts = [node]
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
                # `np.sqrt(n)` of `x / np.sqrt(n)` may be what another line lacks.
                parts += [one for one in (node.left, node.right) if isinstance(one, ast.Call)]
            elif isinstance(node, ast.Call) and called(node) in functions:
                # What an activation is given is what its derivative is taken at.
                parts += [one for one in node.args if isinstance(one, ast.BinOp)]
            for one in parts:
                text = ast.unparse(one) if isinstance(one, READ) or one is not node else ""
                if 0 < len(text) <= LONGEST_TEXT:
                    found.setdefault(text)
    return list(found)[: 2 * MOST_TENSORS]


def _slices(recording: Recording, site: Site) -> tuple[ast.expr, ...]:
    found: dict[str, ast.expr] = {}
    for tree in _trees_near(recording, site):
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice | ast.Tuple):
                found.setdefault(ast.unparse(node.slice), node.slice)
    return tuple(found.values())[:MOST_SLICES]


def _beside(recording: Recording, site: Site) -> Iterator[ast.expr]:
    """Yield what is stored elsewhere under this name but for its number, renumbered for this place."""
    if not site.targets:
        return
    own = site.targets[0].text
    for other in recording.sites:
        if other.kind != "value" or not other.targets or other.place.file != site.place.file:
            continue
        shift = shift_between(own, other.targets[0].text)
        if shift is not None:
            tree = _tree(renumbered(other.code, shift))
            if tree is not None:
                yield tree


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


def _leaks(recording: Recording) -> tuple[float, ...]:
    """Return the fractions that an activation is written with: 0.01 of `np.where(z > 0, z, 0.01 * z)`."""
    found: dict[float, None] = {}
    for site in recording.sites:
        tree = _tree(site.code) if site.kind == "value" and any(one in site.code for one in SPLIT) else None
        for call in ast.walk(tree) if tree is not None else ():
            if isinstance(call, ast.Call) and called(call) in SPLIT:
                numbers = (one.value for one in ast.walk(call) if isinstance(one, ast.Constant))
                found.update({one: None for one in numbers if type(one) is float and 0 < one < 1})
    return tuple(found)[:MOST_LEAKS]


def _trees_near(recording: Recording, site: Site) -> Iterator[ast.expr]:
    """Yield the value expressions of the function around, the nearest first."""
    near = [
        other
        for other in recording.sites
        if other.kind == "value" and other.function == site.function and other.place.file == site.place.file
    ]
    for other in sorted(near, key=lambda one: abs(one.line - site.line)):
        tree = _tree(other.code)
        if tree is not None:
            yield tree


@lru_cache(maxsize=4096)
def _tree(text: str) -> ast.expr | None:
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, RecursionError):
        return None


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


def functions_at(recording: Recording, instance: Instance) -> tuple[str, list[str]]:
    """Return what NumPy is called where an instance stands, and the person's functions of one argument."""
    names = dict(Environment(recording, instance))
    functions = list(_functions(names, instance.site.class_name))[:MOST_FUNCTIONS]
    return _library(names, "numpy"), functions


def _functions(names: Mapping[str, Any], class_name: str) -> Iterator[str]:
    """Yield the person's functions of one argument, those of the same object first."""
    own = names.get("self")
    for name in dir(type(own)) if own is not None else ():
        method = getattr(type(own), name, None)
        if isinstance(method, FunctionType) and _arguments(method) == 2 and not name.startswith("__"):
            yield f"self.{as_written(name, class_name)}"
    for name, held in getattr(own, "__dict__", {}).items():
        if isinstance(held, FunctionType) and _arguments(held) == 1:
            yield f"self.{as_written(name, class_name)}"
    for name, value in names.items():
        if isinstance(value, FunctionType) and _arguments(value) == 1 and not name.startswith("__"):
            yield name


def _arguments(function: FunctionType) -> int:
    return function.__code__.co_argcount - len(function.__defaults__ or ())


def _library(names: Mapping[str, Any], module: str) -> str:
    """Return what the functions of tensors are called after: a module, or the package that it lies in."""
    modules = {value.__name__: name for name, value in names.items() if isinstance(value, ModuleType)}
    package, _, inner = module.partition(".")
    if module not in modules and inner and package in modules:
        return f"{modules[package]}.{inner}"
    return modules.get(module) or modules.get("numpy", "np")
