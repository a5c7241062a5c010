"""Equations on a few lines: they break before their equals signs, and long sides before an operator."""

from __future__ import annotations

import re
from collections.abc import Sequence

OPERATORS = (r"(?= [+-] )", r"(?= · )", r"(?<=[\])])(?=·)")
"""Where a side breaks: rather at a sum than at a product, of numbers or of elements."""
FURTHER = 3
"""What follows a break stands so far behind the equals sign above it."""


def equation_lines(sides: Sequence[str], width: int, roomy: bool = True) -> list[str]:
    """Write an equation on one line if it fits, else each further side on a line of its own.

    Where there is no room for so many lines, sides stand on one line as far as they fit.
    """
    if not sides:
        return []
    first, *rest = sides
    whole = " = ".join(sides)
    if len(whole) <= width or not rest:
        return [whole]
    indent = " " * min(len(first), width // 4)
    lines = [f"{first} = {rest[0]}"]
    for side in rest[1:]:
        if not roomy and len(lines[-1]) + len(" = ") + len(side) <= width:
            lines[-1] += f" = {side}"
        else:
            lines.append(f"{indent} = {side}")
    further = " " * (len(indent) + FURTHER)
    return [part for line in lines for part in broken(line, further, width)]


def broken(line: str, indent: str, width: int) -> list[str]:
    """Break a line that is too long before operators: as few parentheses as possible stand around them."""
    start = len(indent)
    if len(line) <= width:
        return [line]
    found = [
        (line.count("(", 0, match.start()) - line.count(")", 0, match.start()), kind, -match.start())
        for kind, operator in enumerate(OPERATORS)
        for match in re.compile(operator).finditer(line, start + 1, width + 1)
    ]
    if not found:
        return [line]
    place = -min(found)[2]
    return [line[:place], *broken(indent + line[place:].lstrip(), indent, width)]
