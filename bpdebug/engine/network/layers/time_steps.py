"""Time steps: a layer that is unrolled over time writes its statements once for each step.

Which step a tensor belongs to stands at the end of its role, `h_t3`. Its name has the layer's number before
that, `h1_t3`, so that nothing can be taken for another layer or another step.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bpdebug.engine.language.nodes import Statement

STEP = re.compile(r"_t(\d+)(?=_|$)")


def at_step(role: str, step: int) -> str:
    """Return the role that a tensor has at a time step: `h_t3`."""
    return f"{role}_t{step}"


def without_step(role: str) -> str:
    """Return a role without its time step: `dh` of `dh_t3`; another as it is."""
    return STEP.sub("", role)


def step_in(name: str) -> int | None:
    """Return the time step that a role or a name says; None where it says none."""
    found = STEP.search(name)
    return int(found[1]) if found else None


def name_in_layer(role: str, number: int) -> str:
    """Return the name of a layer's tensor: `w2`, and `h2_t3` of what has the role `h_t3`."""
    found = STEP.search(role)
    return f"{role[: found.start()]}{number}{found[0]}" if found else f"{role}{number}"


def step_of(statement: Statement) -> int | None:
    """Return the time step that a statement is about; None where it is about all of them.

    What flows back to `h1_t3` is about the third step, wherever it comes from.
    """
    subjects = (statement.of,) if statement.of else (statement.name, *statement.through)
    return next((step for subject in subjects if (step := step_in(subject)) is not None), None)
