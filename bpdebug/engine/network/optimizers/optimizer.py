"""What an optimizer is: from a parameter and its gradient to the next parameter, in steps.

A tensor that an optimizer remembers from one iteration to the next is an input of the program; the result
that takes its place has the same name with `_new`: `v_w1` and `v_w1_new`, as `w1` and `w1_new`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Settings = Mapping[str, float]

COUNTER = "t"
"""The number of updates so far."""
NEW = "_new"
"""What takes the place of a tensor in the next iteration has its name and this."""


@dataclass(frozen=True, slots=True)
class UpdateLine:
    """One step of an update: `name = text`, and why."""

    name: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """A number or a switch that a scenario may set: from 0, and below a bound if it has one."""

    name: str
    default: float | bool
    below: float = math.inf


@dataclass(frozen=True, slots=True)
class Optimizer:
    """A rule for updating parameters.

    Attributes
    ----------
    name : str
        What a scenario calls it.
    settings : tuple of Hyperparameter
        Its settings, the learning rate first.
    lines : callable
        (parameter, name of its gradient, settings) -> the steps to `{parameter}_new`.
    remembers : callable
        (settings) -> the tensors that it keeps for each parameter, by the letter before its name: `m`, `v`.
    counts : bool
        Whether it needs the number of updates.
    """

    name: str
    settings: tuple[Hyperparameter, ...]
    lines: Callable[[str, str, Settings], Iterator[UpdateLine]]
    remembers: Callable[[Settings], tuple[str, ...]] = lambda settings: ()
    counts: bool = False
