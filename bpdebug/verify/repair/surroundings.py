"""What the code around a place is written with: expressions, slices, the lines of other layers, sums."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bpdebug.sources.script import Recording, Site
from bpdebug.verify.repair.constants import last_name
from bpdebug.verify.repair.rules.beside import renumbered, shift_between
from bpdebug.verify.repair.rules.nodes import called

MOST_EXPRESSIONS, LONGEST_TEXT = 120, 40
MOST_SLICES = 16
MOST_LEAKS, MOST_DIVISORS = 3, 8
READ = (ast.Name, ast.Attribute, ast.Subscript)
SUM_FUNCTION = re.compile(r"\b(?:np|numpy|jnp|torch)\.sum\(")
SPLIT = ("where", "maximum")
"""What an activation is written with that has two sides."""


def expressions_near(recording: Recording, site: Site, functions: Sequence[str]) -> list[str]:
    """Return what the function around reads, and what it gives to the functions of an activation."""
    functions = [text.rpartition(".")[2] for text in (*functions, "tanh")]
    found: dict[str, None] = {}
    for tree in trees_near(recording, site):
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
    return list(found)[:MOST_EXPRESSIONS]


def slices_near(recording: Recording, site: Site) -> tuple[ast.expr, ...]:
    """Return the subscripts that the function around is written with, where it reads and where it stores."""
    found: dict[str, ast.expr] = {}
    stored = (
        tree_of(target.text)
        for one in recording.own_sites
        if (one.place.file, one.function) == (site.place.file, site.function)
        for target in one.targets
        if "[" in target.text
    )
    for tree in (*trees_near(recording, site), *stored):
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice | ast.Tuple):
                found.setdefault(ast.unparse(node.slice), node.slice)
    return tuple(found.values())[:MOST_SLICES]


def divisors_near(recording: Recording, site: Site) -> frozenset[str]:
    """Return what the function around divides by."""
    return frozenset(text for tree in trees_near(recording, site) for text in _divisors(tree))


def divisors_forward(recording: Recording, site: Site) -> tuple[str, ...]:
    """Return what other functions of the same class, or of the file, divide by in a few words."""
    others = [
        one
        for one in recording.own_sites
        if one.kind == "value" and one.place.file == site.place.file and one.class_name == site.class_name
    ]
    trees = (tree_of(one.code) for one in others if one.function != site.function and "/" in one.code)
    found = (text for tree in trees if tree is not None for text in _divisors(tree))
    return tuple(dict.fromkeys(text for text in found if len(text) <= LONGEST_TEXT))[:MOST_DIVISORS]


def _divisors(tree: ast.expr) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield ast.unparse(node.right)


def written_beside(recording: Recording, site: Site) -> Iterator[ast.expr]:
    """Yield what is stored elsewhere under this name but for its number, renumbered for this place."""
    if not site.targets:
        return
    own = site.targets[0].text
    for other in recording.own_sites:
        if other.kind != "value" or not other.targets or other.place.file != site.place.file:
            continue
        shift = shift_between(own, other.targets[0].text)
        if shift is not None:
            tree = tree_of(renumbered(other.code, shift))
            if tree is not None:
                yield tree


def leaks(recording: Recording) -> tuple[float, ...]:
    """Return the fractions that an activation is written with: 0.01 of `np.where(z > 0, z, 0.01 * z)`."""
    found: dict[float, None] = {}
    for site in recording.own_sites:
        tree = tree_of(site.code) if site.kind == "value" and any(one in site.code for one in SPLIT) else None
        for call in ast.walk(tree) if tree is not None else ():
            if isinstance(call, ast.Call) and called(call) in SPLIT:
                numbers = (one.value for one in ast.walk(call) if isinstance(one, ast.Constant))
                found.update({one: None for one in numbers if type(one) is float and 0 < one < 1})
    return tuple(found)[:MOST_LEAKS]


def padded_by(recording: Recording) -> frozenset[str]:
    """Return the names of the widths by which something is padded: `p` of `np.pad(x, p)`."""
    trees = (tree_of(site.code) for site in recording.own_sites if "pad(" in site.code)
    calls = (node for tree in trees if tree is not None for node in ast.walk(tree))
    widths = [
        node
        for call in calls
        if isinstance(call, ast.Call) and called(call) == "pad"
        for width in call.args[1:2]
        for node in ast.walk(width)
    ]
    return frozenset(map(last_name, widths)) - {""}


def sums_by_method(recording: Recording) -> bool:
    """Whether sums are written as methods of what is summed, and never as functions."""
    codes = [site.code for site in recording.own_sites if ".sum(" in site.code]
    return bool(codes) and not any(map(SUM_FUNCTION.search, codes))


def trees_near(recording: Recording, site: Site) -> Iterator[ast.expr]:
    """Yield the value expressions of the function around, the nearest first."""
    near = [
        other
        for other in recording.own_sites
        if other.kind == "value" and other.function == site.function and other.place.file == site.place.file
    ]
    for other in sorted(near, key=lambda one: abs(one.line - site.line)):
        tree = tree_of(other.code)
        if tree is not None:
            yield tree


@lru_cache(maxsize=4096)
def tree_of(text: str) -> ast.expr | None:
    """Return the tree of an expression; None of what is none."""
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, RecursionError):
        return None
