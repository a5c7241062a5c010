"""The backward pass, derived: one loop over the forward statements in reverse.

For `y = f(x)` with the gradient `dy` already there, the function table says what flows to `x`; the
loop sends it down the tree of the statement, and when every use of a name has been seen, the sum of
its contributions becomes the statement `dx = ...`. Three things are the loop's and never a rule's:

- broadcasting is undone: an operand that was repeated gets the sum over the repeats (that is why
  `db` is a sum over the batch);
- a name that is used more than once gets the sum of what flows back from each use, and where more
  than one of these parts is computed, each is a statement: `da0_via_z2`, `da0_via_z1`, then `da0`;
- what is needed twice is computed once: an inner gradient, or an inner result of the forward pass,
  becomes a statement of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from bpdebug.engine.language.derivation.flow import INCOMING, Flows
from bpdebug.engine.language.derivation.foreseen import needed_backwards
from bpdebug.engine.language.derivation.inner_results import (
    new_suffix,
    shared_inner_results,
    step_of_inner,
    with_own_statements,
)
from bpdebug.engine.language.derivation.names import VIA, gradient_name, gradient_names, new_name
from bpdebug.engine.language.derivation.pieces import Nodes
from bpdebug.engine.language.derivation.simplification import simplify
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.long_sums import sum_of
from bpdebug.engine.language.nodes import (
    Call,
    Expression,
    Name,
    Statement,
    TimeStep,
    names,
    with_arguments,
    with_names,
)
from bpdebug.engine.language.printing import statement_text
from bpdebug.errors import DerivationError


class Derivation(NamedTuple):
    """What the derivation gives.

    Attributes
    ----------
    forward : tuple of Statement
        The forward pass, in which an inner result that is needed again has a statement of its own.
    backward : tuple of Statement
        The backward pass.
    incoming : str
        What the gradient that comes in from outside is called.
    """

    forward: tuple[Statement, ...]
    backward: tuple[Statement, ...]
    incoming: str


def derive(
    forward: Sequence[Statement],
    shapes: Mapping[str, Shape],
    seed: str,
    parameters: Collection[str] = (),
    wanted: Collection[str] | None = None,
    steps: Mapping[str, TimeStep] = MappingProxyType({}),
) -> Derivation:
    """Derive the backward statements of a program.

    Parameters
    ----------
    forward : sequence of Statement
        The forward pass.
    shapes : mapping
        The shape of every input and every result of the forward pass. An axis along which an
        operand is repeated must be longer than 1 here for its gradient to be summed.
    seed : str
        The tensor whose gradient comes in from outside.
    parameters : collection of str
        The inputs that are trained: their gradients come before what is passed on.
    wanted : collection of str, optional
        The inputs whose gradients are asked for, by default all. What leads to others only, such as a
        target, is not derived, and needs no derivative.
    steps : mapping
        The time steps of inputs that belong to one.

    Returns
    -------
    Derivation
        Both passes, each in the order in which it can run.

    Raises
    ------
    DerivationError
        If a function on the way has no derivative.
    """
    shapes = dict(shapes)
    if wanted is None:
        wanted = shapes.keys() - {statement.name for statement in forward}
    stems: dict[str, str] = {}
    needed, results = _needed(forward, wanted), _results(forward)
    foreseen = needed_backwards(forward, seed, Flows(shapes, needed))
    shared = shared_inner_results(forward, foreseen, results)
    while True:
        # The first derivation is the last, unless it needs something that was not foreseen.
        if shared:
            forward = with_own_statements(forward, shared, shapes, stems)
            needed, results = _needed(forward, wanted), _results(forward)
        derivation = _Derivation(forward, dict(shapes), seed, parameters, needed, results, steps, stems)
        backward = derivation.run()
        shared = shared_inner_results(forward, (statement.expression for statement in backward))
        if not shared:
            return Derivation(tuple(forward), backward, derivation.gradients[seed])


def _needed(forward: Sequence[Statement], wanted: Collection[str]) -> set[str]:
    """Return the tensors whose gradients lead to those that are asked for."""
    needed = set(wanted)
    for statement in forward:
        if Nodes({}, needed).needs_gradient(statement.expression):
            needed.add(statement.name)
    return needed


def _results(forward: Sequence[Statement]) -> dict[Expression, Expression]:
    """Return what the forward pass has computed, by its names; a copy (`h = x`) stays what it is."""
    simple = ((simplify(statement.expression), statement.name) for statement in forward)
    return {
        expression: Name(name)
        for expression, name in simple
        if isinstance(expression, Call) and names(expression)
    }


class _Derivation:
    """One run of the loop: the contributions collected so far, and the statements written so far."""

    def __init__(
        self,
        forward: Sequence[Statement],
        shapes: dict[str, Shape],
        seed: str,
        parameters: Collection[str],
        needed: Collection[str],
        results: Mapping[Expression, Expression],
        steps: Mapping[str, TimeStep],
        stems: Mapping[str, str],
    ) -> None:
        self.forward = forward
        self.gradients = gradient_names(shapes)
        self.taken = {*shapes, *self.gradients.values()}
        self.steps = {**steps, **{one.name: one.step for one in forward if one.step}}
        self.stems = stems
        self.shapes = shapes
        self.flows = Flows(shapes, needed)
        self.seed = seed
        self.parameters = parameters
        self.results = results
        self.contributions: dict[str, list[tuple[str, Expression]]] = {}
        self.backward: list[Statement] = []
        first_uses: dict[str, int] = {}
        for position, statement in enumerate(forward):
            for name in names(statement.expression):
                first_uses.setdefault(name, position)
        self.completed_at: dict[int, list[str]] = {}
        for name, position in first_uses.items():
            self.completed_at.setdefault(position, []).append(name)

    def run(self) -> tuple[Statement, ...]:
        known = {self.seed}
        self.shapes[self.gradients[self.seed]] = self.shapes[self.seed]
        for position in reversed(range(len(self.forward))):
            statement = self.forward[position]
            if statement.name in known:
                try:
                    self.pull_back(statement)
                except DerivationError as error:
                    raise DerivationError(f"in `{statement_text(statement)}`: {error}") from None
            completed = [name for name in self.completed_at.get(position, ()) if name in self.contributions]
            # A stable sort: what the layer trains first, then what it passes on.
            for name in sorted(completed, key=lambda name: name not in self.parameters):
                if name not in known:
                    self.write_gradient(name, statement)
                    known.add(name)
        return tuple(self.backward)

    def pull_back(self, statement: Statement) -> None:
        """Send the gradient of a statement's result down to the names that it reads."""
        flow, own = self.flows.through(statement.expression)
        meanings: dict[str, Expression] = {**own, INCOMING: Name(self.gradients[statement.name])}
        for part, name in flow.parts.items():
            meanings[name] = self.named(with_names(part, meanings))
        for to, piece, shape in flow.pieces:
            gradient = with_names(piece, meanings)
            if to in own:
                self.contributions.setdefault(own[to].id, []).append((statement.name, gradient))
            else:
                meanings[to] = self.write_inner_gradient(gradient, statement, shape)

    def named(self, node: Expression) -> Expression:
        """Return an expression with the names of what the forward pass has computed, the largest first."""
        if not isinstance(node, Call):
            return node
        name = self.results.get(node)
        return name or with_arguments(node, [self.named(argument) for argument in node.arguments])

    def write_gradient(self, name: str, statement: Statement) -> None:
        contributions = self.contributions[name]
        if sum(not isinstance(piece, Name) for _, piece in contributions) > 1:
            contributions = [
                (
                    source,
                    piece if isinstance(piece, Name) else self.write_part(name, source, piece, statement),
                )
                for source, piece in contributions
            ]
        total = sum_of([piece for _, piece in contributions])
        through = tuple(dict.fromkeys(source for source, _ in contributions))
        step = self.steps.get(name)
        step = step and _gradient_of_series(step)
        self.write(self.gradients[name], total, statement, self.shapes[name], name, through, step=step)

    def write_part(self, of: str, source: str, piece: Expression, statement: Statement) -> Name:
        name = new_name(f"{self.gradients[of]}{VIA}{source}", self.taken.__contains__)
        own, other = self.steps.get(of), self.steps.get(source)
        step = None
        if own or other:
            series = own.name if own else of, other.name if other else source
            step = TimeStep(own and own.number, *[f"{gradient_name(series[0])}{VIA}{series[1]}"] * 2)
        self.write(name, piece, statement, self.shapes[of], of, (source,), part=True, step=step)
        return Name(name)

    def write_inner_gradient(self, gradient: Expression, statement: Statement, shape: Shape) -> Name:
        stem = self.stems.get(statement.name, statement.name)
        suffix = new_suffix(self.gradients[stem], self.taken)
        name = f"{self.gradients[stem]}{suffix}"
        step = step_of_inner(statement.step and _gradient_of_series(statement.step), suffix)
        self.write(name, gradient, statement, shape, "", (statement.name,), step=step)
        return Name(name)

    def write(
        self,
        name: str,
        expression: Expression,
        statement: Statement,
        shape: Shape,
        of: str,
        through: tuple[str, ...],
        part: bool = False,
        step: TimeStep | None = None,
    ) -> None:
        self.taken.add(name)
        self.shapes[name] = shape
        self.backward.append(
            Statement(name, expression, "backward", statement.layer, name, of, through, part=part, step=step)
        )


def _gradient_of_series(step: TimeStep) -> TimeStep:
    """Return the time step of the gradient of a tensor, from the tensor's."""
    return TimeStep(step.number, *[gradient_name(step.name)] * 2)
