"""The expression tree: a name, a number, or a call. Nothing else.

`w1 @ a0 + b1` is `Call("add", (Call("matmul", (Name("w1"), Name("a0"))), Name("b1")))`: an operator
is a call like any other, so that every reading of the tree (run, print, shapes, derivative, ...)
has three cases. Nodes are immutable, and two equal expressions compare equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class Name:
    """A tensor, by its name."""

    id: str


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the table applied to arguments, with literal options (`axis=1`).

    In the text of a derivative rule the value of an option may be a `Name`: it then stands for
    the option of the call that is being differentiated.

    Its hash is computed once, when it is made, from those of its arguments: a tree is looked up in tables
    at each of its nodes, and to walk all that lies below every time would be quadratic.
    """

    function: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Option], ...] = ()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.function, self.arguments, self.options)))

    def __hash__(self) -> int:
        return self._hash


Expression = Name | Number | Call
PLACES = "xyz"
"""What templates and derivative rules call the arguments of a function, in order."""
VIEWS = frozenset({"transpose", "subscript"})
"""The functions that compute nothing: they only look at a tensor in another way."""
Subscript = tuple[int | tuple[int | None, int | None], ...]
"""A subscript: for each of the first axes a number, or a slice as the pair of its bounds."""
INDEX = "s_"
"""What a subscript stands behind as the value of an option, as in NumPy: `index=s_[:,1:3]`."""
Option = bool | int | float | str | tuple[int, ...] | Subscript | Name | None
Phase = Literal["forward", "backward", "update"]


class CallSite(NamedTuple):
    """One call of a function of the user's own code: all that ran in it has the same number.

    Attributes
    ----------
    number : int
        From 1, in the order in which the calls began.
    function : str
        What was called, as it is defined: `Network.backward`.
    file : str
        Where it was called from.
    line : int
        The line of the call.
    is_module : bool
        Whether it is a module of a library: a layer, even where all that is seen of it is one statement.
    """

    number: int
    function: str
    file: str
    line: int
    is_module: bool = False


class Source(NamedTuple):
    """Where in a person's own code a statement stands, and under what it ran.

    Attributes
    ----------
    file : str
        The file, as a person would name it.
    line, end_line : int
        The first line and the last, from 1.
    columns : pair of int
        Where the text begins in its first line, and ends in its last; from 0, in characters.
    code : str
        The text.
    calls : tuple of CallSite
        The calls that it ran in, the outermost first; none at the top of a file.
    turns : tuple of int
        For each loop around it, the outermost first, the turn, from 1.
    """

    file: str
    line: int
    end_line: int
    columns: tuple[int, int]
    code: str
    calls: tuple[CallSite, ...] = ()
    turns: tuple[int, ...] = ()


class TimeStep(NamedTuple):
    """Where a tensor stands that is computed anew at every time step: `h1_t3` is `h1` at step 3.

    Attributes
    ----------
    number : int, optional
        The step; None for what flows back from one step to a tensor that all steps share.
    name : str
        What the tensors of all steps are called together: `h1`.
    role : str
        The role that they have together: `h`.
    """

    number: int | None
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Statement:
    """`name = expression`, and where in the network it belongs.

    Attributes
    ----------
    layer : int
        The layer's number, from 1; 0 where there are no layers.
    role : str
        What the result is to its layer, in the seeds' words: `z`, `a`, `dz`, `dw`, `db`, `d_prev`.
    of : str
        For a gradient, the tensor that it is the gradient of; for a step of an update, the parameter that
        is updated.
    through : tuple of str
        For a gradient, the tensors that its own tensor acts on the loss through.
    why : str
        Why it is computed this way, where neither its layer nor its function says so.
    part : bool
        Of a gradient, only what flows back from one use of the tensor: `da0_via_z1`.
    source : Source, optional
        Where it stands in the user's own code; none where it was written in a scenario, or derived.
    step : TimeStep, optional
        Which time step its result belongs to; none where there are no time steps.
    """

    name: str
    expression: Expression
    phase: Phase = "forward"
    layer: int = 0
    role: str = ""
    of: str = ""
    through: tuple[str, ...] = ()
    why: str = ""
    part: bool = False
    source: Source | None = None
    step: TimeStep | None = None

    @property
    def time(self) -> int | None:
        """The time step that it is about; None where it is about none, or about all of them."""
        return self.step.number if self.step else None


def places(count: int) -> tuple[str, ...]:
    """Return what so many arguments of a function are called: `x`, `y`, `z`, then `x4` and on."""
    return (*PLACES[:count], *(f"x{number}" for number in range(len(PLACES) + 1, count + 1)))


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield every node, operands before the call that uses them, left to right."""
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from walk(argument)
    yield expression


def names(expression: Expression) -> tuple[str, ...]:
    """Return the names that an expression reads, each once, in order of appearance."""
    found: dict[str, None] = {}
    _collect_names(expression, found)
    return tuple(found)


def _collect_names(expression: Expression, found: dict[str, None]) -> None:
    if isinstance(expression, Name):
        found[expression.id] = None
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            _collect_names(argument, found)


def calls(expression: Expression) -> tuple[Call, ...]:
    """Return the calls in the order in which they are evaluated, each once."""
    return tuple(dict.fromkeys(node for node in walk(expression) if isinstance(node, Call)))


def rewrite(expression: Expression, rule: Callable[[Expression], Expression]) -> Expression:
    """Apply `rule` to every node from the leaves up, and return the new tree; what stays is shared."""
    if isinstance(expression, Call):
        expression = with_arguments(
            expression, [rewrite(argument, rule) for argument in expression.arguments]
        )
    return rule(expression)


def replace(expression: Expression, new: Mapping[Expression, Expression]) -> Expression:
    """Return the tree with every occurrence of a key of `new` replaced, the largest first."""
    if expression in new:
        return new[expression]
    if isinstance(expression, Call):
        return with_arguments(expression, [replace(argument, new) for argument in expression.arguments])
    return expression


def with_names(expression: Expression, new: Mapping[str, Expression]) -> Expression:
    """Return the tree with something else for each of its names."""
    if isinstance(expression, Call):
        arguments = tuple([with_names(argument, new) for argument in expression.arguments])
        return Call(expression.function, arguments, expression.options)
    return new[expression.id] if isinstance(expression, Name) else expression


def with_arguments(call: Call, arguments: Sequence[Expression]) -> Call:
    """Return a call with other arguments; the same call if they are the very ones that it has."""
    if all(map(is_, arguments, call.arguments)):
        return call
    return Call(call.function, tuple(arguments), call.options)


def numpy_index(index: Subscript) -> tuple[int | slice, ...]:
    """Return a subscript as NumPy takes it."""
    return tuple(slice(*part) if isinstance(part, tuple) else part for part in index)


def index_text(index: Subscript) -> str:
    """Write a subscript as NumPy does: `0,1:3`."""

    def bound(number: int | None) -> str:
        return "" if number is None else str(number)

    parts = (":".join(map(bound, part)) if isinstance(part, tuple) else str(part) for part in index)
    return ",".join(parts) or "()"
