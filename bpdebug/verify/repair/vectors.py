"""Vectors in a derived formula: the language lays them as columns and rows, and a person writes none of that.

reshape(a @ reshape(v, (n, 1)), (m,))   is  a @ v
reshape(u, (m, 1)) @ reshape(v, (1, n)) is  outer(u, v)
sum(reshape(u, (1, n)) @ reshape(v, (n, 1))) is  u @ v
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression

RESHAPED = frozenset({"reshape", "reshape_like"})


class VectorProduct(NamedTuple):
    """Two sides, and how Python writes their product over `x` and `y`."""

    form: str
    left: Expression
    right: Expression


class Vectors:
    """Finds the vectors behind columns and rows.

    Parameters
    ----------
    value_of : callable
        Expression -> its value.
    opened : callable
        Expression -> what a name in its place stands for, as long as the person has nothing of that value.
    """

    def __init__(
        self, value_of: Callable[[Expression], Any], opened: Callable[[Expression], Expression]
    ) -> None:
        self.value_of, self.opened = value_of, opened

    def product(self, call: Call) -> VectorProduct | None:
        """Return a call as a product of vectors that has the same shape; None where it is none."""
        if call.function == "sum" and not call.options:
            return self._dot(self.opened(call.arguments[0]))
        if call.function in RESHAPED and len(self._shape(call)) == 1:
            return self._of_matrix(self.opened(call.arguments[0]))
        return self._outer(call) if call.function in ("matmul", "multiply") else None

    def laid(self, call: Call) -> str:
        """Say how Python lays a vector as a column or a row, and these as a vector; empty otherwise."""
        shape, inner = self._shape(call), self._shape(call.arguments[0])
        if len(shape) == 1:
            return "({x}).ravel()"
        if len(inner) == 1 and len(shape) == 2 and 1 in shape:
            return "({x})[:, None]" if shape[1] == 1 else "({x})[None, :]"
        return ""

    def _dot(self, product: Expression) -> VectorProduct | None:
        sides = self._sides(product)
        if sides is None:
            return None
        row, column = self._vector(sides[0], 0), self._vector(sides[1], 1)
        return None if row is None or column is None else VectorProduct("({x}) @ ({y})", row, column)

    def _of_matrix(self, product: Expression) -> VectorProduct | None:
        """Return the product of a matrix and a vector, or of a vector and a single number."""
        sides = self._sides(product)
        if sides is None:
            return None
        left, right = sides
        row, column = self._vector(left, 0), self._vector(right, 1)
        if row is not None or column is not None:
            return VectorProduct("({x}) @ ({y})", row or left, column or right)
        column, row = self._vector(left, 1), self._vector(right, 0)
        if column is not None and np.size(self.value_of(right)) == 1:
            return VectorProduct("({x}) * ({y})", column, right)
        if row is not None and np.size(self.value_of(left)) == 1:
            return VectorProduct("({x}) * ({y})", left, row)
        return None

    def _outer(self, call: Call) -> VectorProduct | None:
        column, row = self._vector(call.arguments[0], 1), self._vector(call.arguments[1], 0)
        return None if column is None or row is None else VectorProduct("{np}.outer({x}, {y})", column, row)

    def _sides(self, product: Expression) -> tuple[Expression, Expression] | None:
        if not isinstance(product, Call) or product.function != "matmul":
            return None
        left, right = product.arguments
        return left, right

    def _vector(self, expression: Expression, axis: int) -> Expression | None:
        """Return the vector that is laid as a row (axis 0 has one element) or as a column (axis 1)."""
        laid = self.opened(expression)
        shape = self._shape(laid)
        if not isinstance(laid, Call) or len(shape) != 2 or shape[axis] != 1:
            return None
        if laid.function == "transpose":
            return self._vector(laid.arguments[0], 1 - axis)
        if laid.function not in RESHAPED:
            return None
        vector = self.opened(laid.arguments[0])
        return vector if len(self._shape(vector)) == 1 else None

    def _shape(self, expression: Expression) -> tuple[int, ...]:
        return np.shape(self.value_of(expression))
