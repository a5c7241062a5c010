"""How large a run may be, told from shapes alone: a small file can ask for a result of any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpdebug.engine.language.forms import Shape, element_count
from bpdebug.engine.language.nodes import Expression, Statement
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.language.shapes import shapes_within
from bpdebug.engine.program.program import Program
from bpdebug.sources.declared import MAX_ELEMENTS
from bpdebug.sources.problems import KeyPath, ProblemReport

MAX_RUN_ELEMENTS = 2**27
"""All that a run holds at once: a gibibyte in float64, for every result is kept to go back to."""


def check_size(program: Program, place_of: Callable[[Statement], KeyPath], report: ProblemReport) -> None:
    """Report why a program is too large to run, if it is.

    Parameters
    ----------
    program : Program
        What would run.
    place_of : callable
        (statement) -> the key path of what wrote it.
    report : ProblemReport
        Takes what is wrong.
    """
    temporary = 0
    for statement in program.statements:
        sizes = _sizes(statement.expression, program.shapes)
        if sizes and max(sizes) > MAX_ELEMENTS:
            message = (
                f"too large: found that `{statement_text(statement)}` makes {max(sizes):,} elements,"
                f" expected at most {MAX_ELEMENTS:,} in one tensor"
            )
            report.add(place_of(statement), message, "use fewer units or examples")
            return
        temporary = max(temporary, sum(sizes))
    total = temporary + sum(element_count(shape) for shape in program.shapes.values())
    if total > MAX_RUN_ELEMENTS:
        message = (
            f"too large: found a run that holds {total:,} elements, expected at most {MAX_RUN_ELEMENTS:,}"
        )
        report.add(place_of(program.statements[0])[:1], message, "use fewer layers, units or examples")


def check_formulas(
    formulas: Mapping[KeyPath, Expression], shapes: Mapping[str, Shape], report: ProblemReport
) -> None:
    """Report which formulas of a file are too large to compute beside its run.

    Parameters
    ----------
    formulas : mapping
        The formulas, whose operands fit, by their key paths.
    shapes : mapping
        The shape of each tensor that they read.
    report : ProblemReport
        Takes what is wrong.
    """
    total = 0
    for path, formula in formulas.items():
        sizes = _sizes(formula, shapes)
        total += sum(sizes)
        if max(sizes, default=0) > MAX_ELEMENTS:
            message = (
                f"too large: found that the formula makes {max(sizes):,} elements,"
                f" expected at most {MAX_ELEMENTS:,} in one tensor"
            )
            report.add(path, message)
        elif total > MAX_RUN_ELEMENTS:
            message = (
                f"too large: found formulas that hold {total:,} elements up to here,"
                f" expected at most {MAX_RUN_ELEMENTS:,}"
            )
            report.add(path, message)
            return


def check_files(shapes: Mapping[KeyPath, Shape], report: ProblemReport) -> None:
    """Report that tensors of files are too large to hold beside a run, if they are.

    Parameters
    ----------
    shapes : mapping
        The shape of each tensor, by its key path.
    report : ProblemReport
        Takes what is wrong.
    """
    total = 0
    for path, shape in shapes.items():
        total += element_count(shape)
        if total > MAX_RUN_ELEMENTS:
            message = (
                f"too large: found files that hold {total:,} elements up to here,"
                f" expected at most {MAX_RUN_ELEMENTS:,}"
            )
            report.add(path, message)
            return


def _sizes(expression: Expression, shapes: Mapping[str, Shape]) -> list[int]:
    return [element_count(shape) for shape in shapes_within(expression, shapes).values()]
