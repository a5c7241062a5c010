"""A program: the statements of a forward and a backward pass, checked before anything runs.

Each name is assigned once, each statement reads only what is there by then, and every shape is
known. A program holds no values; running it on some gives a `Trace`. It is the same as itself only, so
that what is found out about it can be kept by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from bpdebug.engine.language.derivation.derive import derive
from bpdebug.engine.language.evaluation import compiled
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Name, Statement
from bpdebug.engine.program import passages as by_passages
from bpdebug.engine.program import source_lines as by_lines
from bpdebug.engine.program.block import Block
from bpdebug.engine.program.index import ProgramIndex, index_of
from bpdebug.engine.program.mathematics import Mathematics
from bpdebug.engine.program.shapes import grown_axes, infer_shapes, with_one_more
from bpdebug.engine.program.variables import Variables
from bpdebug.errors import ProgramError


@dataclass(frozen=True, eq=False)
class Program:
    """Statements, the shapes of all that they read and write, and the layers they belong to.

    Attributes
    ----------
    inputs : mapping
        The shape of each tensor that is given: parameters, data, and the incoming gradient.
    statements : tuple of Statement
        The forward pass, then the backward pass.
    blocks : tuple of Block
        Its parts in order, the layers and the loss; empty for statements that are in none.
    incoming : mapping
        Gradient that comes in -> the tensor that it is the gradient of; empty if the program only runs
        forwards.
    parameters : frozenset of str
        The inputs that training changes.
    batch_axes : mapping
        For inputs that hold a batch of examples, the axis that counts them.
    carried : mapping
        Input -> the result that takes its place in the next iteration, where the program is one iteration
        of a training.
    summed : frozenset of str
        The gradients that are m times as large, because the mean over m examples is taken later, at
        the parameters.
    versions : mapping
        For a variable of the person's own code that was assigned again, the name of each further version ->
        the variable: `delta ·2` -> `delta`.
    shapes : mapping
        The shape of every tensor, inputs and results.

    Raises
    ------
    ProgramError
        If a name is assigned twice, or is read before it exists.
    ShapeError
        If the operands of a statement do not fit together; the message names the statement.
    """

    inputs: Mapping[str, Shape]
    statements: tuple[Statement, ...]
    blocks: tuple[Block, ...] = ()
    incoming: Mapping[str, str] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    batch_axes: Mapping[str, int] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    summed: frozenset[str] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", infer_shapes(self.inputs, self.statements))

    @cached_property
    def index(self) -> ProgramIndex:
        """What belongs to what."""
        return index_of(self.shapes, self.statements, self.incoming, self.blocks)

    @cached_property
    def mathematics(self) -> Mathematics:
        """What writes it as mathematics."""
        return Mathematics(self.index, self.versions)

    @property
    def positions(self) -> Mapping[str, int]:
        """For each result, the number of its statement, from 1."""
        return self.index.positions

    @cached_property
    def partial_sums(self) -> Mapping[str, str]:
        """The versions of gradients that are still to be added to -> the tensors that these belong to."""
        found: dict[str, str] = {}
        for gradient, tensor in self.index.tensor_of.items():
            name, position = gradient, self.positions.get(gradient)
            while position is not None and name in self.versions:
                sum_of = self.statements[position - 1].expression
                terms = sum_of.arguments if isinstance(sum_of, Call) and sum_of.function == "add" else ()
                before = (term.id for term in terms if isinstance(term, Name))
                same = (one for one in before if self.versions.get(one, one) == self.versions[name])
                name = next(same, "")
                position = self.positions.get(name)
                found |= {name: tensor} if name else {}
        return found

    @property
    def seed(self) -> str:
        """The tensor whose gradient comes in; empty if the program only runs forwards."""
        return next(iter(self.incoming.values()), "")

    @cached_property
    def source_lines(self) -> by_lines.SourceLines:
        """The lines of the person's own code that it was recorded from; none of a scenario."""
        return by_lines.SourceLines(self.statements)

    @cached_property
    def passages(self) -> tuple[int, ...]:
        """For each statement of the person's own code the number of the passage that it is in."""
        return by_passages.passages_of(self.statements, self.parameters)

    @property
    def is_recorded(self) -> bool:
        """Whether it was recorded from a person's own code."""
        return bool(self.source_lines.at)

    @cached_property
    def variables(self) -> Variables:
        """The variables of the person's own code, and their versions."""
        return Variables(self.inputs, self.positions, self.versions)

    @cached_property
    def runnable(self) -> tuple[tuple[str, Callable[..., Array], tuple[str, ...]], ...]:
        """For each statement its name, itself as a function, and the operands that this takes."""
        return tuple((statement.name, *compiled(statement.expression)) for statement in self.statements)

    @cached_property
    def gradients(self) -> frozenset[str]:
        """The names of all gradients of the loss: those that come in, and those of the backward pass."""
        derived = {statement.name for statement in self.statements if statement.phase == "backward"}
        return frozenset(derived | self.incoming.keys())

    @cached_property
    def unused(self) -> Mapping[str, str]:
        """What the gradients of parameters are called that nothing uses, and whose they are: they are 0."""
        without = sorted(self.parameters - self.index.gradient_of.keys()) if self.gradients else ()
        return {self.index.gradient(parameter): parameter for parameter in without}

    @cached_property
    def parts(self) -> frozenset[str]:
        """The names of what is only a part of a gradient."""
        return frozenset(statement.name for statement in self.statements if statement.part)

    @cached_property
    def masks(self) -> frozenset[str]:
        """The names of the results in which −∞ is meant: a softmax makes an exact 0 of it."""
        return frozenset(
            statement.name
            for statement in self.statements
            if isinstance(call := statement.expression, Call) and FUNCTIONS[call.function].is_mask
        )

    @cached_property
    def updates(self) -> Mapping[str, tuple[Statement, ...]]:
        """For each parameter, the steps of its update."""
        steps: dict[str, list[Statement]] = {}
        for statement in self.statements:
            if statement.phase == "update":
                steps.setdefault(statement.of, []).append(statement)
        return {parameter: tuple(own) for parameter, own in steps.items()}

    @cached_property
    def batched(self) -> Mapping[str, int]:
        """Every tensor that holds a batch, and the axis of the examples: the one that grows with them."""
        grown = infer_shapes(with_one_more(self.inputs, self.batch_axes), self.statements)
        return grown_axes(self.shapes, grown)

    @cached_property
    def batch(self) -> int:
        """The number of examples; 1 where no axis counts them."""
        return next((self.shapes[name][axis] for name, axis in self.batch_axes.items()), 1)

    def block_of(self, statement: Statement) -> Block | None:
        """Return the block that a statement belongs to, if there are blocks."""
        return self.blocks[statement.layer - 1] if 0 < statement.layer <= len(self.blocks) else None

    def rule_of(self, statement: Statement) -> str:
        """Write the rule behind a statement: the chain rule of a gradient, else its mathematics."""
        return self.mathematics.rule(statement)

    def explanation_of(self, statement: Statement) -> str:
        """Say in one sentence why a statement is computed the way it is."""
        if statement.why:
            return statement.why
        block = self.block_of(statement)
        role = statement.step.role if statement.step else statement.role
        if block is not None and role in block.explanations:
            return block.explanations[role]
        if isinstance(statement.expression, Call):
            return FUNCTIONS[statement.expression.function].explanation
        return "Handed on unchanged."


