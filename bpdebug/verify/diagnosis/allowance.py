"""The allowance: how much may be tried for all wrong tensors of a check, so that it ends in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Allowance:
    """What may still be tried: the search for one tensor takes at most half of what is left.

    It counts work and not time, so that a check says the same on every machine.

    Attributes
    ----------
    pairs : int
        How many pairs of edits; a layer of a network has a few thousand.
    formulas : int
        How many formulas of time steps, of mistakes that are made at every step.
    numbers : int
        How many numbers may be computed for both: they are not for large tensors.
    """

    pairs: int = 40_000
    formulas: int = 80_000
    numbers: int = 2**25
