"""The writer of arithmetic: it follows an expression from an element down to the names."""

from __future__ import annotations

from dataclasses import dataclass

from bpdebug.engine.language.forms import Index
from bpdebug.engine.language.forms.writing import LongSum, Writer, Written, element_text
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.long_sums import ELLIPSIS
from bpdebug.engine.language.nodes import Expression, Name, Number
from bpdebug.engine.language.printing import written_number
from bpdebug.engine.language.provenance.regions import RegionReader


@dataclass(frozen=True, slots=True)
class ExpressionWriter:
    """Writes elements of the results of expressions.

    Attributes
    ----------
    reader : RegionReader
        Reads the values.
    digits : int
        Significant digits of the numbers.
    tables : list of LongSum or None
        Takes the long sums.
    """

    reader: RegionReader
    digits: int
    tables: list[LongSum] | None = None

    def number(self, value: float) -> str:
        """Write a value with the digits that are asked for."""
        return written_number(value, self.digits)

    def write(self, node: Expression, place: Index) -> Written:
        """Write the arithmetic of one element of a node's result."""
        if node == Name(ELLIPSIS):
            return Written(ELLIPSIS, ELLIPSIS)
        if isinstance(node, Name):
            value = float(self.reader.values[node.id][place])
            return Written(element_text(node.id, place), self.number(value), name=node.id)
        if isinstance(node, Number):
            return Written(str(node.value), str(node.value))
        arguments = node.arguments
        writer = Writer(
            lambda argument, cell: self.write(arguments[argument], cell), self.number, self.tables
        )
        return FUNCTIONS[node.function].form.arithmetic(self.reader.element(node, place), writer)
