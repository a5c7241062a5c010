"""Microbatches: the network's passes for one part of the batch after the other, their gradients added up.

It is how a batch is trained that does not fit into memory at once. Nothing here adds gradients up: the
parameters are shared by the parts, so that the derivation writes what flows back from each part as a step
of its own, and then their sum, as for any tensor that is used more than once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

from bpdebug.engine.language.nodes import Call, Expression, Name, Statement, Subscript, TimeStep, names
from bpdebug.engine.language.nodes import replace as replace_in
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.errors import BpdebugError


def in_microbatches(program: Program, count: int) -> Program:
    """Return a program that runs its network for each part of the batch.

    Parameters
    ----------
    program : Program
        A network with a loss or an incoming gradient, before any update.
    count : int
        How many parts there are; each has the same number of examples.

    Raises
    ------
    BpdebugError
        If there are no layers, the batch cannot be divided, or the mean is taken at the parameters.
    """
    if not program.blocks:
        raise BpdebugError("found a program without layers, expected [[layers]]")
    if program.batch % count:
        raise BpdebugError(f"found a batch of {program.batch}, expected a multiple of {count}")
    if program.summed:
        raise BpdebugError('found batch_mean = "at_parameters", expected "at_loss"')
    forward = [statement for statement in program.statements if statement.phase == "forward"]
    network = [statement for statement in forward if not _is_of_loss(program, statement)]
    rest = [statement for statement in forward if _is_of_loss(program, statement)]
    layers = [layer for layer in program.blocks if isinstance(layer, Layer)]
    written = {statement.name for statement in network}
    used = {program.seed, *(name for statement in rest for name in names(statement.expression))} & written

    statements, copies = [], []
    for number in range(1, count + 1):
        part = _Part(program, number, count, len(layers), written)
        statements += [*part.inputs(network), *map(part.statement, network)]
        copies += [part.layer(layer) for layer in layers]
    joined = [
        _joined(program, name, count, len(copies))
        for name in sorted(used, key=lambda name: program.positions[name])
    ]
    last = len(copies) + 1
    return with_backward(
        {name: shape for name, shape in program.inputs.items() if name not in program.incoming},
        [*statements, *joined, *(replace(statement, layer=last) for statement in rest)],
        program.seed,
        [*copies, *(replace(layer, number=last) for layer in program.blocks if layer.is_loss)],
        program.parameters,
        {name: axis for name, axis in program.batch_axes.items() if name not in program.incoming},
        {name for name in program.inputs if name in program.index.gradient_of},
    )


class _Part:
    """One part of the batch: what its tensors and its layers are called."""

    def __init__(self, program: Program, number: int, count: int, layers: int, written: set[str]) -> None:
        self.program = program
        self.number = number
        self.shift = (number - 1) * layers
        self.size = program.batch // count
        self.is_last = number == count
        own = {*written, *(name for name in program.inputs if name in program.batched)}
        self.renamed: Mapping[str, str] = {name: f"{name}_{number}" for name in own}
        self.names: Mapping[Expression, Expression] = {
            Name(old): Name(new) for old, new in self.renamed.items()
        }

    def inputs(self, network: list[Statement]) -> list[Statement]:
        """Take this part of every given tensor with a batch, in the layer that first reads it."""
        first: dict[str, int] = {}
        for statement in network:
            for name in names(statement.expression):
                if name in self.program.inputs and name in self.renamed:
                    first.setdefault(name, statement.layer)
        return [
            Statement(
                self.renamed[name],
                Call("subscript", (Name(name),), (("index", self.index(name)),)),
                layer=layer + self.shift,
                role="a_prev",
                why="One part of the batch: the parameters are the same for all parts.",
            )
            for name, layer in first.items()
        ]

    def index(self, name: str) -> Subscript:
        """Return the examples of this part; the last part takes what is left."""
        before: Subscript = ((None, None),) * self.program.batched[name]
        start = (self.number - 1) * self.size
        return (*before, (start, None if self.is_last else start + self.size))

    def statement(self, statement: Statement) -> Statement:
        """Write a statement of the network for this part."""
        expression = replace_in(statement.expression, self.names)
        name, layer = self.renamed[statement.name], statement.layer + self.shift
        return replace(
            statement, name=name, expression=expression, layer=layer, step=self.step(statement.step)
        )

    def step(self, step: TimeStep | None) -> TimeStep | None:
        """Return a time step as it is of this part."""
        return step and step._replace(name=f"{step.name}_{self.number}")

    def layer(self, layer: Layer) -> Layer:
        """Return a layer as it is for this part."""
        return replace(
            layer,
            number=layer.number + self.shift,
            title=f"{layer.title}, part {self.number}",
            tensors={role: self.renamed.get(name, name) for role, name in layer.tensors.items()},
            given={role: self.renamed.get(name, name) for role, name in layer.given.items()},
            steps={
                self.renamed.get(name, name): step._replace(name=f"{step.name}_{self.number}")
                for name, step in layer.steps.items()
            },
        )


def _is_of_loss(program: Program, statement: Statement) -> bool:
    layer = program.block_of(statement)
    return layer is not None and layer.is_loss


def _joined(program: Program, name: str, count: int, layer: int) -> Statement:
    """Put the results of all parts together, one after the other."""
    if name not in program.batched:
        raise BpdebugError(f"found that the loss reads {name}, which is not of single examples")
    parts: list[Expression] = [Name(f"{name}_{number}") for number in range(1, count + 1)]
    options = (("axis", program.batched[name]),)
    expression = reduce(lambda x, y: Call("concatenate", (x, y), options), parts)
    return Statement(
        name, expression, layer=layer, role=name, why="The results of all parts, one after the other."
    )
