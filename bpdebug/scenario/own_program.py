"""A program of the user's own: its forward statements as text, one a line, in place of `[[layers]]`.

    s = q @ k.T / 2         # comments are allowed
    p = softmax(s, axis=-1)
    o = p @ v

The inputs name every tensor that no line computes. The gradient comes in at any result; without a
`[gradient]`, a last result that is a scalar is the loss, whose gradient is 1.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError

from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.nodes import Expression, Statement, names
from bpdebug.engine.expression.parsing import parse
from bpdebug.engine.expression.shapes import shape_of
from bpdebug.engine.program import Program, with_backward
from bpdebug.errors import BpdebugError, DerivationError, ExpressionError, ShapeError
from bpdebug.scenario.draft import Draft
from bpdebug.scenario.gradient import GRADIENT, ONE
from bpdebug.scenario.model import Document, Text, check, check_tensor
from bpdebug.scenario.problems import KeyPath, Report, did_you_mean, key_path, listed
from bpdebug.scenario.shapes import misshapen
from bpdebug.scenario.tensors import AnyTensor, read_numbers

PROGRAM = "program"
MAX_STATEMENTS = 2_000
"""More than anyone writes by hand; the backward pass of so many takes a few seconds to derive."""


class ProgramDocument(Document):
    """A file that writes its program as text."""

    program: Text
    parameters: Annotated[list[Text], Field(min_length=1)] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line that assigns; its expression is None where that cannot be read.

    Attributes
    ----------
    number : int
        Where it stands, from 1.
    text : str
        All of it, without its comment.
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


def read_own_program(table: Mapping[str, Any], report: Report) -> Draft:
    """Check a file that has a `program`.

    Parameters
    ----------
    table : mapping
        What the file says.
    report : Report
        Takes what is wrong.
    """
    document = check(ProgramDocument, table, (), report)
    inputs = {
        name: tensor
        for name, value in document.get("inputs", {}).items()
        if (tensor := _read_input(name, value, report)) is not None
    }
    lines = read_lines(document.get(PROGRAM, ""), report)
    if "inputs" in document:
        check_names(lines, document["inputs"], report)
    parameters = document["parameters"]
    for number, name in enumerate(parameters or ()):
        if name not in inputs:
            message = f"unknown input: found {key_path((name,))}, expected one of {listed(tuple(inputs))}"
            report.add(("parameters", number), message, did_you_mean(name.lower(), inputs))

    tensors: dict[str, tuple[KeyPath, AnyTensor]] = {
        name: (("inputs", name), tensor) for name, tensor in inputs.items()
    }
    program = None
    if not report.problems:
        shapes = _shapes(lines, {name: tensor.shape for name, tensor in inputs.items()}, report)
        seed, incoming = _read_seed(document["gradient"], lines, shapes, report)
        if seed:
            tensors[gradient_name(seed)] = incoming
        if not report.problems:
            program = _build(
                lines, {name: tensor.shape for name, tensor in inputs.items()}, seed, parameters, report
            )

    def build() -> Program:
        assert program is not None
        return program

    return Draft(document, tensors, build, lambda statement: (PROGRAM,))


def read_lines(text: str, report: Report) -> list[Line]:
    """Read the statements of a program."""
    lines: list[Line] = []
    for number, line in enumerate(text.splitlines(), start=1):
        code = line.partition("#")[0].rstrip()
        if not code:
            continue
        if len(lines) == MAX_STATEMENTS:
            message = f"too long: found more than {MAX_STATEMENTS:,} statements, expected at most that"
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
        lines.append(Line(number, code, name, _expression(number, len(left) + 1, right, report)))
    if not lines and not report.problems:
        report.add(
            (PROGRAM,), "no statements: found an empty program, expected name = expression, one a line"
        )
    return lines


def _expression(line: int, offset: int, text: str, report: Report) -> Expression | None:
    try:
        return parse(text)
    except ExpressionError as error:
        report.add((PROGRAM,), f"{place(line, offset + error.column)}: {error.message}")
        return None


def is_name(text: str) -> bool:
    """Whether a text can name a tensor."""
    return re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII) is not None and not keyword.iskeyword(text)


def _read_input(name: str, value: object, report: Report) -> AnyTensor | None:
    if not is_name(name):
        message = f"not a name: found {key_path((name,))}, expected a name as Python has them, such as w1"
        report.add(("inputs", name), message)
    return _read_tensor(("inputs", name), value, report)


def _read_tensor(path: KeyPath, value: object, report: Report) -> AnyTensor | None:
    """Check a tensor; a single number is one, too."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        return check_tensor(value, path, report)
    try:
        return read_numbers(value)
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            report.add_finding(path, finding, ())
        return None


