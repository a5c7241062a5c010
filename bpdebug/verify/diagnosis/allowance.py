"""The allowance: how much may be tried for all wrong tensors of a check, so that it ends in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Allowance:
    """What may still be tried: the search for one tensor takes at most half of what is left,
    that for all tensors of a loop more.

    It counts work, so that a check says the same on every machine, and bounds time besides, for what no count
    foresees: the formulas of hundreds of time steps, each as long as their number.

    Attributes
    ----------
    pairs : int
        How many pairs of edits; a layer of a network has a few thousand.
    formulas : int
        How many formulas of time steps, of mistakes that are made at every step.
    numbers : int
        How many numbers may be computed for both: they are not for large tensors.
    seconds : float
        How long all searches may take together, from when the allowance is made.
    is_cut_short : bool
        Whether the last search for what explains a tensor ended before it had tried every single edit.
    clock : callable
        What tells the time, in seconds; by default what this thread has worked, whatever else is busy.
    """

    pairs: int = 40_000
    formulas: int = 800_000
    numbers: int = 2**25
    seconds: float = 3.0
    is_cut_short: bool = False
    clock: Callable[[], float] = time.thread_time
    _end: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    @property
    def is_over(self) -> bool:
        """Whether there is no time left."""
        return self.clock() >= self._end

    def half(self) -> Callable[[], bool]:
        """Return what tells whether half of all that is left now has been used up."""
        return self.all_but(0.5)

    def all_but(self, share: float) -> Callable[[], bool]:
        """Return what tells whether no more than a share of all that is left now is left then."""
        pairs, formulas, numbers = self.pairs * share, self.formulas * share, self.numbers * share
        now = self.clock()
        until = now + (self._end - now) * (1 - share)

        def is_used_up() -> bool:
            return (
                self.pairs < pairs
                or self.formulas < formulas
                or self.numbers < numbers
                or self.clock() >= until
            )

        return is_used_up
