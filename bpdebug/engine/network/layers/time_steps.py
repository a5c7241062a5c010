"""Time steps: a layer that is unrolled over time writes its statements once for each step.

Which step a tensor belongs to is said beside its role: `AtStep("h", 3)`. It is written `h_t3`, and its name
in the network, `h1_t3`, has the layer's number before that, so that nothing can be taken for another layer
or another step.
"""

from __future__ import annotations

from typing import NamedTuple

from bpdebug.engine.language.nodes import TimeStep


class AtStep(NamedTuple):
    """The role of a tensor at one time step; 0 is what is there before the first."""

    role: str
    number: int

    def __str__(self) -> str:
        return f"{self.role}_t{self.number}"

    def of_layer(self, number: int) -> TimeStep:
        """Return the time step of a layer's tensor."""
        return TimeStep(self.number, f"{self.role}{number}", self.role)


Role = str | AtStep
"""What a tensor is to its layer: `w`, or the state of a time step."""


def name_in_layer(role: Role, number: int) -> str:
    """Return the name of a layer's tensor: `w2`, and `h2_t3` of what has the role `h_t3`."""
    return str(AtStep(f"{role.role}{number}", role.number)) if isinstance(role, AtStep) else f"{role}{number}"