def check_names(lines: Sequence[Line], inputs: Iterable[str], report: Report) -> None:
    """Report names that do not exist where they are read, and those that are assigned twice."""
    known = dict.fromkeys(inputs, "in [inputs]")
    for line in lines:
        for name in names(line.expression) if line.expression is not None else ():
            if name not in known:
                message = f"unknown name: found {key_path((name,))}, expected one of {listed(tuple(known))}"
                report.add((PROGRAM,), f"{line.at(name)}: {message}", did_you_mean(name.lower(), known))
        if line.name in known:
            message = f"assigned twice: found {line.name} here and {known[line.name]}"
            report.add((PROGRAM,), f"line {line.number}: {message}", "give each result a name of its own")
        known[line.name] = f"in line {line.number}"
    for name, where in known.items():
        if gradient_name(name) in known:
            found = f"found {gradient_name(name)} {known[gradient_name(name)]}, and {name} {where}"
            message = f"a name of a gradient: {found}, whose gradient has this name"
            report.add((PROGRAM,), message, "give one of them another name")


def _shapes(lines: Sequence[Line], inputs: Mapping[str, Shape], report: Report) -> dict[str, Shape]:
    """Return the shapes of all tensors, up to the first operands that do not fit together."""
    shapes = dict(inputs)
    for line in lines:
        assert line.expression is not None
        try:
            shapes[line.name] = shape_of(line.expression, shapes)
        except ShapeError as error:
            report.add((PROGRAM,), f"line {line.number}: the operands do not fit: {error}")
            break
    return shapes


def _read_seed(
    table: Mapping[str, Any] | None, lines: Sequence[Line], shapes: Mapping[str, Shape], report: Report
) -> tuple[str, tuple[KeyPath, AnyTensor]]:
    """Return the result at which a gradient comes in, empty if at none; and that gradient."""
    last = lines[-1].name
    nothing = (PROGRAM,), ONE
    if table is None:
        return (last if shapes.get(last) == () else ""), nothing
    gradients = {gradient_name(line.name): line.name for line in reversed(lines)}
    choice = listed(tuple(gradients))
    if len(table) != 1:
        found = " and ".join(key_path((name,)) for name in table) or "an empty table"
        report.add((GRADIENT,), f"not one gradient: found {found}, expected one of {choice}")
        return "", nothing
    ((name, value),) = table.items()
    if name not in gradients:
        message = f"unknown key: found {key_path((name,))}, expected one of {choice}"
        report.add((GRADIENT, name), message, did_you_mean(name, gradients))
        return "", nothing
    seed = gradients[name]
    tensor = _read_tensor((GRADIENT, name), value, report)
    if tensor is None:
        return "", nothing
    wrong = (
        misshapen(tensor.shape, shapes[seed], f"must have the shape of {seed}") if seed in shapes else None
    )
    if wrong:
        report.add((GRADIENT, name), *wrong)
    return seed, ((GRADIENT, name), tensor)


def _build(
    lines: Sequence[Line],
    inputs: Mapping[str, Shape],
    seed: str,
    parameters: Sequence[str] | None,
    report: Report,
) -> Program | None:
    statements = [
        Statement(line.name, line.expression, role=line.name) for line in lines if line.expression is not None
    ]
    if not seed:
        return Program(inputs, tuple(statements))
    try:
        return with_backward(inputs, statements, seed, parameters=parameters or (), wanted=parameters)
    except DerivationError as error:
        report.add((PROGRAM,), str(error), "parameters = [...] says which inputs need a gradient")
    except BpdebugError as error:
        report.add((PROGRAM,), str(error))
    return None
