"""What is wrong with how statements stand, and not with what they compute.

A `return` within the loop, a copy that is none, a tensor written over before it is read, a state that is not
handed on to the next turn, an update that comes too early. There are few places in a script where one of
these can be meant, and each has one rewriting: the script runs again with it, and what is right then says
whether it was.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterator, Sequence, Set
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script import Instance, Node, Recording, SourceRange
from bpdebug.sources.script.environment import evaluated
from bpdebug.sources.script.recorder.operations import InPlace, Method, WrittenTo, put, put_elements
from bpdebug.sources.script.recorder.records import same
from bpdebug.verify.repair.early import EarlyRead
from bpdebug.verify.repair.report import Kind
from bpdebug.verify.repair.reruns import Rewriting

COPIES = frozenset({"copy", "array", "list", "dict", "asarray"})
COPIED: frozenset[Any] = frozenset({np.copy, np.array, np.asarray, Method("copy")})
ROOM = frozenset({"zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "array"})
AUGMENTED: frozenset[Any] = frozenset(
    {operator.add, operator.sub, operator.mul, operator.truediv, operator.pow}
)
OVER = "`{}` is written over here, and is needed as it was"
LATER = 20
"""So many of the lines after a copy are asked what was copied."""
MOST_OF_A_KIND = 6
"""So many rewritings of one kind are tried: each runs the script."""
ALIKE = 0.6
"""How alike two names must be, for one to be meant as the other (the ratio of `difflib`)."""
ITEMS = ("part", "item", "one")
RETURNED = "returned"
"""What a value is called that is computed before a `return`."""


class Structure(NamedTuple):
    """A rewriting of how statements stand.

    Attributes
    ----------
    rewriting : Rewriting
        What would stand there.
    kind : str
        What kind of fault it would mend.
    is_sure : bool
        Whether what stands there can be nothing but a fault.
    """

    rewriting: Rewriting
    kind: Kind
    is_sure: bool = False


class _Text(NamedTuple):
    """A file of the person's, as it ran."""

    recording: Recording
    file: str
    tree: ast.Module

    def code(self, place: SourceRange) -> str:
        source = self.recording.source(self.file)
        assert source is not None
        return source.code(place)

    def place(self, node: ast.expr | ast.stmt, last: ast.stmt | None = None) -> SourceRange:
        end = last or node
        assert end.end_lineno is not None
        assert end.end_col_offset is not None
        return SourceRange(self.file, node.lineno, end.end_lineno, node.col_offset, end.end_col_offset)

    def rewriting(self, place: SourceRange, correction: str, explanation: str) -> Rewriting:
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
        kinds = [_returns_in_loops(text), _repeated_items(text), _not_handed_on(text)]
        kinds += [_shallow_copies(text), _early_updates(text, early)] if early else []
        kinds += [_overwritten(text), _written_elsewhere(text)]
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
            yield Structure(text.rewriting(place, correction, said), "missing", is_sure=True)


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
        value = _value_after(text, node.lineno, name)
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
    parts = [_copy_of(name, part, others) for part in (value.values() if isinstance(value, dict) else value)]
    # Of parts of several kinds only those are copied that all can be.
    part = parts[0] if len({*parts}) == 1 else name
    if isinstance(value, dict):
        return f"{{key: {part} for key, {name} in {text}.items()}}"
    return f"[{part} for {name} in {text}]"


def _value_after(text: _Text, line: int, expression: str) -> Any:
    """Return what an expression is worth where one of the next lines ran that know its names."""
    after = [
        one for one in text.recording.instances if one.site.place.file == text.file and one.site.line >= line
    ]
    for instance in sorted(after, key=lambda one: one.site.line)[:LATER]:
        try:
            return evaluated(text.recording, instance, expression)
        except Exception:  # noqa: S112 (another function, in which the names mean nothing)
            continue
    return None


# ---- what is written over


def _overwritten(text: _Text) -> Iterator[Structure]:
    """Yield what is written over, although it has another name, or belongs to a caller."""
    seen = {update.site.statement for update in text.recording.updates}
    for node in text.recording.nodes:
        instance = node.instance
        if instance is None or instance.site.place.file != text.file or not _is_in_place(node):
            continue
        statement = instance.site.statement
        if statement in seen or not _was_read(text.recording, node, instance):
            continue
        seen.add(statement)
        alias = _alias(node.operands[0])
        name = (instance.names or ("this",))[0]
        yield from _read_too_late(text, node, statement, name)
        if alias is not None:
            site = alias.site
            name = site.code
            said = f"this is no copy: line {statement.line} writes over `{name}`, which is needed as it was"
            yield Structure(text.rewriting(site.place, f"{name}.copy()", said), "overwritten")
        yield from _written_anew(text, statement, text.code(statement))


