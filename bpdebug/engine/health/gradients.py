"""Gradients that get lost on the way back, or grow on it: vanishing, exploding, zero."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.health.blocks import blocks
from bpdebug.engine.health.finding import Symptom
from bpdebug.engine.health.sizes import norm
from bpdebug.engine.language.printing import shape_text
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import Trace

VANISHING_RATIO = 1e-3
"""‖first dw‖ / ‖last dw‖ below this: with one learning rate for all layers, the first would take a
thousand steps where the last takes one. The value of AUTOTRAINER (Zhang et al., ICSE 2021)."""
EXPLODING_RATIO = 70
"""‖first dw‖ / ‖last dw‖ above this: a learning rate that suits the last layer throws the first one off
its course. The value of AUTOTRAINER (Zhang et al., ICSE 2021)."""
WEIGHT = "w"
"""The role of a layer's weights."""


def vanishing_symptoms(trace: Trace) -> Iterator[Symptom]:
    """Yield the first gradient of weights where it is tiny beside the last."""
    comparison = compare_first_and_last(trace)
    if comparison and comparison.ratio < VANISHING_RATIO:
        yield comparison.symptom


def exploding_symptoms(trace: Trace) -> Iterator[Symptom]:
    """Yield the first gradient of weights where it is huge beside the last."""
    comparison = compare_first_and_last(trace)
    if comparison and comparison.ratio > EXPLODING_RATIO:
        yield comparison.symptom


def zero_symptoms(trace: Trace) -> Iterator[Symptom]:
    """Yield the gradients that are 0 everywhere: of inputs, of what layers pass on, and what comes in."""
    program = trace.program
    passed_on = [
        statement.name
        for statement in program.statements
        if statement.phase == "backward"
        and not statement.part  # which may be 0 where the whole is not
        and (statement.of in program.inputs or statement.role == "d_prev")
    ]
    for name in (*program.incoming, *passed_on):
        value = trace.values[name]
        # A NaN is not 0, and counts as such here too.
        if value.size and not any(np.any(block) for block in blocks(value)):
            number = f"each of the {value.size} elements" if value.size > 1 else "the only element"
            yield Symptom(name, f"{number} of {name} ({shape_text(value.shape)}) is exactly 0")


def weight_gradients(program: Program) -> tuple[str, ...]:
    """Return the gradients of the weights that the run computes, from the first layer to the last.

    Without layers they are those of all parameters, in the order in which the forward pass first reads
    them.
    """
    if program.blocks:
        weights = [layer.tensors[WEIGHT] for layer in program.blocks if WEIGHT in layer.tensors]
        gradients = (program.index.gradient_of.get(name, "") for name in weights)
        return tuple(name for name in gradients if name in program.positions)
    backward = [statement for statement in program.statements if statement.phase == "backward"]
    return tuple(statement.name for statement in reversed(backward) if statement.of in program.parameters)


@dataclass(frozen=True, slots=True)
class GradientRatio:
    """The norms of the first and the last gradient of weights."""

    first: str
    last: str
    first_norm: float
    last_norm: float

    @property
    def ratio(self) -> float:
        """How many times as large the first is."""
        return self.first_norm / self.last_norm

    @property
    def symptom(self) -> Symptom:
        """What is said of it where it is out of bounds."""
        norms = f"{self.first_norm:.2g} / {self.last_norm:.2g}"
        return Symptom(self.first, f"‖{self.first}‖ / ‖{self.last}‖ = {norms} = {self.ratio:.2g}")


def compare_first_and_last(trace: Trace) -> GradientRatio | None:
    """Compare the first and the last gradient of weights.

    None where there are not two, where one is not finite, or the last is 0: those have their own findings.
    """
    gradients = weight_gradients(trace.program)
    if len(gradients) < 2:
        return None
    first, last = gradients[0], gradients[-1]
    comparison = GradientRatio(first, last, norm(trace.values[first]), norm(trace.values[last]))
    comparable = math.isfinite(comparison.first_norm) and 0 < comparison.last_norm < math.inf
    return comparison if comparable else None
