"""The terms of a sum as functions of their operands: an edit of a sum computes few of them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.cost import cost_of
from bpdebug.engine.language.evaluation import compiled
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, calls, names
from bpdebug.errors import ShapeError
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.evaluator import MOST_NUMBERS, PRODUCTS, Evaluator, is_misread

FASTER = 32
"""So much faster are numbers computed by compiled formulas, counting all that these hold on their way."""


class CompiledTerm(NamedTuple):
    """A formula as a function of its operands, and about how many numbers it computes."""

    function: Callable[..., Array | None]
    operands: tuple[str, ...]
    numbers: int


def addends(expression: Expression) -> list[Expression]:
    """Return what a sum adds up, in order."""
    found: list[Expression] = []
    while isinstance(expression, Call) and expression.function == "add":
        expression, last = expression.arguments
        found.append(last)
    return [expression, *reversed(found)]


def compiled_term(formula: Expression, shapes: Mapping[str, Shape]) -> CompiledTerm:
    """Compile a formula; what no function of the table computes, the evaluator does, or finds no value."""
    operands = names(formula)
    try:
        cost = cost_of(formula, shapes)
        numbers = (cost.elements + cost.products // PRODUCTS) // FASTER
        if cost.elements <= MOST_NUMBERS and not any(map(is_misread, calls(formula))):
            function, operands = compiled(formula)
            return CompiledTerm(lambda *given: np.asarray(function(*given)), operands, numbers)
    except (ShapeError, KeyError):
        numbers = 1
    return CompiledTerm(
        lambda *given: Evaluator(dict(zip(operands, given, strict=True)), {}).value(formula),
        operands,
        numbers,
    )


def sum_of(terms: Sequence[CompiledTerm], values: Mapping[str, Array], allowance: Allowance) -> Array | None:
    """Add up the terms of a formula; None where they do not fit together."""
    total: Array | None = None
    for function, operands, numbers in terms:
        allowance.formulas -= 1
        allowance.numbers -= numbers
        value = function(*[values[name] for name in operands])
        if value is None or (total is not None and value.shape != total.shape):
            return None
        total = value if total is None else total + value
    return total
