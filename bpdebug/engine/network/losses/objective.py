"""What a network is trained for: a loss of its output, with the mean or sum over it and a penalty.

It is written as forward statements like any layer, after the last one:

    error = a2 - y                       what the kind of loss writes
    squares = error ** 2
    data_loss = mean(squares)            the mean over all terms, or their sum
    penalty = 0.01 * (half_square(w1) + half_square(w2))
    loss = data_loss + penalty
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bpdebug.engine.language.long_sums import sum_of
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.layers import Layout
from bpdebug.engine.network.layers.kind import role_of_gradient
from bpdebug.engine.network.losses.batch_mean import EXAMPLES
from bpdebug.engine.network.losses.kinds import Choices, LossKind
from bpdebug.engine.program.block import Block

LOSS = "loss"
TARGET, LABELS = "y", "labels"
EXPLANATIONS: Mapping[str, str] = {
    "y": "The class of each example or pixel, as a 1 among zeros: what the probabilities should have been.",
    "losses": "The loss of each example by itself.",
    EXAMPLES: "The number of examples.",
    "data_loss": "How far the outputs are from their targets, in one number.",
    "penalty": "Large weights cost: half of the sum of their squares, times l2.",
    "loss": "One number to make small; its slope along every tensor is what the backward pass computes.",
}


@dataclass(frozen=True, kw_only=True)
class LossLayer(Block):
    """The loss as the listing has it: one layer more, after the last.

    Attributes
    ----------
    objective : Objective
        What is computed.
    """

    objective: Objective


@dataclass(frozen=True)
class Objective:
    """A loss with all that a scenario says of it.

    Attributes
    ----------
    kind : LossKind
        What is computed of each element or example.
    layout : Layout
        How the output is laid out.
    axes : int
        How many axes the output has.
    class_axis : int
        The axis along which it has a score for each class, where its target is made of classes.
    choices : mapping
        The kind's settings and numbers.
    reduction : str
        A key of `REDUCTIONS`.
    at_parameters : bool
        Whether the mean over the batch is taken at the parameters' gradients: see `batch_mean`.
    has_classes : bool
        Whether the target is given as the index of the class, of each example or of each of its pixels.
    l2 : float
        The penalty is l2/2 times the sum of the squares, so that l2 times the weights is added to their
        gradients; it is not divided by the size of the batch.
    penalised : tuple of str
        The parameters that the penalty is on.
    penalises_biases : bool
        Whether biases are among them.
    """

    kind: LossKind
    layout: Layout
    axes: int
    class_axis: int
    choices: Choices = field(default_factory=dict)
    reduction: str = "mean"
    at_parameters: bool = False
    has_classes: bool = False
    l2: float = 0.0
    penalised: tuple[str, ...] = ()
    penalises_biases: bool = False

    @property
    def explanations(self) -> Mapping[str, str]:
        """For each role of a statement, one sentence that says why it is computed this way."""
        return {**EXPLANATIONS, **self.kind.explanations}

    @property
    def target(self) -> str:
        """What the target is called as an input."""
        return LABELS if self.has_classes else TARGET

    @property
    def has_one_term_an_example(self) -> bool:
        """Whether there are as many terms as examples, and not one for each element or pixel."""
        return self.kind.for_each == "example" and self.axes == 2

    @property
    def target_axis(self) -> int:
        """The axis of the target that counts the examples."""
        return 0 if self.has_classes else self.layout.batch_axis

    def formulas(self, output: str) -> dict[str, Expression]:
        """Return the formulas by the names of their results, in order; the last is the loss."""
        axis = self.class_axis
        found = {TARGET: f"one_hot({LABELS}, {output}, axis={axis})"} if self.has_classes else {}
        found |= self.kind.terms(output, axis, self.choices)
        terms = list(found)[-1]
        of_examples = self.at_parameters or self.reduction == "batchmean"
        if of_examples and not self.has_one_term_an_example:
            others = tuple(axis for axis in range(self.axes) if axis != self.layout.batch_axis)
            along = others if len(others) > 1 else others[0]
            of_outputs = "sum" if self.reduction == "batchmean" else "mean"
            found["losses"] = f"{of_outputs}({terms}, axis={along}, keepdims=True)"
            terms = "losses"
        total = f"sum({terms})" if self.reduction == "sum" else f"mean({terms})"
        if self.at_parameters:
            found[EXAMPLES] = f"count({terms})"
            total = f"sum({terms}) / {EXAMPLES}"
        if not self.l2:
            return _parsed(found | {LOSS: total})
        squares = sum_of([Call("half_square", (Name(name),)) for name in self.penalised])
        return _parsed(found | {"data_loss": total}) | {
            "penalty": Call("multiply", (Number(self.l2), squares)),
            LOSS: parse("data_loss + penalty"),
        }

    def statements(self, output: str, number: int) -> tuple[Statement, ...]:
        """Return the statements, as those of layer `number`."""
        formulas = self.formulas(output)
        return tuple(Statement(name, formula, layer=number, role=name) for name, formula in formulas.items())

    def tensors(self, output: str) -> dict[str, str]:
        """Return the tensors to show, role -> name."""
        given = {"prediction": output, "target": TARGET}
        return given | {name: name for name in self.formulas(output) if name not in (TARGET, EXAMPLES)}

    def layer(self, output: str, number: int) -> LossLayer:
        """Return what the listing shows of it, as layer `number`."""
        tensors = self.tensors(output)
        return LossLayer(
            number=number,
            title=self.kind.name,
            tensors=tensors,
            gradient_roles={role: role_of_gradient(role) for role in tensors},
            explanations=self.explanations,
            is_loss=True,
            objective=self,
        )


def _parsed(formulas: Mapping[str, str]) -> dict[str, Expression]:
    return {name: parse(text) for name, text in formulas.items()}
