"""Loops that end in their first turn, and states that a turn does not hand on to the next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher

from bpdebug.verify.repair.structures.text import PersonText, Structure, blocks

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
    """Yield a state that each turn reads and none sets, with what each sets or returns and nothing reads."""
    for scope in ast.walk(text.tree):
        if not isinstance(scope, ast.FunctionDef | ast.Module):
            continue
        read = {node.id for node in ast.walk(scope) if isinstance(node, ast.Name) and not _is_stored(node)}
        loops = ((block, one) for block in blocks(scope) for one in block if isinstance(one, ast.For))
        for block, loop in loops:
            inside = [node for node in ast.walk(loop) if isinstance(node, ast.Name)]
            set_here = {node.id for node in inside if _is_stored(node)}
            carried = ({node.id for node in inside} - set_here) & _begun(block, loop)
            for statement in loop.body:
                yield from _unread(text, statement, read, sorted(carried))
                yield from _dropped(text, statement, carried)


def _unread(text: PersonText, statement: ast.stmt, read: set[str], carried: list[str]) -> Iterator[Structure]:
    """Yield the variables that are set and not read, called as a state that should be set."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    for target in (one for whole in targets for one in getattr(whole, "elts", [whole])):
        if isinstance(target, ast.Name) and target.id not in read:
            for name in (one for one in carried if target.id == "_" or _may_be_meant(one, target.id)):
                said = f"`{target.id}` is never read: the next turn reads `{name}`, which stays as it began"
                is_sure = target.id != "_"
                yield Structure(text.rewriting(text.place(target), name, said), "missing", is_sure)


def _dropped(text: PersonText, statement: ast.stmt, carried: set[str]) -> Iterator[Structure]:
    """Yield a call whose result is dropped, as the one that sets the states that it is given."""
    if not (isinstance(statement, ast.Expr) and isinstance(call := statement.value, ast.Call)):
        return
    called = ast.unparse(call.func).rpartition(".")[-1]
    given = [one.id for one in call.args if isinstance(one, ast.Name) and one.id in carried]
    for returned in _returned(text.tree, called) if given else ():
        names = [max(given, key=lambda one: _likeness(one, part)) for part in returned]
        if len(set(names)) == len(names):
            said = (
                f"what `{called}` returns is dropped: the next turn reads {' and '.join(names)} as it began"
            )
            correction = f"{', '.join(names)} = {text.code(text.place(statement))}"
            yield Structure(text.rewriting(text.place(statement), correction, said), "missing")


def _returned(tree: ast.AST, function: str) -> Iterator[list[str]]:
    """Yield what the functions of a name return: the texts of the parts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            last = node.body[-1]
            if isinstance(last, ast.Return) and last.value is not None:
                yield [ast.unparse(one) for one in getattr(last.value, "elts", [last.value])]


def _begun(block: list[ast.stmt], loop: ast.For) -> set[str]:
    """Return the names that are set before a loop in its block: the states that it may carry on."""
    before = [one for one in block if isinstance(one, ast.Assign) and one.lineno < loop.lineno]
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
    return _likeness(name, written) >= ALIKE


def _likeness(name: str, written: str) -> float:
    return SequenceMatcher(None, name, written).ratio()