def with_backward(
    inputs: Mapping[str, Shape],
    forward: Sequence[Statement],
    seed: str,
    blocks: Sequence[Block] = (),
    parameters: Iterable[str] = (),
    batch_axes: Mapping[str, int] | None = None,
    wanted: Iterable[str] | None = None,
) -> Program:
    """Make a program of a forward pass and the backward pass derived from it.

    Parameters
    ----------
    inputs : mapping
        The shapes of the given tensors, without the incoming gradient.
    forward : sequence of Statement
        The forward pass.
    seed : str
        The tensor whose gradient comes in.
    blocks : sequence of Block
        The parts that the statements belong to.
    parameters : iterable of str
        The inputs that training changes.
    batch_axes : mapping, optional
        For inputs with a batch, its axis. Formulas are derived for any batch: `db` is a sum over the
        batch even where this scenario's batch is a single example.
    wanted : iterable of str, optional
        The inputs whose gradients are asked for; by default all.

    Raises
    ------
    ProgramError, ShapeError, DerivationError
        If the statements do not fit together, or a function has no derivative.
    """
    if seed not in {statement.name for statement in forward}:
        raise ProgramError(f"no gradient can come in at {seed}: no statement of the forward pass writes it")
    batch_axes, parameters = dict(batch_axes or {}), frozenset(parameters)
    shapes = infer_shapes(inputs, forward)
    general = infer_shapes(with_one_more(inputs, batch_axes), forward) if batch_axes else shapes
    steps = {name: step for block in blocks for name, step in block.steps.items()}
    derived = derive(forward, general, seed, parameters, None if wanted is None else frozenset(wanted), steps)
    numbered = {block.number: block for block in blocks}
    backward = tuple(_with_role(statement, numbered.get(statement.layer)) for statement in derived.backward)
    if seed in (grown := grown_axes(shapes, general)):
        batch_axes[derived.incoming] = grown[seed]
    return Program(
        {**inputs, derived.incoming: shapes[seed]},
        (*derived.forward, *backward),
        tuple(blocks),
        {derived.incoming: seed},
        parameters,
        batch_axes,
    )


def _with_role(statement: Statement, block: Block | None) -> Statement:
    """Say what a gradient is to its block."""
    role = block.role_of_gradient(statement.of) if block and not statement.part else ""
    if block is None or not role:
        return statement
    own, step = block.steps.get(statement.of), statement.step
    if own and step:
        step = step._replace(role=block.gradient_roles[own.role])
    return replace(statement, role=role, step=step)
