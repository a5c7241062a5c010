"""Conditions and watches: expressions of the tensor language, held against a program and then a run.

`norm(dw1) > 10` is checked against the program's names and shapes when it is written, so that it can be
evaluated at any later moment without surprises. What made a condition true is said with actual numbers:
`norm(dw1) = 12.31`, `z2[0,3] = NaN (2 of 8)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.language.cost import check_cost
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.comparisons import TRUTHS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.nodes import Call, Expression, Number, names
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.printing import numpy_text, written_number
from bpdebug.engine.language.provenance.regions import Index, RegionReader, first_index, point
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.program import Program
from bpdebug.errors import BpdebugError

DIGITS = 6
"""Significant digits of the numbers that explain a stop."""
QUANTIFIERS = {"any": True, "all": False}
"""What over many elements is decided by a single one, and what that one then is."""
DECIDED_BY_EQUALS = ("logical_and", "logical_or")
"""What is decided by those of its operands that are as true, or as false, as it is itself."""


def read_expression(text: str, program: Program) -> Expression:
    """Read an expression over the tensors of a program.

    Raises
    ------
    BpdebugError
        If it is not of the tensor language, names a tensor that the program does not have, its shapes
        do not fit together, or it would be too large.
    """
    expression = program.variables.read(text) if program.is_recorded else parse(text)
    for name in names(expression):
        if name not in program.shapes:
            raise BpdebugError(f"there is no tensor {name!r}{suggestion(name, program.shapes)}")
    check_cost(expression, program.shapes)
    return expression


def read_condition(text: str, program: Program) -> Expression:
    """Read an expression that is true or false, as one number.

    Raises
    ------
    BpdebugError
        As `read_expression`, or if it is a tensor of several truths.
    """
    expression = read_expression(text, program)
    shape = shape_of(expression, program.shapes)
    if not names(expression):
        raise BpdebugError(f"{text.strip()} reads no tensor: it is true everywhere or nowhere")
    if shape != ():
        raise BpdebugError(
            f"a condition is one truth: {text.strip()} has shape {shape}; write any(...) or all(...) round it"
        )
    return expression


def is_truth(expression: Expression) -> bool:
    """Whether an expression's result is read as true or false."""
    return isinstance(expression, Call) and expression.function in TRUTHS


def evidence(condition: Expression, values: Mapping[str, Array]) -> tuple[str, ...]:
    """Say with actual numbers why a condition is true.

    Parameters
    ----------
    condition : Expression
        A condition that holds.
    values : mapping
        The values of the tensors that it reads.
    """
    shapes: Mapping[str, Shape] = {name: values[name].shape for name in names(condition)}
    return tuple(dict.fromkeys(_Witness(RegionReader(values, shapes)).of(condition, ())))


@dataclass(frozen=True, slots=True)
class _Witness:
    """Follows a condition down to the numbers that make it true; within a `not`, that make a part false."""

    reader: RegionReader

    def of(self, node: Expression, index: Index) -> list[str]:
        if isinstance(node, Number):
            return []
        if not (isinstance(node, Call) and node.function in TRUTHS):
            value = float(self.reader.value(node, point(index)).reshape(()))
            return [f"{_named(node, index)} = {written_number(value, DIGITS)}"]
        truth = bool(self.reader.value(node, point(index)).all())
        if node.function in QUANTIFIERS:
            decided_by_one = not index and truth == QUANTIFIERS[node.function]
            return (self.of_elements(node.arguments[0], truth) if decided_by_one else []) or [
                f"{_named(node, index)} is {str(truth).lower()}"
            ]
        return self.of_operands(node, index, truth)

    def of_operands(self, call: Call, index: Index, truth: bool) -> list[str]:
        """Say the numbers of the operands; of `and` and `or` only of those that decide."""
        regions = self.reader.operand_regions(call, point(index))
        return [
            line
            for operand, part in zip(call.arguments, regions, strict=True)
            if call.function not in DECIDED_BY_EQUALS or bool(self.reader.value(operand, part).all()) == truth
            for line in self.of(operand, first_index(part))
        ]

    def of_elements(self, argument: Expression, truth: bool) -> list[str]:
        """Name the first element that decides, and how many do."""
        deciding = (np.asarray(evaluate(argument, self.reader.values)) != 0) == truth
        first = tuple(int(i) for i in np.unravel_index(int(deciding.argmax()), deciding.shape))
        lines = self.of(argument, first)
        if not (lines and deciding.ndim):
            return lines
        return [*lines[:-1], f"{lines[-1]} ({int(deciding.sum())} of {deciding.size})"]


def _named(node: Expression, index: Index) -> str:
    """Write an element of what a node gives: `z2[0,3]`, `(z1 + b1)[0,3]`."""
    return numpy_text(Call("subscript", (node,), (("index", index),)) if index else node)
