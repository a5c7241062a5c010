"""The text of a `program`: its lines as statements, and what is wrong with their names and shapes."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Expression, names
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.shapes import shape_of
from bpdebug.errors import ExpressionError, ShapeError
from bpdebug.limits import LIMITS, at_most
from bpdebug.sources.problems import ProblemReport, key_path, listed

PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line that assigns; its expression is None where that cannot be read.

    Attributes
    ----------
    number : int
        Where it stands, from 1.
    text : str
        All of it, without its comment.
    name : str
        What it assigns to.
    expression : Expression or None
        What it computes.
    """

    number: int
    text: str
    name: str
    expression: Expression | None

    def at(self, name: str) -> str:
        """Say where in the text a name that the expression reads stands."""
        start = self.text.index("=") + 1
        found = re.compile(rf"(?<![\w.]){re.escape(name)}\b").search(self.text, start)
        return place(self.number, (found.start() if found else start) + 1)


def place(line: int, column: int) -> str:
    """Write where in the text something is."""
    return f"line {line}, column {column}"


def read_lines(text: str, report: ProblemReport) -> list[Assignment]:
    """Read the statements of a program."""
    lines: list[Assignment] = []
    if len(text) > LIMITS.program_characters:
        expected = at_most("program_characters", "characters")
        report.add((PROGRAM,), f"too long: found {len(text):,} characters, expected {expected}")
        return lines
    is_blank = True
    for number, line in enumerate(text.splitlines(), start=1):
        code = line.partition("#")[0].rstrip()
        if not code:
            continue
        is_blank = False
        if len(lines) == LIMITS.statements:
            found = f"found more than {LIMITS.statements:,} statements"
            message = f"too long: {found}, expected at most that (the limit statements)"
            report.add((PROGRAM,), message)
            break
        left, equals, right = code.partition("=")
        name = left.strip()
        if not equals or not is_name(name):
            column = len(code) - len(code.lstrip()) + 1
            found = key_path((code.strip(),))
            report.add(
                (PROGRAM,),
                f"{place(number, column)}: not a statement: found {found}, expected name = expression",
            )
            continue
        lines.append(Assignment(number, code, name, _expression(number, len(left) + 1, right, report)))
    if is_blank:
        report.add(
            (PROGRAM,), "no statements: found an empty program, expected name = expression, one a line"
        )
    return lines


def _expression(line: int, offset: int, text: str, report: ProblemReport) -> Expression | None:
    try:
        return parse(text)
    except ExpressionError as error:
        report.add((PROGRAM,), f"{place(line, offset + error.column)}: {error.message}")
        return None


def is_name(text: str) -> bool:
    """Whether a text can name a tensor."""
    return re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII) is not None and not keyword.iskeyword(text)


def check_names(lines: Sequence[Assignment], inputs: Iterable[str], report: ProblemReport) -> None:
    """Report names that do not exist where they are read, and those that are assigned twice.

    Parameters
    ----------
    lines : sequence of Assignment
        The statements, in order.
    inputs : iterable of str
        The names of the inputs.
    report : ProblemReport
        Takes what is wrong.
    """
    known = dict.fromkeys(inputs, "in [inputs]")
    for line in lines:
        for name in names(line.expression) if line.expression is not None else ():
            if name not in known:
                message = f"unknown name: found {key_path((name,))}, expected one of {listed(known)}"
                report.add(
                    (PROGRAM,), f"{line.at(name)}: {message}", report.did_you_mean(name.lower(), known)
                )
        if line.name in known:
            message = f"assigned twice: found {line.name} here and {known[line.name]}"
            report.add((PROGRAM,), f"line {line.number}: {message}", "give each result a name of its own")
        known[line.name] = f"in line {line.number}"


def infer_shapes(
    lines: Sequence[Assignment], inputs: Mapping[str, Shape], report: ProblemReport
) -> dict[str, Shape]:
    """Return the shapes of all tensors, up to the first operands that do not fit together.

    Parameters
    ----------
    lines : sequence of Assignment
        The statements, each with its expression; the names that they read exist.
    inputs : mapping
        The shapes of the inputs.
    report : ProblemReport
        Takes what is wrong.
    """
    shapes = dict(inputs)
    for line in lines:
        assert line.expression is not None
        try:
            shapes[line.name] = shape_of(line.expression, shapes)
        except ShapeError as error:
            report.add((PROGRAM,), f"line {line.number}: the operands do not fit: {error}")
            break
    return shapes
