"""Rounding: how far two right computations of one gradient may lie apart, whatever its size.

The gradient of a bias before a batch norm is 0: large terms cancel, and what a computer has left is rounding,
1e-16 here and -2e-16 there. An error relative to the gradient's own size says nothing of it. So rounding is
followed from statement to statement, as the error of a measurement is. Of a sum it is the rounding of the
additions, in proportion to the sizes of the terms, and what the terms bring with them:

    s = x + y      r(s)² = eps² · (|x| + |y|)² + r(x)² + r(y)²
    p = x · y      r(p)² = eps² · (x y)² + y² r(x)² + x² r(y)²

A sum over an axis is the first over and over, a matrix product or a convolution sums of the second. Errors of
terms add up in squares, as those of either sign do. What any other function makes of the rounding of its
arguments is seen by shaking them a little: where numbers hardly differ, their mean taken off leaves a batch
norm few digits, and its gradient, too.

Through hundreds of layers rounding may grow and grow, but in the forward pass never past the size of what was
added up: no digit is right then, and that is all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.engine.language.shapes import options_of
from bpdebug.engine.program.program import Program

ALLOWED = 16
"""So many times the rounding that is expected may be found."""
SUMS: Mapping[str, int] = {
    **dict.fromkeys(("add", "subtract", "concatenate"), 2),
    **dict.fromkeys(("sum", "mean", "transpose", "negative", "broadcast_like", "subscript", "placed"), 1),
    **dict.fromkeys(("flatten", "reshape", "reshape_like", "as_rows", "part_like", "tril", "take"), 1),
    **dict.fromkeys(("split_heads", "merge_heads", "upsample", "upsample_gradient", "row_sums"), 1),
    **dict.fromkeys(("max_pool2d_gradient", "avg_pool2d", "avg_pool2d_gradient"), 1),
    **dict.fromkeys(("gather", "scatter_sum", "cleared"), 1),
}
"""Functions each of whose elements is a sum of elements of the first so many arguments, or one of them."""
PRODUCTS = frozenset(
    {"multiply", "matmul", "conv_transpose2d"}
    | {f"conv{axes}d{part}" for axes in (1, 2) for part in ("", "_input_gradient", "_weight_gradient")}
)
"""Functions each of whose elements is a product of elements of the first two arguments, or a sum of some."""
WITHOUT_SIGN = {"subtract": "add"}
"""What adds the sizes of what a function subtracts."""
FROM_THE_OUTPUT = frozenset({"sigmoid_prime", "tanh_prime"})
"""Slopes that people write as a · (1 - a) and 1 - a²: near an output of 1 the rounding of that 1 is left."""
EPSILON = float(np.finfo(float).eps)
SHAKE = 2.0**-30
"""So many times their rounding, of a machine epsilon of 1, arguments are shaken: the slope is what counts."""


class Rounding:
    """The rounding of a program's results, for a machine epsilon of 1.

    Parameters
    ----------
    program : Program
        The statements.
    values : mapping
        The values of all names.
    """

    def __init__(self, program: Program, values: Mapping[str, Array]) -> None:
        self._values = values
        self._known: dict[str, Array] = {}
        self._signs = np.random.default_rng(0)
        self._steps = self._followed(program)

    def allowed(self, name: str, *given: Array) -> Array:
        """Return how far elements may lie apart by rounding, in the coarsest precision of what is given."""
        while name not in self._known and next(self._steps, None) is not None:
            pass
        eps = max(float(np.finfo(np.result_type(array, np.float16)).eps) for array in given)
        if name in self._known:
            return ALLOWED * eps * self._known[name]
        return np.zeros(self._values[name].shape)

    def _followed(self, program: Program) -> Iterator[str]:
        """Follow the rounding from result to result; what is given may have been rounded, too."""
        for statement in program.statements:
            with np.errstate(all="ignore"):
                variance = self._of(statement.expression)[1]
                if statement.phase == "forward":
                    variance = np.minimum(variance, (self._size(statement.expression) / EPSILON) ** 2)
            self._known[statement.name] = np.sqrt(np.where(np.isfinite(variance), variance, 0.0))
            yield statement.name

    def _size(self, node: Expression) -> Array:
        """Return the size of what an expression adds up, and of any other its own."""
        if isinstance(node, Call) and node.function in SUMS.keys() | PRODUCTS:
            count = SUMS.get(node.function, 2)
            sizes = [self._size(argument) for argument in node.arguments[:count]]
            others = [evaluate(argument, self._values) for argument in node.arguments[count:]]
            function = FUNCTIONS[WITHOUT_SIGN.get(node.function, node.function)].numpy
            return np.asarray(np.abs(function(*sizes, *others, **options_of(node))))
        return np.asarray(np.abs(evaluate(node, self._values)), dtype=float)

    def _of(self, node: Expression) -> tuple[Array, Array]:
        """Return the value of an expression, and the square of its rounding."""
        if isinstance(node, Number):
            return np.asarray(node.value, dtype=float), np.zeros(())
        if isinstance(node, Name):
            value = np.asarray(self._values[node.id], dtype=float)
            known = self._known.get(node.id)
            return value, value**2 if known is None else known**2
        operands = [self._of(argument) for argument in node.arguments]
        values, variances = [value for value, _ in operands], [variance for _, variance in operands]
        options = options_of(node)
        value = np.asarray(FUNCTIONS[node.function].numpy(*values, **options), dtype=float)

        def summed(*arrays: Array) -> Array:
            """Apply the function with other arrays in the place of its first arguments."""
            function = FUNCTIONS[WITHOUT_SIGN.get(node.function, node.function)].numpy
            return np.abs(function(*arrays, *values[len(arrays) :], **options))

        if node.function in SUMS:
            count = SUMS[node.function]
            sizes = [np.abs(term) for term in values[:count]]
            return value, summed(*sizes) ** 2 + summed(*variances[:count])
        if node.function in PRODUCTS:
            (x, y), (x_variance, y_variance) = values[:2], variances[:2]
            carried = summed(x_variance, y**2) + summed(x**2, y_variance)
            return value, summed(np.abs(x), np.abs(y)) ** 2 + carried
        if node.function == "divide":
            (_, y), (x_variance, y_variance) = values, variances
            return value, value**2 + (x_variance + value**2 * y_variance) / y**2
        slopes = FUNCTIONS[node.function].derivatives or ()
        shaken = [
            operand if slope is None else operand + SHAKE * self._either_sign(variance)
            for operand, variance, slope in zip_longest(values, variances, slopes[: len(values)])
        ]
        moved = np.asarray(FUNCTIONS[node.function].numpy(*shaken, **options), dtype=float)
        size = 1.0 if node.function in FROM_THE_OUTPUT else value
        return value, size**2 + ((moved - value) / SHAKE) ** 2

    def _either_sign(self, variance: Array) -> Array:
        """Return numbers of the size that a variance tells, of signs that are the same in every check."""
        signs = self._signs.choice((-1.0, 1.0), np.shape(variance))
        return np.asarray(np.sqrt(variance) * signs)
