"""What is wrong with how statements stand, and not with what they compute.

A `return` within the loop, a copy that is none, a tensor written over before it is read, a state that is not
handed on to the next turn, an update that comes too early. There are few places in a script where one of
these can be meant, and each has one rewriting: the script runs again with it, and what is right then says
whether it was.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script import Instance, Node, Place, Recording
from bpdebug.sources.script.environment import evaluated
from bpdebug.sources.script.recorder.operations import InPlace, Method, WrittenTo, put, put_elements
from bpdebug.sources.script.recorder.records import same
from bpdebug.verify.repair.early import EarlyRead
from bpdebug.verify.repair.report import Kind
from bpdebug.verify.repair.reruns import Rewriting

COPIES = frozenset({"copy", "array", "list", "dict", "asarray"})
COPIED: frozenset[Any] = frozenset({np.copy, np.array, np.asarray, Method("copy")})
ROOM = frozenset({"zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "array"})
AUGMENTED: frozenset[Any] = frozenset({operator.add, operator.sub, operator.mul, operator.truediv})
MOST_OF_A_KIND = 6
"""So many rewritings of one kind are tried: each runs the script."""
ITEMS = ("part", "item", "one")


class Structure(NamedTuple):
    """A rewriting of how statements stand, and what kind of fault it would mend."""

    rewriting: Rewriting
    kind: Kind


class _Text(NamedTuple):
    """A file of the person's, as it ran."""

    recording: Recording
    file: str
    tree: ast.Module

    def code(self, place: Place) -> str:
        source = self.recording.source(self.file)
        assert source is not None
        return source.code(place)

    def place(self, node: ast.expr | ast.stmt, last: ast.stmt | None = None) -> Place:
        end = last or node
        assert end.end_lineno is not None
        assert end.end_col_offset is not None
        return Place(self.file, node.lineno, end.end_lineno, node.col_offset, end.end_col_offset)

    def rewriting(self, place: Place, correction: str, explanation: str) -> Rewriting:
        return Rewriting(place, self.code(place), correction, explanation, 1.0)


def structures(recording: Recording, early: Sequence[EarlyRead]) -> Iterator[Structure]:
    """Yield what may be wrong with how statements stand, the surest kinds first.

    Parameters
    ----------
    recording : Recording
        What ran.
    early : sequence of EarlyRead
        The parameters that were updated before they were read for the last time.
    """
    texts = []
    for file in dict.fromkeys(site.place.file for site in recording.sites):
        source = recording.source(file)
        if source is not None:
            texts.append(_Text(recording, file, ast.parse(source.text)))
    for text in texts:
        kinds = [_returns_in_loops(text), _repeated_items(text), _not_handed_on(text), _overwritten(text)]
        kinds += [_shallow_copies(text), _early_updates(text, early)] if early else []
        for own in kinds:
            for _, structure in zip(range(MOST_OF_A_KIND), own, strict=False):
                yield structure


def _returns_in_loops(text: _Text) -> Iterator[Structure]:
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
            yield Structure(text.rewriting(place, correction, said), "missing")


# ---- copies that are none


def _repeated_items(text: _Text) -> Iterator[Structure]:
    """Yield `[np.zeros(n)] * 3`: three times the same array."""
    for node in ast.walk(text.tree):
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
            continue
        for held, count in ((node.left, node.right), (node.right, node.left)):
            if isinstance(held, ast.List) and len(held.elts) == 1 and _is_room(held.elts[0]):
                item, times = (text.code(text.place(one)) for one in (held.elts[0], count))
                said = f"all items are the same `{item}`: what is written to one is written to all"
                correction = f"[{item} for _ in range({times})]"
                yield Structure(text.rewriting(text.place(node), correction, said), "overwritten")


def _is_room(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.ListComp) or (isinstance(node, ast.Call) and _called(node) in ROOM)


def _shallow_copies(text: _Text) -> Iterator[Structure]:
    """Yield `np.copy(net)`, `list(net)`, `net[:]` of a container: what it holds is shared."""
    arrays = {
        node.site.place
        for node in text.recording.nodes
        if node.site is not None and _is_in(node.function, COPIED)
    }
    for node in ast.walk(text.tree):
        held = _copied(node)
        if held is None or not isinstance(node, ast.expr) or text.place(node) in arrays:
            continue
        name = text.code(text.place(held))
        value = _value_before(text, node.lineno, name)
        if isinstance(value, list | dict | tuple) and value:
            deep = "copy.deepcopy({})" if "import copy" in ast.unparse(text.tree) else ""
            correction = deep.format(name) or _copy_of(name, value, ITEMS)
            said = f"this copies the container only: the tensors in it are those of `{name}`"
            yield Structure(text.rewriting(text.place(node), correction, said), "overwritten")


def _copied(node: ast.AST) -> ast.expr | None:
    """Return what an expression copies; None where it copies nothing."""
    match node:
        case ast.Call(args=[ast.Name() | ast.Attribute() | ast.Subscript() as held]) if (
            _called(node) in COPIES
        ):
            return held
        case ast.Call(func=ast.Attribute(attr="copy", value=held), args=[]):
            return held
        case ast.Subscript(slice=ast.Slice(lower=None, upper=None, step=None), value=held):
            return held
    return None


