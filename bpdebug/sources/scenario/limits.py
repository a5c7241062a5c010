"""How large a run may be, told from shapes alone: a small file can ask for a result of any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpdebug.engine.language.cost import cost_of
from bpdebug.engine.language.forms import Shape, element_count
from bpdebug.engine.language.nodes import Expression, Statement
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.program import Program
from bpdebug.limits import LIMITS, at_most
from bpdebug.sources.problems import KeyPath, ProblemReport, shortened

LONGEST = 200
"""How much of a statement a message repeats, in characters."""


def check_size(
    program: Program, place_of: Callable[[Statement], KeyPath], report: ProblemReport, width: int = 8
) -> None:
    """Report why a program is too large to run, if it is.

    Parameters
    ----------
    program : Program
        What would run.
    place_of : callable
        (statement) -> the key path of what wrote it.
    report : ProblemReport
        Takes what is wrong.
    width : int
        The bytes of an element: of fewer, so many more fit into what all tensors of a run may take.
    """
    held = products = 0
    most = LIMITS.run_elements * 8 // width
    allowed = at_most("run_elements") if width == 8 else f"at most {most:,} of {8 * width} bits"
    if len(program.statements) > LIMITS.statements:
        found = f"{len(program.statements):,} statements with the backward pass and all updates"
        message = f"too large: found {found}, expected {at_most('statements')}"
        report.add(place_of(program.statements[0])[:1], message, "use fewer layers or statements")
        return
    for statement in program.statements:
        cost = cost_of(statement.expression, program.shapes)
        found = ""
        if cost.largest > LIMITS.tensor_elements:
            found = f"makes {cost.largest:,} elements, expected {at_most('tensor_elements', 'in one tensor')}"
        elif cost.elements > most:
            found = f"holds {cost.elements:,} elements on the way, expected {allowed}"
        elif cost.products > LIMITS.run_products:
            found = f"takes {cost.products:,} products, expected {at_most('run_products')}"
        if found:
            text = shortened(statement_text(statement), LONGEST)
            message = f"too large: found that `{text}` {found}"
            report.add(place_of(statement), message, "use fewer units or examples")
            return
        held, products = max(held, cost.elements), products + cost.products
    total = held + sum(element_count(shape) for shape in program.shapes.values())
    if total > most:
        found = f"holds {total:,} elements, expected {allowed}"
    elif products > LIMITS.run_products:
        found = f"takes {products:,} products, expected {at_most('run_products')}"
    else:
        return
    message = f"too large: found a run that {found}"
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
    elements = products = 0
    for path, formula in formulas.items():
        cost = cost_of(formula, shapes)
        elements, products = elements + cost.elements, products + cost.products
        if cost.largest > LIMITS.tensor_elements:
            expected = at_most("tensor_elements", "in one tensor")
            found = f"found that the formula makes {cost.largest:,} elements"
            message = f"too large: {found}, expected {expected}"
            report.add(path, message)
        elif elements > LIMITS.run_elements:
            found = f"formulas that hold {elements:,} elements up to here, expected {at_most('run_elements')}"
            report.add(path, f"too large: found {found}")
            return
        elif products > LIMITS.run_products:
            found = f"formulas that take {products:,} products up to here, expected {at_most('run_products')}"
            report.add(path, f"too large: found {found}")
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
        if total > LIMITS.run_elements:
            found = f"files that hold {total:,} elements up to here, expected {at_most('run_elements')}"
            report.add(path, f"too large: found {found}")
            return
