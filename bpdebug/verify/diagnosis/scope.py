"""What a formula can be made of where it stands: the tensors, their shapes, what they are to each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Expression
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.index import ProgramIndex
from bpdebug.errors import ShapeError


@dataclass(frozen=True)
class FormulaScope:
    """What a formula can be made of.

    Attributes
    ----------
    shapes : mapping
        The shape of everything that a formula can name.
    tensors : collection of str
        The tensors that exist where the formula stands, and may stand in another's place. One of zeros
        may not: what it would put out of a formula was left out.
    near : collection of str
        Those of the same layer and its neighbours: the likely ones.
    activations : mapping
        For each pre-activation `z`, the name of its activation `a`.
    index : ProgramIndex
        What belongs to what: gradients, time steps.
    one_example : sequence of mapping
        The tensors cut down to one example of the batch (`a1[:, -1:]`), in each way to do it.
    updated : mapping
        For each tensor that is carried to the next iteration, what takes its place there: too early here.
    counters : collection of str
        The numbers that count updates, and may be off by one.
    formulas : mapping
        How the tensors of the forward pass were computed.
    parameters : collection of str
        The tensors that are learned.
    """

    shapes: Mapping[str, Shape]
    tensors: Collection[str]
    near: Collection[str]
    activations: Mapping[Expression, str]
    index: ProgramIndex
    one_example: Sequence[Mapping[Expression, Expression]] = ()
    updated: Mapping[str, str] = field(default_factory=dict)
    counters: Collection[str] = ()
    formulas: Mapping[str, Expression] = field(default_factory=dict)
    parameters: Collection[str] = ()

    def shape(self, expression: Expression) -> Shape | None:
        """Return the shape of an expression; None if its operands do not fit together."""
        try:
            return shape_of(expression, self.shapes)
        except (ShapeError, KeyError):
            return None


Substitution = tuple[Expression, str, float]
"""What to put in place of a node, the kind of change, and its cost."""
