"""The reference: the derived gradients of all tensors of the forward part, here and for other inputs.

The forward part is a program; its backward pass is derived as for every program of bpdebug. Nothing in it
comes from the backward pass that the person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import run
from bpdebug.sources.script.conversion.forward import Forward
from bpdebug.sources.script.recorder.records import Node, ValueOf


def recorded(node: Node) -> Any:
    """Return the value that was recorded."""
    return node.value


@dataclass(frozen=True)
class Reference:
    """The forward part with its derived backward pass.

    Attributes
    ----------
    forward : Forward
        The statements, and which node each computes.
    program : Program
        They, and what is derived from them; `program.seed` is the loss.
    """

    forward: Forward
    program: Program

    @cached_property
    def loss(self) -> str:
        """The name of the loss."""
        return self.program.seed

    def inputs(self, value_of: ValueOf = recorded) -> dict[str, Any]:
        """Return a value for every input of the program.

        Parameters
        ----------
        value_of : callable
            Gives the values of nodes; by default those that were recorded.
        """
        given = {
            name: as_input(value_of(one) if type(one) is Node else one)
            for name, one in self.forward.inputs.items()
        }
        ones = {name: np.ones(self.program.inputs[name]) for name in self.program.incoming}
        return {**given, **ones}

    def values(self, value_of: ValueOf = recorded) -> Mapping[str, Any]:
        """Run the program: all its tensors by name, gradients included."""
        return run(self.program, self.inputs(value_of)).values

    def gradients(self, value_of: ValueOf = recorded) -> dict[int, Any]:
        """Return the gradients of the loss.

        Parameters
        ----------
        value_of : callable
            Node -> value, asked for the inputs only: the old values of the parameters, data, targets.

        Returns
        -------
        dict of (int, array)
            The number of a node (a representative of the graph) -> the gradient of the loss with respect
            to it. Tensors that the loss does not depend on, or only through what is opaque, are missing.
        """
        values = self.values(value_of)
        gradient_of = self.program.index.gradient_of
        return {
            number: values[gradient_of[name]]
            for number, name in self.forward.names.items()
            if name in gradient_of
        }


def as_input(value: Any) -> Any:
    """Return a value as the engine takes it: an array of floats; integers and truths become floats."""
    array = np.asarray(value)
    return array if array.dtype.kind == "f" else array.astype(float)


def reference_of(forward: Forward, loss: str, wanted: Sequence[str]) -> Reference:
    """Derive the backward pass of a forward part.

    Parameters
    ----------
    forward : Forward
        The statements.
    loss : str
        The name of the loss.
    wanted : sequence of str
        The inputs whose gradients are asked for: the parameters.

    Raises
    ------
    ProgramError, ShapeError, DerivationError
        If the statements do not fit together, or a function has no derivative.
    """
    shapes = {name: np.shape(one.like if type(one) is Node else one) for name, one in forward.inputs.items()}
    program = with_backward(shapes, forward.statements, loss, parameters=wanted, wanted=wanted)
    return Reference(forward, program)
