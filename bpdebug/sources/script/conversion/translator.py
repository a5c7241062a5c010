"""An operation of NumPy's or Python's becomes an expression of the tensor language.

One table, keyed by the callable itself, says how: `np.dot` is `np.dot` however it was imported. What the
table does not know, or not in this form, is *opaque*: the value that was recorded stands for it, and no
gradient passes. Nothing is guessed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Option
from bpdebug.sources.script.recorder.records import Node


class OpaqueError(Exception):
    """An operation has no counterpart in the language; the text says which."""


class Translator:
    """Writes the expressions of nodes.

    Parameters
    ----------
    operand : callable
        Gives the expression of a node among the operands: its name, or what it computes.
    constant : callable
        Gives the name of an input that holds an array.
    """

    def __init__(self, operand: Callable[[Node], Expression], constant: Callable[[Any], Expression]) -> None:
        self.operand = operand
        self.constant = constant

    def expression(self, value: Any) -> Expression:
        """Return an operand as an expression."""
        if type(value) is Node:
            return self.operand(value)
        if isinstance(value, bool | int | float | np.number | np.bool_):
            return number(value)
        if isinstance(value, np.ndarray):
            return self.constant(value)
        if type(value) in (list, tuple):
            return self.reshaped(self.joined(value), np.shape(value_of(value)))
        raise OpaqueError(type(value).__name__)

    def call(self, function: str, *arguments: Any, **options: Option) -> Call:
        """Write a call; the arguments are operands or expressions."""
        if function not in FUNCTIONS:
            raise OpaqueError(function)
        written = tuple(
            argument if isinstance(argument, Name | Number | Call) else self.expression(argument)
            for argument in arguments
        )
        return Call(function, written, tuple(options.items()))

    def reshaped(self, argument: Any, shape: Iterable[int]) -> Call:
        """Write an argument in another shape."""
        shape = tuple(int(extent) for extent in shape)
        if not isinstance(argument, Name | Number | Call):
            argument = self.expression(argument)
        if shape and isinstance(argument, Number):  # a literal has no shape to change
            return self.call("identity", np.full(tuple(map(abs, shape)), float(argument.value)))
        return self.call("reshape", argument, shape=shape) if shape else self.call("sum", argument)

    def joined(self, parts: Any) -> Expression:
        """Write the elements of lists of operands as one vector."""
        pieces = [self.reshaped(part, (-1,)) for part in _flat(parts)]
        if not pieces:
            raise OpaqueError("an empty list")
        while len(pieces) > 1:  # in pairs: the tree stays shallow
            pairs = [pieces[place : place + 2] for place in range(0, len(pieces), 2)]
            pieces = [
                pair[0] if len(pair) == 1 else self.call("concatenate", *pair, axis=0) for pair in pairs
            ]
        return pieces[0]

    def moved(self, source: Any, move: Callable[[Any], Any]) -> Expression:
        """Write what moves, repeats or leaves out elements, or puts in zeros: it is done to positions."""
        shape = shape_of(source)
        places = np.asarray(move(np.arange(1, int(np.prod(shape)) + 1).reshape(shape)))  # 0 is for zeros
        if places.size and not places.all():
            row = self.call("concatenate", self.constant(np.zeros(1)), self.reshaped(source, (-1,)), axis=0)
            return self.call("gather", row, self.constant(places))
        return self.call("gather", source, self.constant(places - 1))


def number(value: Any) -> Number:
    """Write a literal: an integer stays one, anything else is a float."""
    return Number(int(value) if isinstance(value, int | np.integer) else float(value))


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an operand."""
    return value.shape if type(value) is Node else np.shape(value)


def value_of(value: Any) -> Any:
    """Return what an operand was."""
    kind = type(value)
    if kind is Node:
        return value.value
    if kind is tuple or kind is list:
        return kind(value_of(part) for part in value)
    if kind is slice:
        return slice(value_of(value.start), value_of(value.stop), value_of(value.step))
    return value


def _flat(parts: Any) -> list[Any]:
    if type(parts) in (list, tuple):
        return [element for part in parts for element in _flat(part)]
    return [np.asarray(parts, dtype=float) if not isinstance(parts, Node) else parts]


def options_of(node: Node, *places: str) -> dict[str, Any]:
    """Return the options of a node, and by their names the operands after the first."""
    return {**dict(zip(places, node.operands[1:], strict=False)), **node.options}


def like_of(operand: Any) -> Any:
    """Return what has the shape and the dtype of an operand."""
    return operand.like if type(operand) is Node else operand


def of_scipy(name: str, module: str = "scipy.special") -> tuple[Any, ...]:
    """Return a function of SciPy's; none where the script has not imported that module."""
    found = getattr(sys.modules.get(module), name, None)
    return () if found is None else (found,)


ConversionRule = Callable[[Translator, Node], Expression]
"""How an operation is written."""
