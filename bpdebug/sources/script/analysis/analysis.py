"""What a recording is a training of: parameters, loss, which tensor is whose gradient, and what is right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bpdebug.sources.script.analysis.explanation import (
    Explanation,
    is_same_loss,
)
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.phases import OperationPhase, phases_of
from bpdebug.sources.script.analysis.verdicts import GradientVerdict, GradientVerdicts
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.reference import recorded


@dataclass(frozen=True)
class Analysis:
    """What was found in a recording.

    Attributes
    ----------
    recording : Recording
        The recording, with what was added to write the loss.
    graph : Graph
        Its operations, equal ones as one.
    parameters : tuple of TrainedParameter
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
    parameters: tuple[TrainedParameter, ...]
    loss: Explanation | None
    alternatives: tuple[Explanation, ...] = ()
    notes: tuple[str, ...] = ()

    def verdicts(
        self, value_of: ValueOf = recorded, gradients: Mapping[int, Any] | None = None
    ) -> GradientVerdicts:
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
    def verdicts_of_record(self) -> tuple[GradientVerdict, ...]:
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
        return tuple(one for one in as_good if not is_same_loss(one, best))

    @property
    def computed(self) -> Explanation | None:
        """The loss that the script computes, where one that is only implied explains more."""
        if self.loss is None or self.loss.candidate.is_explicit:
            return None
        parts = self.loss.candidate.parts
        others: Iterable[Explanation] = (
            one for one in self.alternatives if one.candidate.is_explicit and not one.candidate.is_part
        )
        if parts:  # it was written for what the script computes, if that is called a loss
            lines = {part.line for part in parts}
            others = (one for one in others if one.candidate.is_named and one.candidate.line not in lines)
        return next((one for one in others if not is_same_loss(one, self.loss)), None)

    @cached_property
    def phases(self) -> Sequence[OperationPhase]:
        """For each node of the recording: forward, backward, update or other."""
        roots = self.loss.candidate.ends if self.loss else [link.node for link in _ends(self.parameters)]
        roots = [*roots, *(one.loss for one in self.recording.gone_back)]
        judged = self.loss.verdicts.each if self.loss else ()
        gradients = [verdict.gradient for verdict in judged if verdict.gradient is not None]
        gradients += [piece.chain[-1].node for one in self.parameters for piece in one.pieces if piece.chain]
        news = [one.new for one in self.parameters if one.new is not None]
        return phases_of(self.graph, roots, gradients, news, self.given)

    @property
    def given(self) -> frozenset[int]:
        """The numbers of what the loss is computed of, whatever that was computed from."""
        return self.loss.candidate.given if self.loss else frozenset()


def _ends(parameters: Sequence[TrainedParameter]) -> Iterator[Any]:
    for parameter in parameters:
        for piece in parameter.pieces:
            yield from piece.chain[-1:]
