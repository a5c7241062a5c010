"""A stop: where a verb of the debugger came to rest, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bpdebug.engine.debug.breakpoints import Hit
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.program.timeline import Moment

Reason = Literal[
    "step", "node", "out", "layer", "phase", "position", "iteration", "breakpoint", "start", "end", "nowhere"
]


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a verb stopped, and why; `reason` is `nowhere` if it could not move.

    Attributes
    ----------
    moment : Moment
        Where one is now.
    reason : str
        Why it stopped.
    text : str
        The reason in words.
    hits : tuple of Hit
        The breakpoints that stopped it, with the actual numbers that did.
    """

    moment: Moment
    reason: Reason
    text: str
    hits: tuple[Hit, ...] = ()


def reason_text(reason: Reason, moment: Moment, statement: Statement | None, iterations: int) -> str:
    """Write a reason in words.

    Parameters
    ----------
    reason : str
        Why the verb stopped, if no breakpoint stopped it.
    moment : Moment
        Where one is now.
    statement : Statement, optional
        The statement that has just run or is being stepped through; None at the start.
    iterations : int
        How many there are.
    """
    if statement is None:
        return "at the start" if iterations == 1 else f"iteration {moment.iteration} begins"
    texts: dict[Reason, str] = {
        "node": f"inside {statement.name}, node {moment.node}",
        "layer": _layer_text(statement),
        "phase": f"the {statement.phase} {'is' if statement.phase == 'update' else 'pass is'} complete",
        "iteration": f"iteration {moment.iteration}, after {statement.name}",
        "end": "at the end",
    }
    return texts.get(reason, f"after {statement.name}")


def _layer_text(statement: Statement) -> str:
    """Write what begins with a statement: a layer, or in a person's own code a pass, or a call in it."""
    if statement.layer:
        return f"{statement.phase}, layer {statement.layer}"
    calls = statement.source.calls if statement.source else ()
    within = f", {calls[-1].function}" if calls else ""
    return f"{statement.role or statement.phase}{within}" if statement.source else statement.phase
