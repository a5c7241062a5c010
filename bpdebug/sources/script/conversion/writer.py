"""From a recorded operation to an expression of the tensor language.

A rule for each callable says what its call is in the language; the writer looks the rule up by identity, so
that `np.dot` is known however it was imported, and writes the operands: a tensor that has a statement or is
an input by its name, a literal as a number, and what is neither as an expression within the expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Option
from bpdebug.sources.script.recorder.operations import Item
from bpdebug.sources.script.recorder.records import Node

Rule = Callable[..., Expression]
"""(writer, node, *operands, **options) -> what the node is in the language; raises `Opaque`."""
DEEPEST = 60
"""An expression of a person's is not nested deeper; what the recorder adds up may be, and gets a name."""


class Opaque(Exception):
    """The language has nothing for a call; its text says for which."""


class Scope(Protocol):
    """Where an expression is written: which tensors have names there."""

    def name_of(self, node: Node) -> str | None:
        """Return what a node is called; empty for a literal, None for what is to be written out."""

    def unknown(self, node: Node, reason: str) -> str:
        """Return the name of what cannot be written out."""

    def constant(self, value: Any) -> str:
        """Return the name of an input that holds this array, such as the positions of an index."""


class Writer:
    """Writes expressions.

    Parameters
    ----------
    scope : Scope
        The names.
    rules : mapping
        Callable -> rule.
    """

    def __init__(self, scope: Scope, rules: Mapping[Any, Rule]) -> None:
        self.scope, self.rules = scope, rules
        self._depth = 0

    def expression(self, node: Node) -> Expression:
        """Write what a node was computed by.

        Raises
        ------
        Opaque
            If the language has nothing for it, or for something within it.
        """
        rule = self.rule(node.function)
        if rule is None or self._depth > DEEPEST:
            raise Opaque(name_of_function(node.function))
        self._depth += 1
        try:
            expression = rule(self, node, *node.operands, **node.options)
        except TypeError as error:  # an argument that the rule does not know
            if not _is_about_arguments(error):
                raise
            raise Opaque(name_of_function(node.function)) from None
        finally:
            self._depth -= 1
        return expression

    def rule(self, function: Any) -> Rule | None:
        """Return the rule for a callable."""
        try:
            return self.rules.get(type(function) if isinstance(function, Item) else function)
        except TypeError:  # it cannot be looked up
            return None

    def operand(self, value: Any) -> Expression:
        """Write an operand."""
        if type(value) is Node:
            name = self.scope.name_of(value)
            if name is None:
                try:
                    return self.expression(value)
                except Opaque as error:
                    return Name(self.scope.unknown(value, str(error)))
            return Name(name) if name else Number(float(value.value))
        if isinstance(value, bool | int | float | np.number | np.bool_):
            return Number(value if type(value) is int else float(value))
        if isinstance(value, np.ndarray) and value.dtype.kind in "fbiu":
            return Name(self.scope.constant(value))
        raise Opaque(type(value).__name__)


def call(function: str, *arguments: Expression, **options: Option) -> Call:
    """Write a call.

    Raises
    ------
    Opaque
        If the language has no such function.
    """
    if function not in FUNCTIONS:
        raise Opaque(function)
    return Call(function, arguments, tuple(options.items()))


def value_of(operand: Any) -> Any:
    """Return an operand with the recorded values of the nodes in it."""
    if type(operand) is Node:
        return operand.value
    if isinstance(operand, tuple | list):
        return type(operand)(map(value_of, operand))
    if isinstance(operand, slice):
        return slice(value_of(operand.start), value_of(operand.stop), value_of(operand.step))
    return operand


def like(operand: Any) -> Any:
    """Return something of the shape and the dtype of an operand."""
    return operand.like if type(operand) is Node else operand


def shape(operand: Any) -> tuple[int, ...]:
    """Return the shape of an operand."""
    return operand.shape if type(operand) is Node else np.shape(operand)


def size(operand: Any) -> int:
    """Return the number of elements of an operand."""
    return int(np.prod(shape(operand)))


def whole_number(operand: Any) -> int:
    """Return an operand that counts something.

    Raises
    ------
    Opaque
        If it is no whole number.
    """
    value = value_of(operand)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise Opaque(f"{value!r}")
    return int(value)


def axis_of(operand: Any) -> int | tuple[int, ...] | None:
    """Return an axis, several, or None, as the language takes it."""
    if operand is None:
        return None
    if isinstance(operand, Sequence):
        return tuple(map(whole_number, operand))
    return whole_number(operand)


def name_of_function(function: Any) -> str:
    """Return what a callable is called in an answer to the person."""
    if function is None:
        return "a value from elsewhere"
    inner = getattr(function, "function", None)  # what was done in place
    if inner is not None:
        return name_of_function(inner)
    name = getattr(function, "name", None) or getattr(function, "__name__", None)
    return str(name or type(function).__name__)


def _is_about_arguments(error: TypeError) -> bool:
    """Whether a rule was called with arguments that it does not have."""
    trace = error.__traceback__
    return trace is not None and trace.tb_next is None
