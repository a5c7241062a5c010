"""The writer of arithmetic: an element of a result as a sum, a product or a call, in names and in numbers.

What a function's form has to say about it is in the tables of the writer; here is what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from bpdebug.engine.language.forms import Form, Region, numbers_of
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.arithmetic import PRODUCT, SUM
from bpdebug.engine.language.functions.entry import CALL, Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.engine.language.printing import written_number
from bpdebug.engine.language.provenance.regions import Index, RegionReader, point

SHOWN_TERMS = 3
"""How many terms of a long sum are written out: the largest, because they decide the result."""


def element_text(name: str, index: Index) -> str:
    """Write an element as NumPy does: `w1[0,2]`; a scalar is its name."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def region_text(name: str, region: Region) -> str:
    """Write a region as NumPy does, an axis along which it holds one place by its number: `a0[0,1:3]`."""

    def written(part: slice) -> str:
        if len(numbers_of(part)) == 1:
            return str(part.start)
        return f"{part.start}:{part.stop}" + (f":{part.step}" if part.step not in (None, 1) else "")

    return f"{name}[{','.join(map(written, region))}]" if region else name


@dataclass(frozen=True, slots=True)
class Written:
    """Arithmetic in names and in numbers, and how tightly its outermost operator binds."""

    symbols: str
    numbers: str
    precedence: int = CALL


ZERO = Written("0", "0")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes elements of the results of expressions.

    Attributes
    ----------
    reader : RegionReader
        Reads the numbers.
    digits : int
        Significant digits of the numbers.
    tables : mapping
        For each form, how an element of a call is written: (writer, call, index) -> arithmetic.
    """

    reader: RegionReader
    digits: int
    tables: Mapping[Form, Callable[[Writer, Call, Index], Written]]

    def operand_regions(self, call: Call, index: Index) -> tuple[Region, ...]:
        """Return the region of each argument of a call that feeds one element of its result."""
        return self.reader.operand_regions(call, point(index))

    def write(self, node: Expression, index: Index) -> Written:
        """Write the arithmetic of one element of a node's result."""
        if isinstance(node, Name):
            value = float(self.reader.values[node.id][index])
            return Written(element_text(node.id, index), written_number(value, self.digits))
        if isinstance(node, Number):
            return Written(str(node.value), str(node.value))
        return self.tables[FUNCTIONS[node.function].form](self, node, index)

    def write_product(self, left: Written, right: Written) -> Written:
        """Write a product."""
        left, right = within(left, PRODUCT), within(right, PRODUCT)
        return Written(f"{left.symbols}·{right.symbols}", f"{left.numbers} · {right.numbers}", PRODUCT)

    def write_mean(self, total: Written, count: int) -> Written:
        """Write what a sum comes to when it is shared among so many."""
        total = within(total, PRODUCT)
        return Written(f"{total.symbols}/{count}", f"{total.numbers}/{count}", PRODUCT)

    def write_listed(self, name: str, node: Expression, cells: Iterable[Index], count: int) -> Written:
        """Write a call of some elements, the first few of them."""
        shown = [self.write(node, cell) for cell in islice(cells, SHOWN_TERMS + 1)]
        rest = [] if count == len(shown) else [f"… {count - len(shown)} more"]
        symbols, numbers = [term.symbols for term in shown], [term.numbers for term in shown]
        return Written(f"{name}({', '.join(symbols + rest)})", f"{name}({', '.join(numbers + rest)})")

    def write_sum(self, terms: Array, write_term: Callable[[int], Written]) -> Written:
        """Write a sum: in order if it is short, else its largest terms, and the rest as one number."""
        if terms.size <= SHOWN_TERMS + 1:
            shown: Sequence[int] = range(terms.size)
        else:
            size = np.where(np.isnan(terms), np.inf, np.abs(terms))
            shown = [int(k) for k in np.argsort(-size, kind="stable")[:SHOWN_TERMS]]
        written = (
            [within(write_term(k), SUM) for k in shown] if terms.size > 1 else [write_term(k) for k in shown]
        )
        symbols = [term.symbols for term in written]
        numbers = [term.numbers for term in written]
        if rest := terms.size - len(shown):
            remainder = float(np.delete(terms, shown).sum())
            symbols.append(f"({rest} smaller terms)")
            numbers.append(bracketed(written_number(remainder, self.digits)))
        precedence = SUM if len(symbols) > 1 else written[0].precedence if written else CALL
        return Written(" + ".join(symbols) or "0", " + ".join(numbers) or "0", precedence)


def within(term: Written, precedence: int) -> Written:
    """Put a term in parentheses where an operator beside it would tear it apart."""
    if term.precedence < precedence:
        return Written(f"({term.symbols})", f"({term.numbers})")
    numbers = bracketed(term.numbers) if term.precedence == CALL else term.numbers
    return Written(term.symbols, numbers, term.precedence)


def bracketed(number: str) -> str:
    """Put a negative number beside an operator in parentheses."""
    return f"({number})" if number.startswith("-") else number
