"""A program of the user's own: its forward statements as text, one a line, in place of `[[layers]]`.

    s = q @ k.T / 2         # comments are allowed
    p = softmax(s, axis=-1)
    o = p @ v

The inputs name every tensor that no line computes. The gradient comes in at any result; without a
`[gradient]`, a last result that is a scalar is the loss, whose gradient is 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, ValidationError

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.errors import BpdebugError, DerivationError
from bpdebug.sources.literal import read_numbers
from bpdebug.sources.problems import KeyPath, ProblemReport, did_you_mean, key_path, listed
from bpdebug.sources.scenario.draft import Draft, Incoming
from bpdebug.sources.scenario.gradient import GRADIENT, ONE
from bpdebug.sources.scenario.model import Document, NonEmptyText, check, check_tensor
from bpdebug.sources.scenario.program_text import (
    PROGRAM,
    Assignment,
    check_names,
    infer_shapes,
    is_name,
    read_lines,
)
from bpdebug.sources.scenario.shapes import misshapen
from bpdebug.sources.scenario.tensors import AnyTensor
from bpdebug.sources.wordings import add_finding


class ProgramDocument(Document):
    """A file that writes its program as text."""

    program: NonEmptyText
    parameters: Annotated[list[NonEmptyText], Field(min_length=1)] | None = None


def read_own_program(table: Mapping[str, Any], report: ProblemReport) -> Draft:
    """Check a file that has a `program`.

    Parameters
    ----------
    table : mapping
        What the file says.
    report : ProblemReport
        Takes what is wrong.
    """
    document = check(ProgramDocument, table, (), report)
    inputs = {
        name: tensor
        for name, value in document.get("inputs", {}).items()
        if (tensor := _read_input(name, value, report)) is not None
    }
    lines = read_lines(document[PROGRAM], report) if PROGRAM in document else []
    if "inputs" in document:
        check_names(lines, document["inputs"], report)
    parameters = document["parameters"]
    for number, name in enumerate(parameters or ()):
        if name not in inputs:
            message = f"unknown input: found {key_path((name,))}, expected one of {listed(inputs)}"
            report.add(("parameters", number), message, report.did_you_mean(name.lower(), inputs))

    tensors: dict[str, tuple[KeyPath, AnyTensor]] = {
        name: (("inputs", name), tensor) for name, tensor in inputs.items()
    }
    program, incoming = None, None
    if not report.problems:
        shapes = infer_shapes(lines, {name: tensor.shape for name, tensor in inputs.items()}, report)
        incoming = _read_incoming(document["gradient"], lines, shapes, report)
        if not report.problems:
            program = _build(
                lines, {name: tensor.shape for name, tensor in inputs.items()}, incoming, parameters, report
            )

    def build() -> Program:
        assert program is not None
        return program

    return Draft(document, tensors, incoming, build, lambda statement: (PROGRAM,))


def _read_input(name: str, value: object, report: ProblemReport) -> AnyTensor | None:
    if not is_name(name):
        message = f"not a name: found {key_path((name,))}, expected a name as Python has them, such as w1"
        report.add(("inputs", name), message)
    return _read_tensor(("inputs", name), value, report)


def _read_tensor(path: KeyPath, value: object, report: ProblemReport) -> AnyTensor | None:
    """Check a tensor; a single number is one, too."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        return check_tensor(value, path, report)
    try:
        return read_numbers(value)
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            add_finding(report, path, finding, ())
        return None


def _read_incoming(
    table: Mapping[str, Any] | None,
    lines: Sequence[Assignment],
    shapes: Mapping[str, Shape],
    report: ProblemReport,
) -> Incoming | None:
    """Return the gradient that comes in at a result; None if there is none."""
    last = lines[-1].name
    if table is None:
        return Incoming(last, (PROGRAM,), ONE) if shapes.get(last) == () else None
    gradients = {f"d{line.name}": line.name for line in reversed(lines)}
    choice = listed(tuple(gradients))
    if len(table) != 1:
        found = " and ".join(key_path((name,)) for name in table) or "an empty table"
        report.add((GRADIENT,), f"not one gradient: found {found}, expected one of {choice}")
        return None
    ((name, value),) = table.items()
    if name not in gradients:
        message = f"unknown key: found {key_path((name,))}, expected one of {choice}"
        report.add((GRADIENT, name), message, did_you_mean(name, gradients))
        return None
    seed = gradients[name]
    tensor = _read_tensor((GRADIENT, name), value, report)
    if tensor is None:
        return None
    wrong = (
        misshapen(tensor.shape, shapes[seed], f"must have the shape of {seed}") if seed in shapes else None
    )
    if wrong:
        report.add((GRADIENT, name), *wrong)
    return Incoming(seed, (GRADIENT, name), tensor)


def _build(
    lines: Sequence[Assignment],
    inputs: Mapping[str, Shape],
    incoming: Incoming | None,
    parameters: Sequence[str] | None,
    report: ProblemReport,
) -> Program | None:
    statements = [
        Statement(line.name, line.expression, role=line.name) for line in lines if line.expression is not None
    ]
    if incoming is None:
        return Program(inputs, tuple(statements))
    try:
        return with_backward(
            inputs, statements, incoming.tensor, parameters=parameters or (), wanted=parameters
        )
    except DerivationError as error:
        report.add((PROGRAM,), str(error), "parameters = [...] says which inputs need a gradient")
    except BpdebugError as error:
        report.add((PROGRAM,), str(error))
    return None
