"""Commands for what-if: other numbers in the place of some, and everything downstream computed again."""

from __future__ import annotations

import re

import numpy as np

from bpdebug.commands.command import Answer, Command
from bpdebug.commands.looking import read_element
from bpdebug.commands.session import Session
from bpdebug.commands.values import value_text
from bpdebug.engine.debug.conditions import read_expression
from bpdebug.engine.language.nodes import index_text
from bpdebug.errors import BpdebugError

ASSIGNMENT = re.compile(r"([^=]+)=(?!=)(.+)")


def _set(session: Session, text: str) -> Answer:
    found = ASSIGNMENT.fullmatch(text)
    if not found:
        raise BpdebugError("expected NAME[...] = EXPR, for example `set w1[0,0] = 0.5`")
    debugger = session.debugger
    name, index = read_element(found[1].strip(), debugger)
    part = debugger.evaluate(read_expression(found[2].strip(), debugger.program))
    debugger.replace(name, part, index)
    new = debugger.trace.values[name]
    where = f"{name}[{index_text(index)}]" if index else name
    changed = [
        other
        for other in debugger.program.shapes
        if not _same(debugger.original.values[other], debugger.trace.values[other])
    ]
    line = f"{where} = {value_text(np.asarray(part))}; changed: {', '.join(changed) or 'nothing'}"
    return Answer((line,), {"name": name, "shape": list(new.shape), "changed": changed})


def _same(before: np.ndarray, after: np.ndarray) -> bool:
    return before is after or np.array_equal(before, after, equal_nan=True)


def _reset(session: Session, text: str) -> Answer:
    dropped = sorted(session.debugger.history.replaced_names)
    session.debugger.reset()
    return Answer((f"dropped: {', '.join(dropped)}" if dropped else "nothing was set",), {"dropped": dropped})


ENTRIES = (
    Command(
        "set",
        "NAME[i,j] = EXPR",
        "Replace a tensor or a part of it, and run on with that.",
        _set,
        "",
        "tensors",
    ),
    Command("reset", "", "Drop everything that was set.", _reset),
)
