"""Parts of a formula as Python: their signs, and how many times what was derived they have.

A person's gradient may be a multiple of the derived one: the factor goes along with the text, through sums,
products and what is linear, and so does a minus, which is written once and in front.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

TOLERANCE = 1e-9
LINEAR = frozenset({"transpose", "sum", "mean", "broadcast_like", "reshape_like", "identity"})
"""What is so many times as large where its first argument is."""


class Text(NamedTuple):
    """A part of a formula in Python, and how many times the derived value it has."""

    text: str
    factor: float = 1.0


class Unwritable(Exception):
    """A part of a formula cannot be said with what the person has there."""


def negative(part: Text) -> Text:
    """Write the negative of a part; of a negative, what is behind it."""
    is_negative, text = signed(part.text)
    return part._replace(text=text if is_negative else f"-({part.text})")


def added(x: Text, y: Text) -> Text:
    """Add two parts, each with its own sign."""
    (x_is_negative, first), (y_is_negative, second) = signed(x.text), signed(y.text)
    if x_is_negative and y_is_negative:
        return x._replace(text=f"-(({first}) + ({second}))")
    if x_is_negative:
        return x._replace(text=f"({second}) - ({first})")
    return x._replace(text=f"({first}) {'-' if y_is_negative else '+'} ({second})")


def signed(text: str) -> tuple[bool, str]:
    """Return whether a text begins with a minus that is of all of it, and it without."""
    tree = ast.parse(text, mode="eval").body
    is_negative = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub)
    return is_negative, ast.unparse(tree.operand) if isinstance(tree, ast.UnaryOp) and is_negative else text


def as_often(part: Text, factor: float) -> Text:
    """Write a part so that it has the derived value as often as another: then they can be added."""
    if abs(part.factor + factor) < TOLERANCE * abs(factor):
        return negative(part)._replace(factor=factor)
    if abs(part.factor - factor) < TOLERANCE * abs(factor):
        return part
    return Text(f"{factor / part.factor:.10g} * ({part.text})", factor)


def factor_of(function: str, factors: Sequence[float]) -> float:
    """Return how many times a result is larger where the arguments are so many times larger."""
    if all(factor == 1 for factor in factors):
        return 1.0
    if function in ("multiply", "matmul", "outer", "dot"):
        return float(np.prod(factors))
    if function == "divide":
        return factors[0] / factors[1]
    if function in LINEAR:
        return factors[0]
    raise Unwritable
