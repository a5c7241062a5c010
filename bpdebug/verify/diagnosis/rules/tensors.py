"""Tensors: another one in a tensor's place, transposed, multiplied in another way, or updated too early."""

from __future__ import annotations

from collections.abc import Iterator

from bpdebug.engine.language.nodes import Call, Expression, Name, names
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution


def another_tensor(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`a1` for `z1`: another tensor with a shape that still lets the formula be computed."""
    is_part = isinstance(node, Call) and node.function == "subscript"
    if isinstance(node, Name) or is_part:
        shape = scope.shape(node)
        for name in scope.tensors:
            if Name(name) != node and not (is_part and scope.shapes[name] != shape):
                cost = 1.4 if name in scope.near else 2.2
                yield Name(name), "another tensor", cost if scope.shapes[name] == shape else cost + 0.05


def transposed(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`w2 @ dz2` for `w2.T @ dz2`: a transpose too few or too many."""
    if isinstance(node, Call) and node.function == "transpose":
        yield node.arguments[0], "transpose left out", 1.1
    elif names(node) and (shape := scope.shape(node)) is not None and len(shape) > 1:
        yield Call("transpose", (node,)), "transposed", 1.2


def unshaped(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`da1` for `reshape_like(da1, a0)`: not laid out as the tensor is."""
    if isinstance(node, Call) and node.function == "reshape_like":
        yield node.arguments[0], "not reshaped", 1.0


def another_product(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`*` for `@`, or the operands of `@` in the other order."""
    if isinstance(node, Call) and node.function in ("matmul", "multiply"):
        other = "multiply" if node.function == "matmul" else "matmul"
        yield Call(other, node.arguments), "another product", 1.2
        if node.function == "matmul":
            yield Call("matmul", node.arguments[::-1]), "operands exchanged", 1.4


def inner_product(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`sum(dz1 * a0)` for `dz1.T @ a0`: `np.dot` of two vectors where their outer product belongs."""
    match node:
        case Call("matmul", (Call("transpose", (x,)), y)):
            product = Call("multiply", (x, y))
        case Call("matmul", (x, Call("transpose", (y,)))):
            product = Call("multiply", (x, y))
        case _:
            return
    if scope.shape(x) == scope.shape(y):
        total = Call("sum", (product,))
        yield total, "inner product", 1.2
        yield Call("broadcast_like", (total, node)), "inner product", 1.2


def updated_too_early(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`w2_new` for `w2`: the update had been done already."""
    if isinstance(node, Name) and node.id in scope.updated:
        yield Name(scope.updated[node.id]), "updated too early", 1.2
