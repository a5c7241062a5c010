"""What a scenario lacks to tell mistakes apart: a batch of one hides a sum, one sign a relu.

The suggestion (`suggestion`) has none of these faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.engine.program.program import Program

FEWEST_EXAMPLES = 3
"""A batch of two makes m look like 2, one of one hides it."""


def would_tell(program: Program, values: Mapping[str, Array]) -> str:
    """Say what would tell apart formulas that give the same numbers here.

    Parameters
    ----------
    program : Program
        The program.
    values : mapping
        A value for each of its inputs.
    """
    lacking = [*_lacking(program, {name: values[name] for name in program.inputs})] or ["other numbers"]
    said = f"{', '.join(lacking[:-1])} and {lacking[-1]}" if len(lacking) > 1 else lacking[0]
    is_suggested = any(isinstance(block, Layer) for block in program.blocks)
    return f"{said} would" + ("; --suggest FILE writes such a scenario" if is_suggested else "")


def _lacking(program: Program, values: Mapping[str, Array]) -> Iterator[str]:
    if program.batch < FEWEST_EXAMPLES:
        yield f"a batch of {FEWEST_EXAMPLES} or more"
    if any(_has_equal_lengths(value.shape) for value in values.values()):
        yield "unequal sizes"
    numbers = (value for name, value in values.items() if name in program.index.gradient_of)
    if any(value.size > 1 and ((value >= 0).all() or (value <= 0).all()) for value in numbers):
        yield "numbers of both signs"


def _has_equal_lengths(shape: tuple[int, ...]) -> bool:
    long = [length for length in shape if length > 1]
    return len(long) != len(np.unique(long))
