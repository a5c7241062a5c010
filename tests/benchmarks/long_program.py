"""Chains of 10³, 10⁴ and 10⁵ statements: what one costs must not depend on how many there are.

Measured as in the app, with the collector off: it would look through all statements again and again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import run
from bpdebug.present.listing import Listing
from bpdebug.present.snapshot import most_pairs
from bpdebug.sources.scenario import load_scenario
from tests.benchmarks.measure import Figure, figure, processor_seconds

SIZES = (1_000, 10_000, 100_000)
SLOPE = 1.5
"""How many times as long a statement of the longest may take as one of the shortest."""
MOST = 0.2
"""Milliseconds that the derivation may take for each statement that the program then has."""
LINES_OF_ALL = 0.374
"""So much of a chain is as written; its backward pass and the loss are the rest, which counts too."""


def lines(count: int) -> list[str]:
    """Write so many statements: blocks of three with a way past them, weights that all share, and a loss."""
    blocks = (
        (f"z{k} = h{k - 1} @ w + b", f"a{k} = relu(z{k})", f"h{k} = h{k - 1} + a{k}")
        for k in range(1, count // 3 + 1)
    )
    return [*(line for block in blocks for line in block), f"loss = mean(h{count // 3} ** 2)"]


def nested(count: int) -> list[str]:
    """Write so many statements whose inner results the backward pass needs."""
    return [
        *(f"h{k} = tanh(h{k - 1} @ w + b) * 0.5 + h{k - 1}" for k in range(1, count)),
        f"loss = mean(h{count - 1} ** 2)",
    ]


def derived(text: list[str]) -> float:
    """Return the milliseconds that the derivation takes for each statement that the program then has."""
    read = (line.split(" = ", 1) for line in text)
    statements = [Statement(name, parse(expression)) for name, expression in read]
    inputs = {"h0": (4, 3), "w": (3, 3), "b": (3,)}
    programs: list[Program] = []
    time = processor_seconds(lambda: programs.append(with_backward(inputs, statements, "loss")))
    return 1000 * time / len(programs[0].statements)


def write(text: list[str], path: Path) -> Path:
    """Write a scenario of these lines."""
    matrix = [[0.001] * 3] * 3
    path.write_text(
        'title = "A chain"\nprogram = """\n' + "\n".join(text) + f'\n"""\n[inputs]\nh0 = {matrix}\n'
        f"w = {matrix}\nb = [0.0, 0.1, 0.2]\n"
    )
    return path


def opened(text: list[str], folder: Path) -> float:
    """Return the milliseconds from a file to all that the first screen shows, for each statement."""
    path = write(text, folder / "chain.toml")

    programs: list[Program] = []

    def first_screen() -> tuple[int, int]:
        case = load_scenario(path)
        trace = run(case.program, case.values)
        programs.append(trace.program)
        return len(Listing(trace.program).lines), most_pairs(trace.program)

    time = processor_seconds(first_screen)
    return 1000 * time / len(programs[0].statements)


def measure() -> list[Figure]:
    """Time both, for each size."""
    with TemporaryDirectory() as folder, _without_collector():
        derived(lines(SIZES[0]))  # what is imported and parsed once
        derived(nested(SIZES[0]))
        chains = [derived(lines(size)) for size in SIZES]
        nests = [derived(nested(size)) for size in SIZES]
        opened(lines(SIZES[0]), Path(folder))
        files = [opened(lines(int(size * LINES_OF_ALL)), Path(folder)) for size in SIZES]
    shortest, longest = f"{SIZES[0]:,}", f"{SIZES[-1]:,}"
    return [
        Figure(
            f"derivation of a chain of {longest} / with inner results, a statement",
            f"{chains[-1]:.2f} / {nests[-1]:.2f} ms",
            f"≤ {MOST} ms",
        ),
        *(
            figure(f"{what}: of {longest} / of {shortest}", times[-1] / times[0], SLOPE)
            for what, times in (
                ("derivation of a chain", chains),
                ("with inner results", nests),
                ("from the file to the first screen", files),
            )
        ),
    ]


@contextmanager
def _without_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
