"""Many similar formulas on the same values: what they share with the right one is computed once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bpdebug.engine.language.forms import element_count
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.engine.language.shapes import options_of
from bpdebug.errors import ShapeError
from bpdebug.verify.diagnosis.misreadings import MISREAD

PRODUCTS = 16
"""So many products of a convolution or of a matrix take as long as one number of another result."""

MOST_NUMBERS = 2**27
"""No formula holds more numbers: another stride or padding can make a small result a huge one."""


class Evaluator:
    """Evaluates formulas, and remembers the values of some.

    Attributes
    ----------
    values : mapping
        The values of the names.
    known : mapping
        The values that it remembers; None for what does not fit together.
    computed : int
        How much it has computed so far, in numbers.
    """

    def __init__(self, values: Mapping[str, Array], known: Mapping[Expression, Array | None]) -> None:
        self.values = values
        self.known = dict(known)
        self.computed = 0

    def remembering(self, formula: Expression) -> Evaluator:
        """Return one that remembers a formula and all of its parts, beside what this one remembers."""
        other = Evaluator(self.values, self.known)
        with np.errstate(all="ignore"):
            other._value(formula, remember=True)
        return other

    def value(self, formula: Expression) -> Array | None:
        """Return the value of a formula; None if its operands do not fit together."""
        with np.errstate(all="ignore"):
            return self._value(formula, remember=False)

    def _value(self, node: Expression, remember: bool) -> Array | None:
        if isinstance(node, Name):
            return self.values.get(node.id)
        if isinstance(node, Number):
            return np.asarray(node.value, dtype=float)
        if node in self.known:
            return self.known[node]
        found = self._call(node, remember)
        if remember:
            self.known[node] = found
        return found

    def _call(self, call: Call, remember: bool) -> Array | None:
        operands = []
        for argument in call.arguments:
            operand = self._value(argument, remember)
            if operand is None:
                return None
            operands.append(operand)
        function, options = FUNCTIONS[call.function], options_of(call)
        misread = MISREAD.get(call.function)
        shapes = tuple(operand.shape for operand in operands)
        try:
            cost = function.cost(shapes, options)
            if element_count(function.form.shape(shapes, options)) + cost.elements > MOST_NUMBERS:
                return None
            self.computed += cost.products // PRODUCTS
            if misread is not None and not is_misread(call):
                misread = None
        except ShapeError:
            # What does not fit may still be what the user's code computed.
            if misread is None:
                return None
        found = misread.value(*operands, **options) if misread else function.numpy(*operands, **options)
        if found is None:
            return None
        self.computed += np.size(found)
        return np.asarray(found)


def is_misread(call: Call) -> bool:
    """Whether a call has an option that stands for what the right function does not do."""
    return not FUNCTIONS[call.function].options.keys() >= dict(call.options).keys()
