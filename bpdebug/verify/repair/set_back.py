"""How gradients that are added up over all iterations are set back: what should stand where.

The zeros are copied where another name of them is kept; `=` stands for `+=` where there is one addition an
iteration; or a line after the step sets back what it has read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import Source
from bpdebug.sources.script import Instance, Node, Recording, SourceRange
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.updates import ADD, Update
from bpdebug.sources.script.reference import recorded
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.places import source_of
from bpdebug.verify.repair.report import Amendment
from bpdebug.verify.repair.stepped_by import behind
from bpdebug.verify.repair.structures.copies import copy_of
from bpdebug.verify.repair.surroundings import READ, tree_of


class Amended(NamedTuple):
    """What should stand somewhere, and whether that is where the gradients are added up."""

    amendment: Amendment
    is_here: bool


def _copied(later: Recording, instance: Instance, update: Update, total: Node) -> Amended | None:
    """Return the statement that keeps another name of what is added to, with a copy in its place."""
    site = instance.site
    if site.source is None or not site.targets:
        return None
    owner = tree_of(site.targets[0].text)
    while isinstance(owner, ast.Subscript):
        owner = owner.value
    name = "" if owner is None else ast.unparse(owner)
    for node in ast.walk(ast.parse(site.source.text)):
        match node:
            case ast.Assign(targets=[target], value=ast.Name() | ast.Attribute() as value):
                if name and ast.unparse(target) == name:
                    try:
                        held = value_at(later, instance, name, recorded)
                    except Exception:
                        return None  # it is called so somewhere else
                    place = _source(later, site.place.file, value)
                    return Amended(Amendment(place, copy_of(ast.unparse(value), held)), False)
    return None


def _set(later: Recording, instance: Instance, update: Update, total: Node) -> Amended | None:
    """Return the statement with `=`, where it adds once in an iteration; else a line more after the step."""
    site = instance.site
    text = "" if site.source is None else site.source.code(instance.statement)
    own = [one for one in later.instances if one.statement == instance.statement]
    if "+=" in text and len(own) == 1:
        place = source_of(site, instance, instance.statement)
        return Amended(Amendment(place, text.replace("+=", "=", 1)), True)
    cleared = _cleared(later, update, total)
    return None if cleared is None else Amended(cleared, False)


Way = Callable[[Recording, Instance, Update, Node], Amended | None]
"""(the second iteration, the statement that adds, the step, the sum) -> what should stand somewhere."""
WAYS: tuple[Way, ...] = (_copied, _set)


def _cleared(later: Recording, update: Update, total: Node) -> Amendment | None:
    """Return the step with a line after it that sets the sum back to 0, under the name it has there."""
    site = update.site
    source, place = site.source, site.statement
    if source is None or source.lines[place.line - 1][: place.column].strip():
        return None
    code, indentation = source.code(place), " " * place.column
    step = next((each for each in later.instances if each.statement == place), None)
    name = "" if step is None else _name_of(later, step, code, update)
    if not name or step is None:
        return None
    cleared = f"{name}[...] = 0" if np.ndim(total.like) else f"{name} = 0.0"
    return Amendment(source_of(site, step, place), f"{code}\n{indentation}{cleared}")


def _name_of(later: Recording, step: Instance, code: str, update: Update) -> str:
    """Return how a step reads what was added up; empty where it does not."""
    sums = [node for node, _ in behind(update) if node.function in ADD or node.function is put]
    tree = tree_of(code.partition("=")[2])
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, READ):
            text = ast.unparse(node)
            try:
                value = value_at(later, step, text, recorded)
            except Exception:  # noqa: S112 (a part need not make sense by itself)
                continue
            if any(np.shape(value) == one.shape and np.array_equal(value, one.value) for one in sums):
                return text
    return ""


def _source(later: Recording, file: str, node: ast.expr) -> Source:
    source = later.source(file)
    assert source is not None
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    place = SourceRange(file, node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
    return Source(file, node.lineno, node.end_lineno, source.columns(place), source.code(place))