def _written_anew(text: _Text, statement: SourceRange, code: str) -> Iterator[Structure]:
    """Yield the statement with a tensor of its own to write to."""
    try:
        (tree,) = ast.parse(code).body
    except (SyntaxError, ValueError):
        return
    match tree:
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            plain = ast.unparse(ast.Assign([ast.Name(name)], ast.BinOp(ast.Name(name), op, value), lineno=0))
            yield Structure(text.rewriting(statement, plain, OVER.format(name)), "overwritten")
        case (
            ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))])
            | ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)))
        ):
            own = f"{name} = {name}.copy()\n{' ' * statement.column}{code}"
            yield Structure(text.rewriting(statement, own, OVER.format(name)), "overwritten")


def _written_elsewhere(text: _Text) -> Iterator[Structure]:
    """Yield `np.multiply(x, y, out=h)`: the result has no array of its own."""
    for node in ast.walk(text.tree):
        kept = [one for one in node.keywords if one.arg != "out"] if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Call) and len(kept) < len(node.keywords):
            out = next(ast.unparse(one.value) for one in node.keywords if one.arg == "out")
            correction = ast.unparse(ast.Call(node.func, node.args, kept))
            said = OVER.format(out)
            yield Structure(text.rewriting(text.place(node), correction, said), "overwritten")


def _is_in_place(node: Node) -> bool:
    if not isinstance(node.like, np.ndarray) or not node.operands or type(node.operands[0]) is not Node:
        return False
    is_written = node.function in (put, put_elements) or isinstance(node.function, InPlace | WrittenTo)
    augments = node.site is not None and node.site.kind == "augment"
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
                for name in (one for one in sorted(carried) if _may_be_meant(one, target.id)):
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


def _may_be_meant(name: str, written: str) -> bool:
    """Whether one name was written for another: `dh_new` for `dh`, `dh_prev` for `dh_next`."""
    within = len(name) > 1 < len(written) and (name in written or written in name)
    return within or SequenceMatcher(None, name, written).ratio() >= ALIKE


def _early_updates(text: _Text, early: Sequence[EarlyRead]) -> Iterator[Structure]:
    """Yield the updates that stand before what reads the old value, in the same block."""
    for one in early:
        update, name = one.parameter.updates[-1].site.statement, one.parameter.name
        lines = {node.site.line for node in one.readers if node.site and node.site.place.file == text.file}
        for block in _blocks_from(text, update, lines):
            reader = block[-1].lineno
            said = f"`{name}` is updated here, before line {reader} reads it: the update belongs after that"
            yield Structure(_exchanged(text, block, said), "early update")


def _read_too_late(text: _Text, node: Node, statement: SourceRange, name: str) -> Iterator[Structure]:
    """Yield what reads a tensor in the same block after it was written over."""
    readers = (
        one
        for one in text.recording.nodes[node.id + 1 :]
        if any(parent.origin is node for parent in one.parents())
    )
    lines = {one.site.line for one in readers if one.site is not None and one.site.statement != statement}
    for line in sorted(lines):
        for block in _blocks_from(text, statement, {line}):
            said = f"`{name}` is written over here, before line {line} reads it as it was"
            yield Structure(_exchanged(text, block, said), "overwritten")


def _blocks_from(text: _Text, first: SourceRange, lines: Set[int]) -> Iterator[list[ast.stmt]]:
    """Yield the statements of a block from one of them to the last that stands on one of some lines."""
    for block in _blocks(text.tree):
        begin = [at for at, one in enumerate(block) if text.place(one) == first]
        ends = [
            at
            for at, one in enumerate(block)
            if any(one.lineno <= line <= (one.end_lineno or 0) for line in lines)
        ]
        if begin and ends and max(ends) > begin[0]:
            yield block[begin[0] : max(ends) + 1]


def _exchanged(text: _Text, block: Sequence[ast.stmt], said: str) -> Rewriting:
    """Return the last statement of a block put before all others; of a `return`, what it returns."""
    place, last = text.place(block[0], block[-1]), block[-1]
    indent = " " * block[0].col_offset
    rest = text.code(text.place(block[0], block[-2]))
    if isinstance(last, ast.Return) and last.value is not None:
        value = text.code(text.place(last.value))
        correction = f"{RETURNED} = {value}\n{indent}{rest}\n{indent}return {RETURNED}"
    else:
        correction = f"{text.code(text.place(last))}\n{indent}{rest}"
    return text.rewriting(place, correction, said)


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
