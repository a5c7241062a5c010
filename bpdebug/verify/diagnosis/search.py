"""The search: edit the right formula until it gives the user's numbers.

Single edits first, each with and without a factor; then what adds a multiple of another tensor; then
pairs of edits. Formulas that also agree on other numbers say the same thing, and the most plausible of
them speaks for all. If formulas are left that agree here but not elsewhere, this scenario cannot tell
them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Call, Expression, Name, Number, calls, names
from bpdebug.engine.expression.printing import numpy_text
from bpdebug.engine.expression.shapes import options_of
from bpdebug.verify.diagnosis.edits import Edit, Scope, single_edits, updated_parameter
from bpdebug.verify.diagnosis.fits import (
    BATCH,
    FEWEST_ELEMENTS,
    coefficient,
    is_explained,
    residual,
    scales_of,
    with_added,
)

PAIR_COST = 0.5
"""How much less plausible two mistakes are than their costs alone say."""
MOST_PAIRS = 60_000
"""The search for pairs ends here; a layer of a network has a few thousand."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A formula that gives the user's numbers, and how it differs from the right one."""

    expression: Expression
    edits: tuple[Edit, ...]
    cost: float
    residual: float


class Evaluator:
    """Evaluates many similar formulas on the same values; what they share is computed once."""

    def __init__(self, values: Mapping[str, Array]) -> None:
        self.values = values
        self.known: dict[Expression, Array | None] = {}

    def value(self, node: Expression) -> Array | None:
        """Return the value of a formula; None if its operands do not fit together."""
        if isinstance(node, Name):
            return self.values.get(node.id)
        if isinstance(node, Number):
            return np.asarray(node.value, dtype=float)
        if node not in self.known:
            self.known[node] = self._call(node)
        return self.known[node]

    def _call(self, call: Call) -> Array | None:
        function, options = FUNCTIONS[call.function], options_of(call)
        operands = []
        for argument in call.arguments:
            operand = self.value(argument)
            if operand is None:
                return None
            operands.append(operand)
        try:
            function.form.shape(tuple(operand.shape for operand in operands), options)
        except ValueError:
            return None
        with np.errstate(all="ignore"):
            return np.asarray(function.numpy(*operands, **options))
