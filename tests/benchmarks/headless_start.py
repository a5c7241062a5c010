"""`bpdebug trace`, against the imports that it cannot do without."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.measure import Figure, figure, ratio


def call(*arguments: str) -> None:
    """Run Python to its end."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL)


def measure() -> list[Figure]:
    """Compare the two."""
    found = ratio(
        lambda: call("-m", "bpdebug", "trace", "scenarios/two_layer.toml"),
        lambda: call("-c", "import numpy, typer, pydantic"),
        rounds=15,
    )
    return [figure("bpdebug trace two_layer / import numpy, typer, pydantic", found, goal=1.4)]
