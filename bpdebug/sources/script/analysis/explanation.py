"""A candidate for the loss, and what it says of the gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Statement, rewrite
from bpdebug.engine.language.printing import numpy_text
from bpdebug.errors import BpdebugError
from bpdebug.sources.script.analysis.chains import KEEP
from bpdebug.sources.script.analysis.errors import Error
from bpdebug.sources.script.analysis.grouped_standard import GroupedStandard
from bpdebug.sources.script.analysis.loss_candidates import LossCandidate
from bpdebug.sources.script.analysis.losses import statements_of
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.readings import multiple
from bpdebug.sources.script.analysis.standard import Standard
from bpdebug.sources.script.analysis.verdicts import GradientVerdicts
from bpdebug.sources.script.conversion.forward import Forward, ForwardWriter
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.reference import Reference, recorded, reference_of
from bpdebug.sources.script.sites import line_text

LONGEST = 160
"""A loss that is written with more is shown as it stands in the script."""
SMALLEST_EPSILON = 1e-5
"""What is added within a logarithm and is no larger only keeps it finite."""
LAID_ON: frozenset[Any] = KEEP | {np.exp}
"""What an output may have gone through between the loss and the error: copies, and `p = exp(log_p)`."""


class Explanation(NamedTuple):
    """A candidate for the loss, with what it says of the gradients.

    Attributes
    ----------
    candidate : LossCandidate
        The loss.
    reference : Reference
        Derives the gradients from it.
    gradients : mapping
        They, for the recorded inputs: the number of a node -> array.
    standard : Standard
        Judges gradients against them.
    verdicts : GradientVerdicts
        Of the recorded gradients.
    """

    candidate: LossCandidate
    reference: Reference
    gradients: Mapping[int, Any]
    standard: Standard
    verdicts: GradientVerdicts

    @property
    def text(self) -> str:
        """The loss in words, with its line: `½ Σ (out − y)², implied by line 31`."""
        return " + ".join(map(self._counted, self.candidate.parts or (self.candidate,)))

    def _counted(self, candidate: LossCandidate) -> str:
        times = f"{candidate.times:.6g} × " if candidate.times != 1 else ""
        return f"{times}{self._text_of(candidate)}"

    def _text_of(self, candidate: LossCandidate) -> str:
        if candidate.kind is None:
            (node,) = candidate.roots
            is_part = candidate is not self.candidate
            if is_part and node.site is not None and (node.instance is None or node.instance.node is None):
                return f"{node.site.code}, {self._place_of(candidate)}"
            if node.instance is not None and (is_part or node.instance.site.role == "augment"):
                return f"{node.instance.site.statement_code}, {self._place_of(candidate)}"
            name = self.reference.forward.names.get(node.id, self.reference.loss)
            statement = next(
                one for one in self.reference.forward.statements if one.name == self.reference.loss
            )
            written = numpy_text(statement.expression)
            shown = written if name in self.reference.forward.unnamed else f"{name} = {written}"
            if len(shown) > LONGEST and node.instance is not None:
                shown = " ".join(node.instance.site.statement_code.split())
            return f"{shown}, {self._place_of(candidate)}"
        error = candidate.errors[0]
        formula = candidate.kind.formula.format(
            a=self._text(error.output, "a"), y=self._text(error.target, "y")
        )
        weight = f", weighted by {self._text(error.weight, 'w')}" if error.weight is not None else ""
        return f"{formula}{weight}, implied by {self._place_of(candidate)}"

    def _place_of(self, candidate: LossCandidate) -> str:
        """Say where a loss stands."""
        line, site = candidate.line, candidate.site
        if site is None or site.line != line:
            return f"line {line}"
        return line_text(site.place, self.reference.forward.graph.script)

    def _text(self, value: Any, otherwise: str) -> str:
        """Return the name of a tensor in the forward part."""
        if type(value) is not Node:
            return otherwise
        name = self.reference.forward.names.get(self.reference.forward.graph.of(value).id)
        is_named = name is not None and name not in self.reference.forward.unnamed
        return name if name and is_named else value.argument or otherwise

    @property
    def rank(self) -> tuple[float, ...]:
        """The better it explains the gradients, the larger."""
        each = self.verdicts.each
        right = [verdict for verdict in each if verdict.is_right]
        plain = sum(not verdict.leaves_decay_out for verdict in right)
        ratio = self.verdicts.ratio
        nearness = -round(abs(math.log(abs(ratio))), 3) if ratio else -99.0
        proven = sum(not verdict.is_zero for verdict in right)
        # A decay is left out of a loss that has none; what another loss adds to this one may be that decay.
        stripped = 0.0 if self.candidate.is_part else 0.5 * (len(right) - plain)
        # Nor does a part explain what is not right under it: its gradient is but a part of one.
        factors = 0 if self.candidate.is_part else self.verdicts.count("factor")
        return (
            plain + stripped if proven else 0.0,
            float(factors if right else -self.verdicts.count("unknown")),
            float(self.candidate.is_explicit),
            float(not self.candidate.is_part),
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


def meant(tried: Sequence[Explanation]) -> Explanation | None:
    """Return the loss that is meant: not one that only some steps imply, beside one that is computed.

    By the latter a gradient is not right by chance; by the former one may be, where a factor is forgotten.
    """
    best = tried[0] if tried else None
    if best is None or best.candidate.is_explicit or best.verdicts.are_right:
        return best
    explicit = (one for one in tried if one.candidate.is_explicit and not one.candidate.is_part)
    return next((one for one in explicit if one.candidate.is_named and one.rank[0] >= 1), best)


def needs_no_other(explanation: Explanation) -> bool:
    """Whether an explicit loss explains everything as it stands."""
    verdicts, ratio = explanation.verdicts, explanation.verdicts.ratio
    plain = all(one.is_right and not one.leaves_decay_out for one in verdicts.each)
    return explanation.candidate.is_explicit and plain and ratio is not None and abs(abs(ratio) - 1) < 1e-6


def explained(
    candidate: LossCandidate,
    writer: ForwardWriter,
    parameters: tuple[TrainedParameter, ...],
    is_of_library: bool = False,
) -> Iterator[Explanation]:
    """Derive the gradients from a candidate, and judge the recorded ones; also without an epsilon in it.

    Nothing comes of a candidate that has no derivative. What a library computes and is opaque here may have a
    derivative all the same: where one lies on a way to the loss, another gradient than the derived one is not
    known to be wrong.
    """
    if candidate.kind is None:
        forward = writer.write(candidate.roots)
        loss = forward.names.get(writer.graph.of(candidate.roots[0]).id)
        without = _without_epsilon(forward)
        variants = [(candidate, forward)]
        if without is not None and not candidate.is_derived:
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
        grows, groups = meant.may_grow, meant.groups
        standard = (
            GroupedStandard(parameters, grows, extents, groups)
            if groups
            else Standard(parameters, grows, extents)
        )
        standard.is_exact = meant.is_derived
        if is_of_library:
            opaque = [node for node, _ in written.opaque if np.asarray(node.like).dtype.kind == "f"]
            standard.doubtful = frozenset(writer.graph.ancestors(opaque))
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


def is_same_loss(one: Explanation, other: Explanation) -> bool:
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


def contradicts(implied: Explanation, explicit: Explanation) -> bool:
    """Whether an implied loss is about other classes than one that is computed: a mistake implies it."""
    return any(_means_other_classes(error, explicit) for error in implied.candidate.errors)


def _means_other_classes(error: Error, explicit: Explanation) -> bool:
    target = error.target.value if type(error.target) is Node else error.target
    meant = np.asarray(target) != 0
    graph, node = explicit.reference.forward.graph, error.output
    while True:
        gradient = explicit.gradients.get(graph.of(node).id)
        if gradient is not None and np.shape(gradient) == meant.shape:
            theirs = gradient != 0
            some = 0 < np.count_nonzero(meant) == np.count_nonzero(theirs) < meant.size
            return bool(some and not np.array_equal(meant, theirs))
        if node.function not in LAID_ON or type(node.operands[0]) is not Node:
            return False
        node = node.operands[0]
