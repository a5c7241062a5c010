"""A block: a numbered, titled part of a program, such as a layer, with its tensors by their roles.

What a block is made of is the business of who builds it; a program only knows what it is called, which
tensors belong to it, and what is said of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bpdebug.engine.language.nodes import TimeStep


@dataclass(frozen=True)
class Block:
    """One part of a program, as the listing has it.

    Attributes
    ----------
    number : int
        Its place, from 1.
    title : str
        What the listing calls it: `dense relu`.
    tensors : mapping
        Role -> name, in the order in which they are shown: `{"a_prev": "a0", "w": "w1", ...}`.
    gradient_roles : mapping
        Role -> what the gradient of such a tensor is to this block: `{"a_prev": "d_prev", "w": "dw", ...}`,
        for the roles of single time steps and for those of all steps together.
    steps : mapping
        Tensor -> its time step, for those that belong to one, given or computed.
    explanations : mapping
        For each role of a statement, whatever its time step, why it is computed this way.
    is_loss : bool
        Whether it is the loss.
    parent : int
        The number of the block that it is a part of; 0 for none.
    """

    number: int
    title: str
    tensors: Mapping[str, str] = field(default_factory=dict)
    gradient_roles: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, TimeStep] = field(default_factory=dict)
    explanations: Mapping[str, str] = field(default_factory=dict)
    is_loss: bool = False
    parent: int = 0

    @property
    def heading(self) -> str:
        """What the listing has above its statements: `2 dense relu`, `loss mse`."""
        return f"loss {self.title}" if self.is_loss else f"{self.number} {self.title}"

    @property
    def place(self) -> str:
        """What a person calls it: `layer 2 dense relu`, `loss mse`."""
        return self.heading if self.is_loss else f"layer {self.heading}"

    def tensors_at(self, step: int | None) -> Mapping[str, str]:
        """Return role -> name of the tensors to show at a time step: its own, and those of all steps.

        What there is at every step has its role without the step.

        Parameters
        ----------
        step : int, optional
            The time step; None for the tensors that belong to no single one.
        """
        return self._shown.get(step, self._shown[None])

    @cached_property
    def _shown(self) -> Mapping[int | None, Mapping[str, str]]:
        """For each time step the tensors to show, in one pass over all of them."""
        shared: dict[str, str] = {}
        own: dict[int | None, dict[str, str]] = {None: {}}
        order: dict[str, None] = {}
        for role, name in self.tensors.items():
            step = self.steps.get(name)
            together = step.role if step else role
            order[together] = None
            (own.setdefault(step.number, {}) if step else shared)[together] = name
        return {
            number: {role: all_of_it[role] for role in order if role in all_of_it}
            for number, all_of_it in ((number, {**shared, **at_step}) for number, at_step in own.items())
        }

    @cached_property
    def roles(self) -> Mapping[str, str]:
        """Tensor -> its role; of one that has several, the first."""
        return {name: role for role, name in reversed([*self.tensors.items()])}

    def role_of_gradient(self, tensor: str) -> str:
        """Return what the gradient of a tensor is to this block: `d_prev`, `dw`; empty if nothing."""
        return self.gradient_roles.get(self.roles.get(tensor, ""), "")
