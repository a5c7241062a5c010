"""Loops that end in their first turn, and states that a turn does not hand on to the next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher

from bpdebug.verify.repair.structures.text import PersonText, Structure

ALIKE = 0.6
"""How alike two names must be, for one to be meant as the other (the ratio of `difflib`)."""


def returns_in_loops(text: PersonText) -> Iterator[Structure]:
    """Yield the loops that end with a `return` in their first turn."""
    for loop in ast.walk(text.tree):
        if (
            isinstance(loop, ast.For | ast.While)
            and len(loop.body) > 1
            and isinstance(loop.body[-1], ast.Return)
        ):
            last = loop.body[-1]
            place = text.place(last)._replace(column=0)
            said = "the loop ends in its first turn: the `return` belongs after it"
            correction = " " * loop.col_offset + text.code(place).lstrip()
            yield Structure(text.rewriting(place, correction, said), "missing", is_sure=True)


def not_handed_on(text: PersonText) -> Iterator[Structure]:
    """Yield a state that each turn reads and none sets, with a tensor that each sets and nothing reads."""
    for scope in ast.walk(text.tree):
        if not isinstance(scope, ast.FunctionDef | ast.Module):
            continue
        read = {node.id for node in ast.walk(scope) if isinstance(node, ast.Name) and not _is_stored(node)}
        for loop in (node for node in ast.walk(scope) if isinstance(node, ast.For)):
            stored = [
                one.targets[0] for one in loop.body if isinstance(one, ast.Assign) and len(one.targets) == 1
            ]
            unread = [one for one in stored if isinstance(one, ast.Name) and one.id not in read]
            inside = [node for node in ast.walk(loop) if isinstance(node, ast.Name)]
            set_here = {node.id for node in inside if _is_stored(node)}
            carried = ({node.id for node in inside} - set_here) & _begun(scope, loop)
            for target in unread:
                for name in (one for one in sorted(carried) if _may_be_meant(one, target.id)):
                    said = (
                        f"`{target.id}` is never read: the next turn reads `{name}`, which stays as it began"
                    )
                    yield Structure(text.rewriting(text.place(target), name, said), "missing", is_sure=True)


def _begun(scope: ast.AST, loop: ast.For) -> set[str]:
    """Return the names that are set before a loop and depend on no loop: the states that it may carry on."""
    before = [
        one
        for one in ast.walk(scope)
        if isinstance(one, ast.Assign) and one.lineno < loop.lineno and one.col_offset == loop.col_offset
    ]
    return {
        name.id for one in before for name in ast.walk(one) if isinstance(name, ast.Name) and _is_stored(name)
    }


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _may_be_meant(name: str, written: str) -> bool:
    """Whether one name was written for another: `dh_new` for `dh`, `dh_prev` for `dh_next`."""
    within = len(name) > 1 < len(written) and (name in written or written in name)
    stem = name.rpartition("_")[0]
    return within or stem == written.rpartition("_")[0] != "" or _are_alike(name, written)


def _are_alike(name: str, written: str) -> bool:
    return SequenceMatcher(None, name, written).ratio() >= ALIKE
