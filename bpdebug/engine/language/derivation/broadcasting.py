"""Broadcasting, undone: an operand that was repeated gets the sum of what flows back to its repeats."""

from __future__ import annotations

from collections.abc import Callable

from bpdebug.engine.language.forms import Shape, written
from bpdebug.engine.language.nodes import Call, Expression, Option
from bpdebug.engine.language.printing import numpy_text
from bpdebug.errors import DerivationError


def sum_to_shape_of(
    piece: Expression, argument: Expression, shape: Callable[[Expression], Shape]
) -> Expression:
    """Undo broadcasting: one sum over all axes along which the argument was repeated.

    Parameters
    ----------
    piece : Expression
        What flows back to the argument, in the shape that this was repeated to.
    argument : Expression
        The operand of the forward pass.
    shape : callable
        Gives the shape of an expression.

    Raises
    ------
    DerivationError
        If the shape of the piece is none that the argument can be repeated to: the derivative rule is wrong.
    """
    found, wanted = shape(piece), shape(argument)
    if found == wanted:
        return piece
    extra = len(found) - len(wanted)
    if extra < 0 or any(want not in (1, have) for have, want in zip(found[extra:], wanted, strict=True)):
        raise DerivationError(
            f"the gradient {numpy_text(piece)} has shape {written(found)}, "
            f"but that of {numpy_text(argument)} is {written(wanted)}: a derivative is wrong"
        )
    repeated = tuple(
        axis for axis, have in enumerate(found) if axis < extra or wanted[axis - extra] == 1 < have
    )
    if not repeated:
        return piece
    axis: Option = repeated[0] if len(repeated) == 1 else repeated
    if not extra:
        return Call("sum", (piece,), (("axis", axis), ("keepdims", True)))
    total = Call("sum", (piece,), (("axis", axis),))
    if len(repeated) == extra:
        return _one_product(piece, extra, shape) or total
    # The sum has lost axes of length 1 that the argument has.
    return Call("reshape_like", (total, argument))


def _one_product(piece: Expression, extra: int, shape: Callable[[Expression], Shape]) -> Expression | None:
    """Write the sum of `x.T @ y` over leading axes as one product: the sum is over all rows there are.

    That is what the weights of a layer get that is applied at every position of every example.
    """
    if not isinstance(piece, Call) or piece.function != "matmul":
        return None
    x, y = piece.arguments
    if not isinstance(x, Call) or x.function != "transpose":
        return None
    x_shape, y_shape = shape(x.arguments[0]), shape(y)
    if len(x_shape) != extra + 2 or x_shape[:-1] != y_shape[:-1]:
        return None
    x_rows, y_rows = (Call("as_rows", (operand,)) for operand in (x.arguments[0], y))
    return Call("matmul", (Call("transpose", (x_rows,)), y_rows))
