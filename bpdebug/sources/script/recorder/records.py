"""What a recording is made of: nodes, the calls they were made in, and the statements they belong to.

A *node* is one operation that was carried out: a pure function of other nodes, with its value. What
changes an array in place is functional here: `x[i] = v` is a node `put(x, i, v)`, and from then on the
object `x` stands for that node. A node's number is the time at which it was made: there is one clock, and a
node is older than another exactly when its number is smaller.

An *instance* is one execution of a value expression of the person's: what a statement assigned, returned,
appended, or added to something. Each instance has a node of its own (`dz = da` gives a node that is the same
as another), so that what follows can be computed again with that one line changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.sites import Site, SourceRange

Turns = Mapping[int, int]
"""The site of a loop -> which turn of it, from 0."""


class Frame:
    """One call of a function of the person's; the first is the script itself.

    Attributes
    ----------
    number : int
        Calls are numbered from 0, which is the script.
    site : Site or None
        The function; None for the script.
    parent : Frame or None
        The call that it was made in.
    caller : tuple of (str, int)
        The file and the line that called it.
    parent_turns : mapping
        The turns of the loops around that line.
    time : int
        When it began.
    turns : mapping
        The loops that it is or was in, and the turn of each; replaced, never changed.
    latest : Instance or None
        The instance whose statement is being carried out.
    began : tuple of (int, int, int) or None
        The line of the first call in the statement that is being carried out, the time and the moment then.
    """

    __slots__ = ("began", "caller", "latest", "number", "parent", "parent_turns", "site", "time", "turns")

    def __init__(
        self, number: int, site: Site | None, parent: Frame | None, caller: tuple[str, int], time: int
    ) -> None:
        self.number, self.site, self.parent, self.caller, self.time = number, site, parent, caller, time
        self.turns: Turns = {}
        self.parent_turns: Turns = parent.turns if parent else {}
        self.latest: Instance | None = None
        self.began: tuple[int, int, int] | None = None

    @property
    def depth(self) -> int:
        """How many calls it lies within."""
        return 0 if self.parent is None else self.parent.depth + 1


NOBODY: frozenset[int] = frozenset()


class Later(NamedTuple):
    """A value that is computed when it is asked for, with something of its shape and dtype until then."""

    compute: Callable[[], Any]
    like: Any


class Node:
    """One operation that was carried out.

    Attributes
    ----------
    id : int
        Its place in the list of nodes, and the time at which it was made.
    function : callable or None
        `value == function(*operands, **options)`, with each node among the operands replaced by its value.
        None for what nobody computed here: a tensor from a file or a library, a literal.
    operands : tuple
        Nodes, other values, and tuples, lists and slices of them.
    options : mapping
        The keyword arguments.
    site : Site or None
        Where; None for what the recorder had to add, such as what a view shows after a write.
    frame : Frame
        The call that it was made in.
    turns : mapping
        The turns of the loops around it.
    names : tuple of str
        What it was stored in, with the items that were meant: `w`, `self.w`, `h[3]`.
    argument : str
        What a function calls it that it was given to; empty where it has a name of its own by then.
    instance : Instance or None
        The statement whose value it is.
    """

    __slots__ = (
        "_undo",
        "_value",
        "argument",
        "frame",
        "function",
        "id",
        "instance",
        "names",
        "operands",
        "options",
        "readers",
        "replaced_readers",
        "site",
        "turns",
    )

    def __init__(
        self,
        number: int,
        site: Site | None,
        function: Callable[..., Any] | None,
        operands: tuple[Any, ...],
        options: Mapping[str, Any],
        value: Any,
        frame: Frame,
    ) -> None:
        self.id, self.site, self.function = number, site, function
        self.operands, self.options = operands, options
        self._value = value
        self._undo: Undo | None = None
        self.frame, self.turns = frame, frame.turns
        self.names: tuple[str, ...] = ()
        self.argument = ""
        self.instance: Instance | None = None
        self.readers: set[int] | frozenset[int] = NOBODY  # the sites that have read it
        self.replaced_readers: frozenset[int] = frozenset()  # those that had read what it takes the place of

    @property
    def value(self) -> Any:
        """What was computed, as it was then."""
        if self._undo is None:
            if type(self._value) is Later:
                self._value = self._value.compute()
            return self._value
        parts, node = [], self
        while (undo := node._undo) is not None:
            parts.append(undo)
            node = undo.following
        value = np.array(node._value, copy=True)
        for part in reversed(parts):
            value[part.index] = part.old
        return value

    @property
    def like(self) -> Any:
        """Something with the shape and the dtype of the value, at no cost."""
        value = self._value
        return value.like if type(value) is Later else value

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value; that of a number is ()."""
        shape: tuple[int, ...] = getattr(self.like, "shape", ())
        return shape

    @property
    def origin(self) -> Node:
        """The node that it is only another name of; mostly itself."""
        node = self
        while node.function is same:
            node = node.operands[0]
        return node

    def parents(self) -> Iterator[Node]:
        """Yield the nodes among the operands, as often as they occur."""
        for operand in self.operands:
            kind = type(operand)
            if kind is Node:
                yield operand
            elif kind in CONTAINERS:
                yield from nodes_in(operand)
        if self.options:
            yield from nodes_in(tuple(self.options.values()))

    def __repr__(self) -> str:
        function = getattr(self.function, "__name__", self.function)
        return f"<{self.id} {function} {self.shape} {'/'.join(self.names)}>"


