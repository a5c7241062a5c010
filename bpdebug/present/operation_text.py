"""What the Operation card says of the current statement: what a teacher would say at this line."""

from __future__ import annotations

from dataclasses import dataclass

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.forms.writing import LongSum
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.long_sums import abbreviated
from bpdebug.engine.language.nodes import Statement, calls
from bpdebug.engine.language.printing import numpy_text, shape_text, shapes_text, shown_text
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.program import Program
from bpdebug.sources.case import Case

MOST_CARRIED = 6
"""More names than this are counted."""


@dataclass(frozen=True, slots=True)
class OperationText:
    """The lines of the card, each empty where it does not apply.

    Attributes
    ----------
    code : str
        The statement as NumPy text; inside a statement, the node that has just been computed.
    mathematics : str
        The same as mathematics.
    shapes : str
        The shapes of the operands in their places.
    rule : str
        For a gradient, the chain rule that it is.
    why : str
        One sentence.
    subject : str
        Which element the arithmetic is of, where the current statement has not written it.
    arithmetic : tuple of str
        Where the selected element comes from: the sides of one equation.
    tables : tuple of LongSum
        The long sums in it.
    digits : int
        With how many digits they are written.
    verdict : tuple of str
        What a check found about the selected tensor.
    """

    code: str = ""
    mathematics: str = ""
    shapes: str = ""
    rule: str = ""
    why: str = ""
    subject: str = ""
    arithmetic: tuple[str, ...] = ()
    tables: tuple[LongSum, ...] = ()
    digits: int = 0
    verdict: tuple[str, ...] = ()


def operation_text(
    debugger: Debugger, about: str, arithmetic: tuple[str, ...], verdict: tuple[str, ...] = ()
) -> OperationText:
    """Describe the current operation; at the start, what the scenario is about."""
    statement, node, program = debugger.statement, debugger.node, debugger.program
    if statement is None and debugger.iteration > 1:
        return OperationText(
            code=f"iteration {debugger.iteration} begins",
            why=f"{carried_text(program)} Now the forward pass runs again.",
            arithmetic=arithmetic,
            verdict=verdict,
        )
    if statement is None:
        return OperationText(why=about, arithmetic=arithmetic, verdict=verdict)
    if node is not None:
        shape = shape_text(shape_of(node, program.shapes))
        count = len(calls(statement.expression))
        return OperationText(
            code=numpy_text(abbreviated(node)),
            mathematics=program.mathematics.text(node),
            shapes=f"node {debugger.moment.node} of {count} in {shown_text(statement)}",
            rule=f"gives {shape}",
            why=FUNCTIONS[node.function].explanation,
            arithmetic=arithmetic,
            verdict=verdict,
        )
    why = program.explanation_of(statement)
    if statement.phase == "forward" and len(calls(statement.expression)) == 1:
        (call,) = calls(statement.expression)
        # A recorded line may have no other explanation than that of its function.
        why = " ".join(dict.fromkeys((why, FUNCTIONS[call.function].explanation)))
    code, source = shown_text(statement), statement.source
    if source is not None:
        code = " ".join(source.code.split())
    return OperationText(
        code=code,
        mathematics=program.mathematics.statement(statement),
        shapes=shapes_text(statement, program.shapes),
        rule=rule_text(program, statement),
        why=why,
        arithmetic=arithmetic,
        verdict=verdict,
    )


def rule_text(program: Program, statement: Statement) -> str:
    """Write the chain rule behind a gradient; a person's own line is one where its tensor is known."""
    is_gradient = statement.phase == "backward" and (statement.source is None or statement.of)
    return program.rule_of(statement) if is_gradient else ""


ARE_HIDDEN = "What the check finds is hidden, to be found by you: until V reveals it, ] and d do not show it."


def about_text(case: Case, hides: bool = False) -> str:
    """Say before anything runs what a case is about: what was found in a person's own code, a line each.

    Where verdicts are hidden, it is not said how many gradients are right, and first of all that they are: a
    scenario may tell of the keys that go to them.
    """
    if case.script is None:
        return f"{ARE_HIDDEN}\n\n{case.about}".strip() if hides else case.about
    found = "\n".join(case.script.found if hides else case.script.sentences)
    ended = "" if case.script.ended in found else case.script.ended
    return "\n".join(filter(None, (ARE_HIDDEN * hides, found, ended, case.about)))


def carried_text(program: Program) -> str:
    """Say what a new iteration begins with: `w1 is now what w1_new was ...; b1 likewise`."""
    (old, new), *others = sorted(program.carried.items(), key=lambda item: item[0] not in program.parameters)
    shown = ", ".join(name for name, _ in others[:MOST_CARRIED])
    more = f" and {len(others) - MOST_CARRIED} more" if len(others) > MOST_CARRIED else ""
    rest = f"; {shown}{more} likewise" if others else ""
    return f"{old} is now what {new} was in the iteration before{rest}."