def _copy_of(text: str, value: Any, names: Sequence[str]) -> str:
    """Write a copy of a container and of the arrays in it."""
    if isinstance(value, np.ndarray):
        return f"{text}.copy()"
    if not names or not isinstance(value, list | dict | tuple) or not value:
        return text
    name, *others = names
    if isinstance(value, dict):
        part = _copy_of(name, next(iter(value.values())), others)
        return f"{{key: {part} for key, {name} in {text}.items()}}"
    return f"[{_copy_of(name, value[0], others)} for {name} in {text}]"


def _value_before(text: _Text, line: int, expression: str) -> Any:
    """Return what an expression was worth where the next statement of the same file ran."""
    for instance in text.recording.instances:
        if instance.site.place.file == text.file and instance.site.line >= line:
            try:
                return evaluated(text.recording, instance, expression)
            except Exception:
                return None
    return None


# ---- what is written over


def _overwritten(text: _Text) -> Iterator[Structure]:
    """Yield what is written over, although it has another name, or belongs to a caller."""
    seen = set()
    for node in text.recording.nodes:
        instance = node.instance
        if instance is None or instance.site.place.file != text.file or not _is_in_place(node):
            continue
        statement = instance.site.statement
        if statement in seen or not _was_read(text.recording, node, instance):
            continue
        seen.add(statement)
        alias = _alias(node.operands[0])
        code = text.code(statement)
        said = "`{}` is written over here, and is needed as it was"
        if alias is not None:
            site = alias.site
            name = site.code
            said = f"this is no copy: line {statement.line} writes over `{name}`, which is needed as it was"
            yield Structure(text.rewriting(site.place, f"{name}.copy()", said), "overwritten")
        yield from _written_anew(text, statement, code, said)


def _written_anew(text: _Text, statement: Place, code: str, said: str) -> Iterator[Structure]:
    """Yield the statement with a tensor of its own to write to."""
    try:
        (tree,) = ast.parse(code).body
    except (SyntaxError, ValueError):
        return
    match tree:
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            plain = ast.unparse(ast.Assign([ast.Name(name)], ast.BinOp(ast.Name(name), op, value), lineno=0))
            yield Structure(text.rewriting(statement, plain, said.format(name)), "overwritten")
        case (
            ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))])
            | ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)))
        ):
            own = f"{name} = {name}.copy()\n{' ' * statement.column}{code}"
            yield Structure(text.rewriting(statement, own, said.format(name)), "overwritten")
        case ast.Assign(value=ast.Call(keywords=[*_, ast.keyword(arg="out", value=out)]) as call):
            call.keywords = [one for one in call.keywords if one.arg != "out"]
            yield Structure(
                text.rewriting(statement, ast.unparse(tree), said.format(ast.unparse(out))), "overwritten"
            )


def _is_in_place(node: Node) -> bool:
    if not isinstance(node.like, np.ndarray) or not node.operands or type(node.operands[0]) is not Node:
        return False
    is_written = node.function in (put, put_elements) or isinstance(node.function, InPlace | WrittenTo)
    augments = node.instance is not None and node.instance.site.role == "augment"
    return is_written or (augments and _is_in(node.function, AUGMENTED))


def _was_read(recording: Recording, node: Node, instance: Instance) -> bool:
    """Whether others have read what is written over: room that is filled was read by nobody."""
    before = node.operands[0].origin
    own = instance.site.statement
    return before.function is not None and any(
        other.site is not None and other.site.statement != own
        for other in recording.nodes[before.id + 1 : node.id]
        if other.function is not same and any(parent.origin is before for parent in other.parents())
    )


def _alias(node: Node) -> Instance | None:
    """Return the statement that gave a tensor its second name."""
    is_named = node.function is same and node.instance is not None and node.instance.site.role == "assign"
    return node.instance if is_named else None


# ---- what is not handed on, and what comes too early


def _not_handed_on(text: _Text) -> Iterator[Structure]:
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
                for name in sorted(carried, key=lambda one: -_alike(one, target.id)):
                    said = (
                        f"`{target.id}` is never read: the next turn reads `{name}`, which stays as it began"
                    )
                    yield Structure(text.rewriting(text.place(target), name, said), "missing")


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


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _early_updates(text: _Text, early: Sequence[EarlyRead]) -> Iterator[Structure]:
    """Yield the updates that stand before what reads the old value, in the same block."""
    for one in early:
        update = one.parameter.updates[-1].site.statement
        lines = [node.site.line for node in one.readers if node.site and node.site.place.file == text.file]
        if update.file != text.file or not lines:
            continue
        for block in _blocks(text.tree):
            places = [text.place(statement) for statement in block]
            own = [at for at, place in enumerate(places) if place.line <= update.line <= place.end_line]
            after = [
                at
                for at, place in enumerate(places)
                if any(place.line <= line <= place.end_line for line in lines)
            ]
            if own and after and max(after) > own[0] and places[own[0]] == update:
                yield _moved(text, one, block[own[0] : max(after) + 1])


def _moved(text: _Text, early: EarlyRead, block: Sequence[ast.stmt]) -> Structure:
    """Return the first statement of a block put at its end."""
    place = text.place(block[0], block[-1])
    moved = text.code(text.place(block[0]))
    rest = text.code(text.place(block[1], block[-1]))
    name = early.parameter.name
    reader = block[-1].lineno
    said = f"`{name}` is updated here, before line {reader} reads it: the update belongs after that"
    correction = f"{rest}\n{' ' * block[0].col_offset}{moved}"
    return Structure(text.rewriting(place, correction, said), "early update")


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _is_in(function: Any, table: frozenset[Any]) -> bool:
    try:
        return function in table
    except TypeError:
        return False
