"""Units that learn nothing: saturated sigmoid and tanh units, and dead relu units.

A unit learns through the derivative of its activation. Where that is next to nothing for an example,
the unit is saturated there; a relu unit that is off for all examples is dead to the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.health.blocks import blocks
from bpdebug.engine.health.finding import Symptom
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.activations import sigmoid_prime, tanh_prime
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Statement, calls
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import Trace

FLAT = 1e-3
"""A derivative below this counts as none: for a sigmoid it is 1/250 of the steepest slope, reached at
|z| > 6.9, and for tanh 1/1000, at |z| > 4.1. Two such layers in a row take six digits off a gradient."""
SATURATED_SHARE = 0.5
"""Half of an activation's units: a few that are sure of themselves are what training is after, but where
most are flat, the weights before them have grown too large or their inputs were never scaled."""
DEAD_SHARE = 0.7
"""The share at which AUTOTRAINER (Zhang et al., ICSE 2021) speaks of a dying relu. In a deep network the
examples of a batch grow alike, so that by chance alone up to half of the units can be off for all of them;
random networks of 16 units and more with He's initialisation stay below 0.7."""
STEEPNESS: dict[str, Callable[[Array], Array]] = {"sigmoid": sigmoid_prime, "tanh": tanh_prime}
"""The activations that saturate, and their derivatives."""


@dataclass(frozen=True, slots=True)
class Census:
    """A count of the units of one activation.

    Attributes
    ----------
    statement : Statement
        The statement that applies the activation.
    call : Call
        Where in it.
    affected : int
        How many are out of action.
    total : int
        How many there are.
    examples : int
        How many examples the batch has.
    """

    statement: Statement
    call: Call
    affected: int
    total: int
    examples: int

    @property
    def share(self) -> float:
        """How large a part of the units is out of action."""
        return self.affected / self.total

    @property
    def subject(self) -> str:
        """What was counted: `a2`, or `tanh(u) in h` where the activation is only a part of a statement."""
        whole = self.call == self.statement.expression
        return self.statement.name if whole else f"{numpy_text(self.call)} in {self.statement.name}"


def saturated_symptoms(trace: Trace) -> Iterator[Symptom]:
    """Yield the results of which too large a share is saturated."""
    for census in count_saturated(trace):
        if census.share >= SATURATED_SHARE:
            # With a batch, each unit counts once for every example.
            units = "units" if census.examples == 1 else "elements"
            counted = f"{census.affected} of {census.total} {units} of {census.subject}"
            yield Symptom(census.statement.name, f"{counted} have a derivative below {FLAT}")


def dead_symptoms(trace: Trace) -> Iterator[Symptom]:
    """Yield the results of which too large a share of the units is dead."""
    for census in count_dead(trace):
        if census.share >= dead_share(census.examples):
            batch = "the only example" if census.examples == 1 else f"all {census.examples} examples"
            counted = f"{census.affected} of {census.total} units of {census.subject}"
            yield Symptom(census.statement.name, f"{counted} are off for {batch}")


def dead_share(examples: int) -> float:
    """Return the share of dead units from which on a batch of so many examples is no chance.

    A unit whose sums are as often negative as positive is off for `m` independent examples with
    probability 2⁻ᵐ; the share must be at least twice that. A single example switches off every second
    unit, so there all units must be off.
    """
    return max(DEAD_SHARE, 2.0 ** (1 - examples))


def count_saturated(trace: Trace) -> Iterator[Census]:
    """Count, for every sigmoid and tanh of the forward pass, where its derivative is next to nothing."""
    for statement, call, argument in _activations(trace, STEEPNESS):
        steepness = STEEPNESS[call.function]
        # A NaN compares as false: it is no saturated unit, it is a finding of its own.
        flat = sum(int(np.count_nonzero(steepness(block) < FLAT)) for block in blocks(argument))
        axis = batch_axis(trace.program, statement, argument)
        yield Census(statement, call, flat, argument.size, examples(argument, axis))


def count_dead(trace: Trace) -> Iterator[Census]:
    """Count, for every relu of the forward pass, the units that are off for all examples."""
    for statement, call, argument in _activations(trace, ("relu",)):
        axis = batch_axis(trace.program, statement, argument)
        off = np.all(argument <= 0, axis=() if axis is None else axis)
        yield Census(statement, call, int(np.count_nonzero(off)), off.size, examples(argument, axis))


def batch_axis(program: Program, statement: Statement, argument: Array) -> int | None:
    """Return the axis along which the examples lie in what a statement's activation is applied to.

    Where the program has no batch, or the statement changes the shape of what the activation gives,
    nothing tells examples from units: then each element counts as a unit that has seen a single example.

    Parameters
    ----------
    program : Program
        What ran.
    statement : Statement
        The statement of the activation.
    argument : array
        What the activation is applied to.
    """
    if argument.shape != program.shapes[statement.name]:
        return None
    return program.batched.get(statement.name)


def examples(value: Array, axis: int | None) -> int:
    """Return how many examples lie along the axis of the batch; without one, a single example."""
    return 1 if axis is None else value.shape[axis]


def _activations(trace: Trace, functions: Collection[str]) -> Iterator[tuple[Statement, Call, Array]]:
    """Yield the calls of some functions in the forward pass, each with its statement and its argument."""
    for statement in trace.program.statements:
        if statement.phase != "forward":
            continue
        for call in calls(statement.expression):
            if call.function in functions:
                argument = np.asarray(evaluate(call.arguments[0], trace.values))
                if argument.size:
                    yield statement, call, argument
