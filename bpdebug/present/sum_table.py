"""A long sum as a small table, in the order of its terms: what is multiplied, the products, and the total.

    k         0         1         2
    dz2  0.0008   -0.0004   -0.0293
    a1  -0.4811   -0.6388    0.9202
    =   -0.0004    0.0002   -0.0270    total -0.0272

It is complete where it fits; else the largest terms are there, and the others as one, `rest`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bpdebug.engine.language.forms.writing import LongSum, Term
from bpdebug.engine.language.printing import written_number

GAP = 2


def table_lines(long_sum: LongSum, digits: int, width: int) -> list[str]:
    """Write a sum as a table.

    Parameters
    ----------
    long_sum : LongSum
        Its terms.
    digits : int
        Significant digits.
    width : int
        The columns there are; no line is wider.

    Returns
    -------
    list of str
        The lines; none where there is no room for a table.
    """
    labels = _labels(long_sum.terms)
    total = f"{' ' * GAP}total {_with_zeros(written_number(long_sum.total, digits), digits)}"
    label_room = max(map(len, labels))
    columns = [_column(term, labels, digits) for term in long_sum.terms]
    room = width - label_room - len(total)
    if long_sum.length > len(columns) or _pitch(columns) * len(columns) > room:
        fewer = (_largest(long_sum, columns, count, digits) for count in range(len(columns), 0, -1))
        columns = next((some for some in fewer if _pitch(some) * len(some) <= room), [])
        if not columns:
            return []
    pitch = _pitch(columns)
    rows = [
        f"{label:<{label_room}}{''.join(f'{column[row]:>{pitch}}' for column in columns)}".rstrip()
        for row, label in enumerate(labels)
    ]
    rows[-1] += total
    return rows


def _pitch(columns: Sequence[Sequence[str]]) -> int:
    """Return the columns of the screen that one of a table takes."""
    return GAP + max(len(text) for column in columns for text in column)


def _labels(terms: Sequence[Term]) -> list[str]:
    """Return what stands before each row: the name that all terms have there, if it is one."""
    counts = {len(term.factors) for term in terms}
    if counts == {1}:
        return ["k", _name(terms, 0) or "="]
    if len(counts) > 1:
        return ["k", "="]
    return ["k", *(_name(terms, place) or "×" for place in range(counts.pop())), "="]


def _name(terms: Sequence[Term], place: int) -> str:
    """Return the tensor that a factor is an element of, if it is the same in all terms."""
    names = {term.factors[place].name for term in terms}
    return names.pop() if len(names) == 1 else ""


def _column(term: Term, labels: Sequence[str], digits: int) -> list[str]:
    """Write a term from above: its number, its factors, what they come to."""
    factors = [factor.worked for factor in term.factors] if len(labels) > 2 else []
    numbers = (*factors, written_number(term.value + 0.0, digits))  # no -0 in a sum
    return [str(term.place), *(_with_zeros(number, digits) for number in numbers)]


def _with_zeros(number: str, digits: int) -> str:
    """Write the zeros at the end of a decimal, so that all of a table have as many significant digits."""
    whole, point, part = number.partition(".")
    if not point or not part.isdecimal():
        return number
    written = len((whole + part).lstrip("-0"))
    return number + "0" * (digits - written if written else 0)


def _largest(long_sum: LongSum, columns: list[list[str]], count: int, digits: int) -> list[list[str]]:
    """Keep the columns of the largest terms; the others become one."""
    order = sorted(range(len(columns)), key=lambda k: -abs(long_sum.terms[k].value))
    kept = sorted(order[:count])
    remainder = long_sum.remainder + sum(long_sum.terms[k].value for k in order[count:])
    blank = [""] * (len(columns[0]) - 2)
    return [
        *(columns[k] for k in kept),
        ["rest", *blank, _with_zeros(written_number(remainder, digits), digits)],
    ]
