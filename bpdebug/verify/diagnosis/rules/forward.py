"""The forward pass: a mistake made on the way there comes again on the way back, inside a tensor's name.

Code that computes an attention without its mask mixes by those shares in the backward pass, too, and what
it hands in are gradients alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, Option, names, replace
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution


def unmasked(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`dmasked1` for `tril(dmasked1)`, and `softmax(scores1)` for `p1`, the softmax of masked scores."""
    if isinstance(node, Call) and node.function == "tril":
        yield node.arguments[0], "mask left out", 1.1
    if isinstance(node, Name) and node.id in scope.formulas:
        formula = scope.formulas[node.id]
        masked: dict[Expression, Expression] = {
            Name(name): before for name in names(formula) if (before := _before_mask(name, scope))
        }
        if before := _before_mask(node.id, scope):
            yield before, "mask left out", 1.1
        elif masked:
            yield replace(formula, masked), "mask left out", 1.2


def _before_mask(name: str, scope: FormulaScope) -> Expression | None:
    """Return what a mask was laid over; None if a tensor is not masked."""
    formula = scope.formulas.get(name)
    return formula.arguments[0] if isinstance(formula, Call) and FUNCTIONS[formula.function].is_mask else None


def another_scale(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`sqrt(count(a1, axis=-1))` for `scale1`: the root of the model's width, not of a head's; or no root."""
    if not isinstance(node, Name):
        return
    match scope.formulas.get(node.id):
        case Call("sqrt", (Call("count", (Name() as head,), along) as width,)):
            yield width, "root left out", 1.2
            match scope.formulas.get(head.id):
                case Call("split_heads", (whole, *_)):
                    yield Call("sqrt", (Call("count", (whole,), along),)), "width of all heads", 1.1


def another_part(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`z1_t2[:,0:2]` for `z1_t2[:,2:4]`: the part of another gate."""
    if isinstance(node, Call) and node.function == "subscript":
        formulas = scope.formulas.values()
        own = node.arguments[0]
        parts = (part for formula in formulas for part in _parts(formula, own))
        for part in dict.fromkeys(parts):
            if part != node and scope.shape(part) == scope.shape(node):
                yield part, "another option", 1.2


def _parts(formula: Expression, of: Expression) -> Iterator[Call]:
    if isinstance(formula, Call):
        if formula.function == "subscript" and formula.arguments[0] == of:
            yield formula
        for argument in formula.arguments:
            yield from _parts(argument, of)


def reset_before_the_product(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`(r * h) @ w.T` for `r * (h @ w.T)`: the GRU's reset gate on the state, not on its weighted sum."""
    match node:
        case Call("multiply", (gate, Call("subscript", (Name() as sums,), (("index", (_, columns)),)))):
            formula = scope.formulas.get(sums.id)
            bias: Expression | None = None
            if isinstance(formula, Call) and formula.function == "add":
                formula, bias = formula.arguments
            match formula:
                case Call("matmul", (state, Call("transpose", (weights,)))):
                    rows: tuple[tuple[str, Option], ...] = (("index", (columns,)),)
                    own = Call("transpose", (Call("subscript", (weights,), rows),))
                    product = Call("matmul", (Call("multiply", (gate, state)), own))
                    new = Call("add", (product, Call("subscript", (bias,), rows))) if bias else product
                    yield new, "reset before the product", 1.0
