"""The script's own rates and constants: numbers that have a name, and another value in another run.

Fresh values move parameters, and where `lam` is 1, `dw + w` and `dw + lam * w` are the same on all of them.
So a correction must hold in a run of the script too in which every such number is another one.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from bpdebug.sources.script import Recording
from bpdebug.verify.repair.rules.nodes import called

SMALLEST, SPREAD, TURN = 0.7, 0.25, 0.618
"""Each is made smaller by a factor of its own: what is a share of something stays one. A whole number stays
whole, and is larger by two."""


class Constant(NamedTuple):
    """A number with a name: what it is called last, `lam` for `self.lam`, and where it stands."""

    name: str
    node: ast.Constant


@lru_cache(maxsize=64)
def constants_of(text: str) -> tuple[Constant, ...]:
    """Return the numbers of a file that are given a name once: `lam = 0.1`, `rate=0.5`, `{"decay": 0.9}`.

    Whole numbers count only where everyone who reads them multiplies or divides by them: others say how much
    there is of something.
    """
    tree = ast.parse(text)
    stored: Counter[str] = Counter()
    multiplied: set[str] = set()
    counted: set[str] = set()
    for node in ast.walk(tree):
        is_product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
        for child in ast.iter_child_nodes(node):
            name = last_name(child)
            if not name or not isinstance(child, ast.Name | ast.Attribute):
                continue
            if isinstance(child.ctx, ast.Store):
                stored[name] += 1
            elif not isinstance(node, ast.keyword):
                (multiplied if is_product else counted).add(name)
    factors = multiplied - counted
    return tuple(
        Constant(name, value)
        for name, value in _named(tree)
        if isinstance(value, ast.Constant) and value.value and stored[name] <= 1
        if type(value.value) is float or (type(value.value) is int and name in factors)
    )


def _named(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield what is given a name, and the name."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                parts = [(target, value)]
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    parts = list(zip(target.elts, value.elts, strict=False))
                yield from ((last_name(one), given) for one, given in parts if last_name(one))
            case ast.arguments(args=args, defaults=defaults, kwonlyargs=only, kw_defaults=given):
                both = [*zip(args[::-1], defaults[::-1], strict=False), *zip(only, given, strict=True)]
                yield from ((one.arg, default) for one, default in both if default is not None)
            case ast.Call(keywords=keywords) if called(node) in own:
                yield from ((one.arg, one.value) for one in keywords if one.arg)
            case ast.Dict(keys=keys, values=values):
                for key, held in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield key.value, held


def last_name(node: ast.AST) -> str:
    """Return what something is called last: `lam` of `self.lam` and of `config["lam"]`; else nothing."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
    return ""


def rates(recording: Recording) -> frozenset[str]:
    """Return what the numbers are called that the files of a recording give a name to."""
    sources = [source for file in files_of(recording) if (source := recording.source(file)) is not None]
    return frozenset(one.name for source in sources for one in constants_of(source.text))


def files_of(recording: Recording) -> tuple[str, ...]:
    """Return the person's files that ran."""
    return tuple(dict.fromkeys(site.place.file for site in recording.own_sites))


def moved(text: str) -> str:
    """Return the text of a file in which each of its constants is another number."""
    lines = text.encode().split(b"\n")
    for number, (_, node) in reversed([*enumerate(sorted(constants_of(text), key=_place))]):
        value = node.value
        assert isinstance(value, int | float)
        factor = SMALLEST + SPREAD * (number * TURN % 1)
        other = value * factor if isinstance(value, float) else value + 2
        line, end = lines[node.lineno - 1], node.end_col_offset
        lines[node.lineno - 1] = line[: node.col_offset] + repr(other).encode() + line[end:]
    return b"\n".join(lines).decode()


def _place(constant: Constant) -> tuple[int, int]:
    return constant.node.lineno, constant.node.col_offset