CONTAINERS = (tuple, list, slice)
"""What an operand may be that holds nodes."""
ValueOf = Callable[[Node], Any]
"""Node -> its value: the recorded one, or another."""


class Undo(NamedTuple):
    """How the value of a node is got back from the one that was written over it."""

    index: Any
    old: Any
    following: Node


class Instance:
    """One execution of a value expression.

    Attributes
    ----------
    site : Site
        The expression.
    node : Node or None
        Its value; None where that is no tensor, as in `x[i] = 1`.
    result : Node or None
        What the statement stored: the value itself; for `x += v` and `x[i] = v`, the new `x`.
    start, time : int
        The clock before a function of the person's was called in it, and when the value was there; equal
        where it calls none.
    frame : Frame
        The call that it was in.
    turns : mapping
        The turns of the loops around it.
    names : tuple of str
        What it was stored in.
    scope : mapping or None
        The local variables when the expression was evaluated, by reference; None at the top of a file. What
        the objects held then is in the journal and the histories: see `environment`.
    variables : mapping
        The module's variables, as they are now; the journal says what they were.
    moment : int
        How many writes to containers came before `start`.
    """

    __slots__ = (
        "frame",
        "moment",
        "names",
        "node",
        "result",
        "scope",
        "site",
        "start",
        "time",
        "turns",
        "variables",
    )

    def __init__(
        self,
        site: Site,
        node: Node | None,
        time: int,
        frame: Frame,
        scope: Mapping[str, Any] | None,
        variables: Mapping[str, Any],
        start: int,
        moment: int,
    ) -> None:
        self.start, self.moment = start, moment
        self.site, self.node, self.result, self.time, self.frame = site, node, node, time, frame
        self.turns = frame.turns
        self.scope, self.variables = scope, variables
        self.names: tuple[str, ...] = ()

    @property
    def statement(self) -> SourceRange:
        """Where the statement stands."""
        return self.site.statement

    def __repr__(self) -> str:
        return f"<line {self.site.line} {'/'.join(self.names) or self.site.role} {self.result}>"


def same(x: Any) -> Any:
    """Return what is given: `dz = da` is a node of its own, the same as another."""
    return x


def nodes_in(value: Any) -> Iterator[Node]:
    """Yield the nodes in a value, a list, a tuple or a slice."""
    kind = type(value)
    if kind is Node:
        yield value
    elif kind is tuple or kind is list:
        for part in value:
            yield from nodes_in(part)
    elif kind is slice:
        yield from nodes_in((value.start, value.stop, value.step))
