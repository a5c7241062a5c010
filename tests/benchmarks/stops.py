"""Moving through a program of 100,000 statements, and what the debugger keeps beside the tensors."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from statistics import median

import numpy as np

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.debug.stop import Stop
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import run
from tests.benchmarks.measure import Figure, seconds

STATEMENTS = 100_000
SHARE_MEASURED = 10_000
"""Memory is the same for each statement: so many are enough to measure it."""
SHAPE = (32, 32)
"""Tensors of 8 KiB."""


def chain(count: int, shape: tuple[int, ...]) -> Program:
    """Make a program in which each statement halves the tensor before it."""
    statements = tuple(
        Statement(f"x{number}", parse(f"x{number - 1} * 0.5"), role="x") for number in range(1, count + 1)
    )
    return Program({"x0": shape}, statements)


def measure() -> list[Figure]:
    """Time the verbs that may cross the whole program, and weigh a debugger that has crossed it."""
    debugger = Debugger(run(chain(STATEMENTS, (1,)), {"x0": np.ones(1)}))
    debugger.breakpoints.add("role x")
    debugger.breakpoints.set_enabled(1, False)
    debugger.breakpoints.add("x1")

    def across(verb: Callable[[], Stop], start: int, stop: int) -> float:
        """Return the milliseconds that a verb takes for 1,000 statements."""
        debugger.goto(start)
        time = seconds(verb)
        assert debugger.position == stop
        return time * 1000 / (STATEMENTS / 1000)

    verbs = {
        "goto": lambda: across(debugger.end, 0, STATEMENTS),
        "continue": lambda: across(debugger.continue_, 1, STATEMENTS),
        "reverse-continue": lambda: across(debugger.reverse_continue, STATEMENTS, 1),
    }
    figures = [
        Figure(
            f"{name} across {STATEMENTS:,} statements",
            f"{median(time() for _ in range(3)):.1g} ms per 1,000",
            "≤ 50",
        )
        for name, time in verbs.items()
    ]
    return [*figures, memory()]


def memory() -> Figure:
    """Weigh program, run and debugger together, after a debugger has crossed it both ways."""
    tracemalloc.start()
    program = chain(SHARE_MEASURED, SHAPE)
    debugger = Debugger(run(program, {"x0": np.ones(SHAPE)}))
    debugger.breakpoints.add("norm(x1) < 0")
    debugger.continue_()
    debugger.reverse_continue()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    tensors = sum(value.nbytes for value in debugger.trace.values.values())
    what = f"memory of a run with its debugger / its tensors, {SHARE_MEASURED:,} of {SHAPE[0]}×{SHAPE[1]}"
    return Figure(what, f"{held / tensors:.3f}", "≤ 1.1")
