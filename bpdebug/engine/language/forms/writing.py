"""How arithmetic is written, in names and in numbers: sums, products, means, and calls of a few elements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.regions import Array, Index, Region, first_index, numbers_of
from bpdebug.engine.language.precedence import CALL, PRODUCT, SUM

SHOWN_TERMS = 3
"""How many terms of a long sum are written out: the largest, because they decide the result."""
TABLE_TERMS = 16
"""How many of them a table has at most."""
NUMBER = r"-?\d+(\.\d+)?(e[+-]\d+)?"
"""One number, as it is written."""


class Written(NamedTuple):
    """Arithmetic in names and in numbers.

    Attributes
    ----------
    symbols, numbers : str
        In names, and in numbers: `da2[0]·σ′(z2[0])`, `0.04645 · σ′(2.209)`.
    precedence : int
        How tightly its outermost operator binds.
    evaluated : str
        In numbers, each function replaced by its value: `0.04645 · 0.08915`; empty where there is none.
    factors : tuple of Written
        What it is the product of; empty where it is none.
    name : str
        The tensor that it is an element of, or the call that gave it; empty where it is more than that.
    """

    symbols: str
    numbers: str
    precedence: int = CALL
    evaluated: str = ""
    factors: tuple[Written, ...] = ()
    name: str = ""

    @property
    def worked(self) -> str:
        """The numbers, as far as they have been worked out."""
        return self.evaluated or self.numbers


ZERO = Written("0", "0")
NOTHING = Written("nan", "nan")
"""An element that was looked for where there is none."""


class Term(NamedTuple):
    """A term of a long sum: which one it is, what is multiplied, and what that comes to."""

    place: int
    factors: tuple[Written, ...]
    value: float


class LongSum(NamedTuple):
    """A sum as a table: terms in the order of the sum, and what the others come to.

    Attributes
    ----------
    terms : tuple of Term
        The largest, in order; all where there are not many.
    length : int
        How many there are in all.
    remainder : float
        What those come to that are not among `terms`.
    total : float
        What the sum comes to.
    ends : str
        What stands for it in the arithmetic: `dz2[1,0]·a1[3,0] + … + dz2[1,6]·a1[3,6]`.
    """

    terms: tuple[Term, ...]
    length: int
    remainder: float
    total: float
    ends: str = ""


class Writer(NamedTuple):
    """Writes the arithmetic of one element of a call from that of elements of its arguments.

    Attributes
    ----------
    write : callable
        (number of an argument, element of it) -> its arithmetic.
    number : callable
        Writes a number, with as many digits as are asked for.
    tables : list of LongSum or None
        Takes the long sums as tables; in the arithmetic then stand their ends, and what they come to.
    """

    write: Callable[[int, Index], Written]
    number: Callable[[float], str]
    tables: list[LongSum] | None = None

    def product(self, left: Written, right: Written) -> Written:
        """Write a product of two, in brackets what binds less tightly: `(a + b)·c`."""
        factors = (*(left.factors or (left,)), *(right.factors or (right,)))
        left, right = within(left, PRODUCT), within(right, PRODUCT)
        return Written(
            f"{left.symbols}·{right.symbols}",
            f"{left.numbers} · {right.numbers}",
            PRODUCT,
            worked_out((left, right), " · "),
            factors,
        )

    def mean(self, total: Written, count: int) -> Written:
        """Write what a sum comes to when it is shared among so many."""
        total = within(total, PRODUCT)
        return Written(f"{total.symbols}/{count}", f"{total.numbers}/{count}", PRODUCT)

    def listed(self, name: str, argument: int, cells: Iterable[Index], count: int) -> Written:
        """Write a call of some elements of an argument, the first few of them."""
        shown = [self.write(argument, cell) for cell in islice(cells, SHOWN_TERMS + 1)]
        rest = [] if count == len(shown) else [f"… {count - len(shown)} more"]
        symbols, numbers = [term.symbols for term in shown], [term.numbers for term in shown]
        return Written(f"{name}({', '.join(symbols + rest)})", f"{name}({', '.join(numbers + rest)})")

    def sum_of(self, element: Element, argument: int, cells: Sequence[Index]) -> Written:
        """Write a sum of elements of one argument."""
        if not cells:
            return ZERO
        return self.sum(element.values(argument, cells), lambda k: self.write(argument, cells[k]))

    def sum(self, terms: Array, write_term: Callable[[int], Written]) -> Written:
        """Write a sum: in order if it is short, else its largest terms, and the rest as one number."""
        if self.tables is not None and terms.size > SHOWN_TERMS + 1:
            return self.tabulated(terms, write_term, self.tables)
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
            numbers.append(bracketed(self.number(remainder)))
        precedence = SUM if len(symbols) > 1 else written[0].precedence if written else CALL
        evaluated = "" if rest else worked_out(written, " + ")
        return Written(" + ".join(symbols) or "0", " + ".join(numbers) or "0", precedence, evaluated)

    def tabulated(self, terms: Array, write_term: Callable[[int], Written], tables: list[LongSum]) -> Written:
        """Put a long sum into the tables; write its first and its last term, and what it comes to."""
        size = np.where(np.isnan(terms), np.inf, np.abs(terms))
        shown = sorted(int(k) for k in np.argsort(-size, kind="stable")[:TABLE_TERMS])
        first, last = (within(write_term(k), SUM).symbols for k in (0, terms.size - 1))
        written = [(k, write_term(k)) for k in shown]
        remainder, total = float(np.delete(terms, shown).sum()), float(terms.sum())
        table = tuple(Term(k, term.factors or (term,), float(terms[k])) for k, term in written)
        ends = f"{first} + … + {last}"
        tables.append(LongSum(table, terms.size, remainder, total, ends))
        return Written(ends, self.number(total), SUM, self.number(total))


# What forms of several families share


def moved(element: Element, writer: Writer) -> Written:
    """Write an element that a function only moved or repeated: it is one of its first argument's."""
    return writer.write(0, first_index(element.regions[0]))


def recorded(element: Element, writer: Writer) -> Written:
    """Write an element of which nothing is known but its value."""
    arguments = ", ".join(name or "…" for name in element.names)
    call = f"{element.function}({arguments})"
    return Written(element_text(call, element.place), writer.number(element.result()), name=call)


def within(term: Written, precedence: int) -> Written:
    """Put a term in parentheses where an operator beside it would tear it apart."""
    if term.precedence < precedence:
        evaluated = grouped(term.evaluated) if term.evaluated else ""
        return Written(f"({term.symbols})", grouped(term.numbers), CALL, evaluated)
    if term.precedence < CALL:
        return term
    return term._replace(numbers=bracketed(term.numbers), evaluated=bracketed(term.evaluated))


def worked_out(parts: Sequence[Written], operator: str) -> str:
    """Write parts between which stands an operator, with their functions evaluated; empty without any."""
    return operator.join(part.worked for part in parts) if any(part.evaluated for part in parts) else ""


def grouped(text: str) -> str:
    """Put what is worked out in parentheses; what is one number already needs none, but for its sign."""
    return bracketed(text) if re.fullmatch(NUMBER, text) else f"({text})"


def bracketed(number: str) -> str:
    """Put a negative number beside an operator in parentheses."""
    return f"({number})" if number.startswith("-") else number


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
