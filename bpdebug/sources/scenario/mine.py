"""The `[mine]` of a file: what the user's own code computes, as numbers or as formulas.

`dw1 = [[...]]` and `dw1 = { file = ... }` give numbers; `dz1 = "da1 * relu_prime(a1)"` gives a formula of
the tensor language, which may read any tensor of the program. A shape that differs from the program's is
kept: it may be the very mistake that is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Expression, names
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import read_only
from bpdebug.errors import ExpressionError, ShapeError
from bpdebug.sources.declared import FileTensor
from bpdebug.sources.literal import read_numbers
from bpdebug.sources.problems import KeyPath, ProblemReport, RefusalError, described, key_path, listed
from bpdebug.sources.scenario.channels import in_channels_first
from bpdebug.sources.scenario.conversion import floating
from bpdebug.sources.scenario.limits import check_files, check_formulas
from bpdebug.sources.scenario.tensors import AnyTensor, read_tensor
from bpdebug.sources.wordings import add_finding

MINE = "mine"

GivenTensor = AnyTensor | Expression


def read_mine(table: Mapping[str, Any], report: ProblemReport) -> dict[str, GivenTensor]:
    """Check each entry by itself and return the sound ones by name.

    Parameters
    ----------
    table : mapping
        What the file says.
    report : ProblemReport
        Takes what is wrong.
    """
    entries: dict[str, GivenTensor] = {}
    for name, value in table.items():
        try:
            if isinstance(value, str):
                entries[name] = parse(value)
            elif isinstance(value, list | int | float):
                entries[name] = read_numbers(value)
            elif isinstance(value, dict) and "file" in value:
                entries[name] = read_tensor(value, report.folder)
            else:
                expected = "a nested list of numbers, { file = ... }, or a formula in quotes"
                report.add((MINE, name), f"not a tensor: found {described(value)}, expected {expected}")
        except ExpressionError as error:
            report.add((MINE, name), f"not a formula: {error}")
        except ValidationError as error:
            for finding in error.errors(include_url=False):
                add_finding(report, (MINE, name), finding, ())
    return entries


def check_mine(
    names_given: Iterable[str], entries: Mapping[str, GivenTensor], program: Program, report: ProblemReport
) -> None:
    """Hold the entries against the program: every name must be there, every formula computable.

    Parameters
    ----------
    names_given : iterable of str
        The names in the table, those of unsound entries too.
    entries : mapping
        What `read_mine` returned.
    program : Program
        The program of the file.
    report : ProblemReport
        Takes what is wrong.
    """
    known = known_names(program)
    for name in names_given:
        if name not in program.shapes and name not in program.unused:
            message = f"unknown tensor: found {key_path((name,))}, expected one of {listed(known)}"
            report.add((MINE, name), message, nearest_hint(name, known, report))
    formulas: dict[KeyPath, Expression] = {
        (MINE, name): entry for name, entry in entries.items() if not isinstance(entry, AnyTensor)
    }
    computable = {
        path: formula for path, formula in formulas.items() if _fits(path, formula, program, known, report)
    }
    check_formulas(computable, program.shapes, report)
    check_files(
        {(MINE, name): entry.shape for name, entry in entries.items() if isinstance(entry, FileTensor)},
        report,
    )


def _fits(
    path: KeyPath, formula: Expression, program: Program, known: Sequence[str], report: ProblemReport
) -> bool:
    """Whether the program has all that a formula reads, in shapes that fit together."""
    unknown = [read for read in names(formula) if read not in program.shapes]
    for read in unknown:
        message = f"unknown name in the formula: found {key_path((read,))}, expected one of {listed(known)}"
        report.add(path, message, nearest_hint(read, known, report))
    if unknown:
        return False
    try:
        shape_of(formula, program.shapes)
    except ShapeError as error:
        report.add(path, f"the operands of the formula do not fit: {error}")
        return False
    return True


def known_names(program: Program) -> tuple[str, ...]:
    """Return the names that a user's value may have: the gradients first, then all others."""
    return tuple(sorted(program.shapes, key=lambda name: name not in program.gradients))


def nearest_hint(name: str, known: Sequence[str], report: ProblemReport) -> str:
    """Name the known tensor that is nearest to a wrong name, in capitals or not."""
    return report.did_you_mean(name.lower(), known)


def with_arrays(
    entries: Mapping[str, GivenTensor], program: Program, images: str, report: ProblemReport
) -> Mapping[str, Array | Expression]:
    """Return the entries with their numbers as read-only arrays; report what in a file cannot be read.

    Parameters
    ----------
    entries : mapping
        What `read_mine` returned.
    program : Program
        The program of the file.
    images : str
        How the user's own code lays out images.
    report : ProblemReport
        Takes what is wrong.
    """
    arrays: dict[str, Array | Expression] = {}
    for name, entry in entries.items():
        try:
            if isinstance(entry, AnyTensor):
                array = floating(entry.array())
                if images == "nhwc":
                    array = in_channels_first(name, array, program)
                arrays[name] = read_only(array)
            else:
                arrays[name] = entry
        except RefusalError as refusal:
            report.add((MINE, name), refusal.message, refusal.hint)
    return MappingProxyType(arrays)
