"""What a health condition is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import Trace


@dataclass(frozen=True, slots=True)
class Symptom:
    """What is wrong with one tensor.

    Attributes
    ----------
    tensor : str
        Its name.
    text : str
        What is wrong, with the numbers.
    origin : str
        For numbers that are not finite, the tensor in which they arose; else empty.
    """

    tensor: str
    text: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """A symptom, where it is, and what to do about it.

    Attributes
    ----------
    condition : str
        The name of the health condition that found it.
    tensor : str
        The tensor that shows it.
    position : int
        The number of the statement that wrote the tensor; 0 for an input.
    layer : int
        The number of the layer that the tensor belongs to; 0 for none.
    text : str
        What is wrong, with the numbers.
    advice : str
        What to do about it, in one sentence.
    origin : str
        For numbers that are not finite, the tensor in which they arose; else empty.
    """

    condition: str
    tensor: str
    position: int
    layer: int
    text: str
    advice: str
    origin: str = ""

    @property
    def is_producer(self) -> bool:
        """Whether numbers that are not finite arose in this very tensor, and were not passed on to it."""
        return self.origin == self.tensor


@dataclass(frozen=True, slots=True)
class HealthCondition:
    """One way in which a run can be sick.

    Attributes
    ----------
    name : str
        What commands call it.
    fires : str
        When it fires, in one sentence, with its thresholds.
    advice : str
        What to do when it has fired, in one sentence.
    symptoms : callable
        (trace) -> the tensors that show it.
    """

    name: str
    fires: str
    advice: str
    symptoms: Callable[[Trace], Iterable[Symptom]]

    def examine(self, trace: Trace) -> tuple[HealthFinding, ...]:
        """Return where the condition fires in a run, in order of position."""
        symptoms = tuple(self.symptoms(trace))
        layers = layer_numbers(trace.program) if symptoms else {}
        findings = [
            HealthFinding(
                self.name,
                symptom.tensor,
                trace.program.positions.get(symptom.tensor, 0),
                layers.get(symptom.tensor, 0),
                symptom.text,
                self.advice,
                symptom.origin,
            )
            for symptom in symptoms
        ]
        return tuple(sorted(findings, key=lambda finding: finding.position))


def layer_numbers(program: Program) -> dict[str, int]:
    """Return the number of the layer that each tensor belongs to.

    It is the layer that computes a tensor, or has it as a parameter; what comes in, from either end,
    belongs to the layer that receives it.
    """
    received = {name: layer.number for layer in program.blocks for name in layer.tensors.values()}
    computed = {statement.name: statement.layer for statement in program.statements}
    incoming = {gradient: computed[tensor] for gradient, tensor in program.incoming.items()}
    return received | computed | incoming
