"""What a recording is a training of: parameters, the loss, which tensor is whose gradient, and what is right.

Nothing of it is asked of the person. Every candidate for the loss is tried: its gradients are derived from
the forward part, and the one under which most of the hand-written gradients are right, all with one factor,
is it. A loss that the script computes is preferred where two explain equally much.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Statement, rewrite
from bpdebug.engine.language.printing import numpy_text
from bpdebug.errors import BpdebugError
from bpdebug.sources.script.analysis.computed import computed_only, stem_of
from bpdebug.sources.script.analysis.losses import (
    SMALLEST_EPSILON,
    Candidate,
    Dependence,
    candidates,
    errors_of,
    statements_of,
)
from bpdebug.sources.script.analysis.parameters import Parameter, parameters_of
from bpdebug.sources.script.analysis.phases import Phase, phases_of
from bpdebug.sources.script.analysis.standard import Standard, Verdict, Verdicts, multiple
from bpdebug.sources.script.analysis.steps import Values
from bpdebug.sources.script.conversion.forward import Forward, ForwardWriter
from bpdebug.sources.script.conversion.names import UNNAMED
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.reference import Reference, recorded, reference_of


class Explanation(NamedTuple):
    """A candidate for the loss, with what it says of the gradients.

    Attributes
    ----------
    candidate : Candidate
        The loss.
    reference : Reference
        Derives the gradients from it.
    gradients : mapping
        They, for the recorded inputs: the number of a node -> array.
    standard : Standard
        Judges gradients against them.
    verdicts : Verdicts
        Of the recorded gradients.
    """

    candidate: Candidate
    reference: Reference
    gradients: Mapping[int, Any]
    standard: Standard
    verdicts: Verdicts

    @property
    def text(self) -> str:
        """The loss in words, with its line: `½ Σ (out − y)², implied by line 31`."""
        candidate = self.candidate
        if candidate.kind is None:
            (node,) = candidate.roots
            name = self.reference.forward.names.get(node.id, self.reference.loss)
            statement = next(
                one for one in self.reference.forward.statements if one.name == self.reference.loss
            )
            written = numpy_text(statement.expression)
            shown = written if name.startswith(UNNAMED) else f"{name} = {written}"
            return f"{shown}, line {candidate.line}"
        error = candidate.errors[0]
        formula = candidate.kind.formula.format(
            a=self._text(error.output, "a"), y=self._text(error.target, "y")
        )
        return f"{formula}, implied by line {candidate.line}"

    def _text(self, value: Any, otherwise: str) -> str:
        """Return the name of a tensor in the forward part."""
        number = self.reference.forward.graph.of(value).id if type(value) is Node else -1
        name = self.reference.forward.names.get(number)
        return name if name and not name.startswith(UNNAMED) else otherwise

    @property
    def rank(self) -> tuple[float, ...]:
        """The better it explains the gradients, the larger."""
        each = self.verdicts.each
        right = [verdict for verdict in each if verdict.is_right]
        plain = sum(not verdict.leaves_decay_out for verdict in right)
        ratio = self.verdicts.ratio
        nearness = -round(abs(math.log(abs(ratio))), 3) if ratio else -99.0
        proven = sum(not verdict.is_zero for verdict in right)
        return (
            plain + 0.5 * (len(right) - plain) if proven else 0.0,
            float(self.verdicts.count("factor") if right else -self.verdicts.count("unknown")),
            float(self.candidate.is_explicit),
            float(self.candidate.leaves_epsilon_out),
            float(
                sum(
                    np.size(one.old.like)
                    for one, verdict in zip(self.standard.parameters, each, strict=True)
                    if verdict.is_right
                )
            ),
            nearness,
            float(self.candidate.is_expected),
        )


@dataclass(frozen=True)
class Analysis:
    """What was found in a recording.

    Attributes
    ----------
    recording : Recording
        The recording.
    graph : Graph
        Its operations, equal ones as one.
    parameters : tuple of Parameter
        What training changes: name, node before, node after, update, chain down to the gradient.
    loss : Explanation or None
        The loss under which most gradients are right: in words (`loss.text`), its candidate with line and
        nodes, its `reference`, and the recorded `verdicts`, one for each parameter. None where no loss could
        be found.
    alternatives : tuple of Explanation
        The other losses that were tried, the best first. Those that explain as much are `equals`.
    notes : tuple of str
        What there is to say: why there is no loss, what is opaque and at which line.
    """

    recording: Recording
    graph: Graph
    parameters: tuple[Parameter, ...]
    loss: Explanation | None
    alternatives: tuple[Explanation, ...] = ()
    notes: tuple[str, ...] = ()

    def verdicts(self, value_of: Values = recorded, gradients: Mapping[int, Any] | None = None) -> Verdicts:
        """Say which gradients are right, for other values of the nodes.

        Parameters
        ----------
        value_of : callable
            Node -> its value; asked only for the tensors of the chains from the updates down.
        gradients : mapping, optional
            The number of a node -> the reference gradient, as `Reference.gradients` gives them; by default
            those for the recorded inputs.

        Raises
        ------
        ValueError
            If no loss was found: there is nothing to judge by.
        """
        if self.loss is None:
            raise ValueError("no loss was found, so there is no reference")
        return self.loss.standard.verdicts(value_of, self.gradients if gradients is None else gradients)

    @property
    def verdicts_of_record(self) -> tuple[Verdict, ...]:
        """The verdicts on the recorded gradients, one for each parameter; empty where no loss was found."""
        return self.loss.verdicts.each if self.loss else ()

    @property
    def gradients(self) -> Mapping[int, Any]:
        """The reference gradients for the recorded inputs: the number of a node -> array."""
        return self.loss.gradients if self.loss else {}

    @property
    def equals(self) -> tuple[Explanation, ...]:
        """The losses that explain the gradients as well as the chosen one, and are no other form of it."""
        best = self.loss
        if best is None or best.rank[0] == 0:
            return ()
        as_good = (one for one in self.alternatives if one.rank[:2] == best.rank[:2])
        return tuple(one for one in as_good if not _is_same_loss(one, best))

    @property
    def confidence(self) -> float:
        """How sure the loss is: the share that it explains of the gradients that prove anything."""
        if self.loss is None:
            return 0.0
        proving = [verdict for verdict in self.loss.verdicts.each if not verdict.is_zero]
        return sum(verdict.is_right for verdict in proving) / max(1, len(proving))

    @cached_property
    def phases(self) -> Sequence[Phase]:
        """For each node of the recording: forward, backward, update or other."""
        roots = self.loss.candidate.roots if self.loss else [link.node for link in _ends(self.parameters)]
        judged = self.loss.verdicts.each if self.loss else ()
        gradients = [verdict.gradient for verdict in judged if verdict.gradient is not None]
        gradients += [piece.chain[-1].node for one in self.parameters for piece in one.pieces if piece.chain]
        news = [one.new for one in self.parameters if one.new is not None]
        return phases_of(self.graph, roots, gradients, news)


class Told(NamedTuple):
    """What the person says in place of what would be found.

    Attributes
    ----------
    loss : str
        The name of the loss, the line that computes or implies it, or a kind: `mse`, `bce`, `ce`, `mae`.
    gradients : mapping
        The name of a tensor -> the name of its gradient.
    parameters : tuple of str
        The only parameters to look at.
    """

    loss: str = ""
    gradients: Mapping[str, str] = MappingProxyType({})
    parameters: tuple[str, ...] = ()


def analyse(recording: Recording, told: Told = Told()) -> Analysis:  # noqa: B008 (a constant)
    """Find parameters, gradients and the loss of a recording.

    Parameters
    ----------
    recording : Recording
        Of one iteration.
    told : Told
        What the person says.
    """
    graph = Graph(recording.nodes, {update.old.origin.id for update in recording.updates})
    parameters = _parameters(graph, recording, told)
    if not parameters:
        note = "nothing was trained: no `w -= rate * gradient` ran, and nothing is called a gradient"
        return Analysis(recording, graph, (), None, notes=(note,))
    tried = sorted(_explanations(recording, graph, parameters, told), key=lambda one: one.rank, reverse=True)
    if not tried:
        note = "no loss was found: no number depends on the parameters, and no output stands beside a target"
        return Analysis(recording, graph, parameters, None, notes=(note,))
    return Analysis(recording, graph, parameters, tried[0], tuple(tried[1:]), tuple(_opaque_notes(tried[0])))


def _parameters(graph: Graph, recording: Recording, told: Told) -> tuple[Parameter, ...]:
    """Return what is updated, and what only has a gradient; a target has none."""
    updated = parameters_of(graph, recording.updates)
    used = Dependence(graph, updated).behind_updates
    found = (*updated, *computed_only(graph, updated, used, told.gradients))
    replaced = {one.old.id for one in found if not one.is_updated}
    found = tuple(one for one in found if not (one.is_updated and one.old.id in replaced))
    targets = [one.target for one in itertools.chain(*errors_of(Dependence(graph, found)))]
    behind = graph.ancestors([one for one in targets if type(one) is Node])
    found = tuple(
        one for one in found if one.is_updated or one.name in told.gradients or one.old.id not in behind
    )
    if told.parameters:
        found = tuple(one for one in found if {one.name, stem_of(one.name)} & set(told.parameters))
    return found


def _explanations(
    recording: Recording, graph: Graph, parameters: tuple[Parameter, ...], told: Told
) -> Iterator[Explanation]:
    """Try the candidates."""
    known = Dependence(graph, parameters)
    writer = ForwardWriter(
        graph, [one.old for one in parameters], {one.old.id: one.name for one in parameters}
    )
    returned: dict[int, list[str]] = defaultdict(list)
    for instance in recording.instances:
        if instance.site.role == "return" and instance.node is not None:
            returned[graph.of(instance.node).id].append(instance.site.function)
    for candidate in candidates(known, returned, told.loss):
        for explanation in _explained(candidate, writer, parameters):
            yield explanation
            if _needs_no_other(explanation):
                return


def _needs_no_other(explanation: Explanation) -> bool:
    """Whether an explicit loss explains everything as it stands."""
    verdicts, ratio = explanation.verdicts, explanation.verdicts.ratio
    plain = all(one.is_right and not one.leaves_decay_out for one in verdicts.each)
    return explanation.candidate.is_explicit and plain and ratio is not None and abs(abs(ratio) - 1) < 1e-6


def _explained(
    candidate: Candidate, writer: ForwardWriter, parameters: tuple[Parameter, ...]
) -> Iterator[Explanation]:
    if candidate.kind is None:
        forward = writer.write(candidate.roots)
        loss = forward.names.get(writer.graph.of(candidate.roots[0]).id)
        without = _without_epsilon(forward)
        variants = [(candidate, forward)]
        if without is not None:
            variants.insert(0, (candidate._replace(leaves_epsilon_out=True), without))
    else:
        forward = writer.write(candidate.roots, lambda operand, new: statements_of(candidate, operand, new))
        loss = forward.statements[-1].name if forward.statements else None
        variants = [(candidate, forward)]
    wanted = [
        forward.names[one.old.id] for one in parameters if forward.names.get(one.old.id) in forward.inputs
    ]
    if loss is None or not wanted or loss not in {one.name for one in forward.statements}:
        return
    extents = frozenset(
        extent for one in forward.nodes.values() for extent in (*one.shape, np.size(one.like))
    )
    for meant, written in variants:
        try:
            reference = reference_of(written, loss, wanted)
            gradients = reference.gradients()
        except BpdebugError:
            continue
        if not any(one.old.id in gradients for one in parameters):
            continue
        standard = Standard(parameters, meant.may_grow, extents)
        yield Explanation(meant, reference, gradients, standard, standard.verdicts(recorded, gradients))


def _without_epsilon(forward: Forward) -> Forward | None:
    """Leave out small numbers that are added within a logarithm; None where there are none."""
    small = {
        name
        for name, one in forward.inputs.items()
        if type(one) is Node and one.shape == () and 0 < abs(float(one.value)) <= SMALLEST_EPSILON
    }

    def is_small(expression: Expression) -> bool:
        if isinstance(expression, Number):
            return 0 < abs(expression.value) <= SMALLEST_EPSILON
        return isinstance(expression, Name) and expression.id in small

    def rule(node: Expression) -> Expression:
        if isinstance(node, Call) and node.function == "log" and isinstance(node.arguments[0], Call):
            inner = node.arguments[0]
            if inner.function == "add":
                rest = [argument for argument in inner.arguments if not is_small(argument)]
                if len(rest) == 1:
                    return Call("log", (rest[0],))
        return node

    statements = tuple(
        Statement(one.name, rewrite(one.expression, rule), source=one.source) for one in forward.statements
    )
    return forward._replace(statements=statements) if statements != forward.statements else None


def _opaque_notes(loss: Explanation) -> Iterator[str]:
    for node, what in loss.reference.forward.opaque:
        where = f"line {node.site.line}: " if node.site else ""
        yield f"{where}{what} is opaque: its value is recorded, and no gradient is derived through it"


def _is_same_loss(one: Explanation, other: Explanation) -> bool:
    """Whether two losses have the same gradients, up to one factor."""
    ratios = []
    for parameter in one.standard.parameters:
        mine, theirs = (own.gradients.get(parameter.old.id) for own in (one, other))
        if mine is None or theirs is None:
            return mine is theirs
        ratio = multiple(mine, theirs, one.standard.tolerance)
        if ratio is None and (np.any(mine) or np.any(theirs)):
            return False
        ratios += [] if ratio is None else [ratio]
    return all(abs(ratio - ratios[0]) <= 1e-6 * abs(ratios[0]) for ratio in ratios)


def _ends(parameters: Sequence[Parameter]) -> Iterator[Any]:
    for parameter in parameters:
        for piece in parameter.pieces:
            yield from piece.chain[-1:]
