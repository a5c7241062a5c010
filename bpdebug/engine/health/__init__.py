"""The health of a run: what is wrong with its numbers, where, and what to do about it.

To add a condition, write what shows it as a function (trace -> symptoms) in the module of its family, and
name it in the table here.
"""

from __future__ import annotations

from bpdebug.engine.health import gradients, not_finite, units
from bpdebug.engine.health.finding import HealthCondition, HealthFinding
from bpdebug.engine.health.layers import LayerHealth, layer_health
from bpdebug.engine.program.trace import Trace

HEALTH_CONDITIONS: dict[str, HealthCondition] = {
    condition.name: condition
    for condition in (
        HealthCondition(
            "not_finite",
            "A tensor has a NaN or an infinity.",
            "Mend it where it arose: keep what log and / receive away from 0, and what exp, ** and long "
            "products receive small, with smaller inputs, weights or learning rate.",
            not_finite.symptoms,
        ),
        HealthCondition(
            "saturation",
            f"{units.SATURATED_SHARE:.0%} of the units of a sigmoid or tanh or more have a derivative below "
            f"{units.FLAT}.",
            "Scale the inputs to mean 0 and deviation 1, start with smaller weights (Glorot's), or use relu "
            "in hidden layers; at an output that is sure and right it does no harm.",
            units.saturated_symptoms,
        ),
        HealthCondition(
            "dead_units",
            f"{units.DEAD_SHARE:.0%} of the units of a relu or more are off for all examples of the batch; "
            "with a single example, all of them.",
            "Look for large negative biases, lower the learning rate that drove them there, or use "
            "leaky_relu, which lets a little through where z is negative.",
            units.dead_symptoms,
        ),
        HealthCondition(
            "vanishing",
            f"The norm of the first dw is less than {gradients.VANISHING_RATIO} of that of the last one.",
            "Replace sigmoid and tanh in hidden layers by relu, start with larger weights (He's or "
            "Glorot's), or add skip connections, so that the first layers learn too.",
            gradients.vanishing_symptoms,
        ),
        HealthCondition(
            "exploding",
            f"The norm of the first dw is more than {gradients.EXPLODING_RATIO} times that of the last one.",
            "Start with smaller weights (He's or Glorot's), clip the gradient's norm before the update, or "
            "normalise between the layers.",
            gradients.exploding_symptoms,
        ),
        HealthCondition(
            "zero_gradient",
            "A gradient that comes in, is passed on, or belongs to a parameter is exactly 0 everywhere.",
            "Follow it upstream to the first zero: dead relu units, a derivative that underflowed, weights "
            "that are all 0, or a loss that does not depend on this tensor.",
            gradients.zero_symptoms,
        ),
    )
}
"""Every way in which a run can be sick, by the name that commands use."""


def examine(trace: Trace) -> tuple[HealthFinding, ...]:
    """Examine a run for every health condition.

    Returns
    -------
    tuple of HealthFinding
        What was found, in order of position; at one position, in the order of the table.
    """
    findings = [finding for condition in HEALTH_CONDITIONS.values() for finding in condition.examine(trace)]
    return tuple(sorted(findings, key=lambda finding: finding.position))


__all__ = ["HEALTH_CONDITIONS", "HealthCondition", "HealthFinding", "LayerHealth", "examine", "layer_health"]
