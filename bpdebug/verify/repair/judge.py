"""What is right in a recording, with the corrections that were made: parameters, lines, tensors.

It knows the derived gradients, here and on fresh values of the parameters. It says which parameters are wrong
still, which lines can be at fault, and whether a tensor is the gradient of anything.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from bpdebug.sources.script import Node, Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.computed import stem_of, stem_of_gradient
from bpdebug.sources.script.analysis.standard import is_natural, multiple
from bpdebug.sources.script.graph import sources
from bpdebug.verify.repair.places import difference
from bpdebug.verify.repair.replay import Replaced, Replay, ValueOf, ancestors
from bpdebug.verify.repair.report import ParameterVerdict
from bpdebug.verify.repair.suspects import Suspect, suspects
from bpdebug.verify.repair.trials import gradient_nodes, named_pieces, trials_of

TOLERANCE, EXACT = 1e-6, 1e-9


class Judge:
    """Says what is right.

    Attributes
    ----------
    recording : Recording
        What ran.
    analysis : Analysis
        What it is a training of.
    replay : Replay
        Computes it again.
    trials : tuple of Trial
        The recorded values, and fresh ones.
    corrected : mapping
        The corrections that were made, as what a replay replaces.
    is_forward_corrected : bool
        Whether one of them is of the forward pass: the derived gradients are those of what it was.
    """

    def __init__(self, recording: Recording, analysis: Analysis) -> None:
        self.recording, self.analysis = recording, analysis
        targets = [node for parameter in analysis.parameters for node in _chain_nodes(parameter)]
        self.replay = Replay(recording, targets)
        self.trials = trials_of(analysis, self.replay)
        self.corrected: Replaced = {}
        self.is_forward_corrected = False

    def verdicts(self) -> dict[str, ParameterVerdict]:
        """Judge every parameter: wrong if it is on any of the values."""
        judged: dict[str, ParameterVerdict] = {}
        for said in self._judged():
            for parameter in self.analysis.parameters:
                name, verdict = parameter.name, said[parameter.name]
                judged[name] = "wrong" if "wrong" in (verdict, judged.get(name)) else verdict
        return judged

    def wrong(self) -> set[str]:
        """Return the parameters that are wrong still, with the corrections that were found."""
        return {name for said in self._judged() for name, verdict in said.items() if verdict == "wrong"}

    def _judged(self) -> Iterator[Any]:
        for trial in self.trials:
            yield trial.verdicts(self.replay.run({**trial.replaced, **self.corrected}), self.corrected)

    def mended_by(self, before: Replaced, after: Replaced) -> set[str]:
        """Return the parameters that are right with other corrections, and were not before."""
        old = self.trials[0].verdicts(self.replay.run(before), before)
        new = self.trials[0].verdicts(self.replay.run(after), after)
        return {name for name, verdict in new.items() if verdict == "right" and old[name] != "right"}

    @cached_property
    def dependent(self) -> set[int]:
        """The numbers of the nodes that are computed from a parameter."""
        parameters = {parameter.old.id for parameter in self.analysis.parameters}
        found = set(parameters)
        for node in self.recording.nodes:
            if any(parent.id in found for parent in sources(node)):
                found.add(node.id)
        return found - parameters

    def suspects(self, every: bool = False) -> list[Suspect]:
        """Return the lines that can be at fault, the likelier first.

        Unless every line is asked for, what a right gradient was computed from is innocent, and what depends
        on no parameter is no gradient. Both can be otherwise: two wrong signs make a right one.
        """
        wrong = self.wrong()
        judged = self.analysis.verdicts(self.replay.run(self.corrected))
        parameters = self.analysis.parameters
        right = [
            verdict.gradient
            for parameter, verdict in zip(parameters, judged.each, strict=True)
            if parameter.name not in wrong and not verdict.is_zero and verdict.gradient is not None
            if not every
        ]
        right += [
            piece.chain[0].node
            for parameter in parameters
            for name, piece in named_pieces(parameter)
            if name in self.trials[0].proving - wrong and piece.chain and not every
        ]
        steps = [
            node
            for parameter in parameters
            if parameter.name in wrong
            for node in gradient_nodes(parameter, wrong)
        ]
        # Not those alone that compute the same: `sigmoid(z)` in a derivative is no line of the forward pass.
        roots = self.analysis.loss.candidate.roots if self.analysis.loss is not None else ()
        forward = ancestors(roots)
        forward |= {node.id for node in self.recording.nodes if node.origin.id in forward}
        value_of = self.replay.run(self.corrected)
        explained = {
            number
            for number in ancestors(steps) - forward
            if self.is_explained(self.recording.nodes[number], value_of)
        }
        dependent = set(range(len(self.recording.nodes))) if every else self.dependent
        found = suspects(self.recording, steps, right, forward, dependent, explained)
        if len(self.trials) == 1:
            return found
        # What is the same for other parameters is no gradient yet: zeros, which are to be filled.
        moved = self.replay.run({**self.trials[1].replaced, **self.corrected})
        return sorted(
            found, key=lambda line: not difference(line.first.node or line.first.result, value_of, moved)
        )

    def is_explained(self, node: Node, value_of: ValueOf) -> bool:
        """Whether a tensor is the right gradient of something: of what it is named after, if known."""
        stems = {stem_of_gradient(name.rpartition(" ·")[0] or name) for name in node.names}
        named = [self.by_stem[stem] for stem in stems if stem in self.by_stem]
        return self.is_gradient(value_of(node), *named)

    @cached_property
    def by_stem(self) -> Mapping[str, tuple[Any, ...]]:
        """The reference gradients by what the tensors are called last: `W1` for `self.W1`."""
        found: dict[str, tuple[Any, ...]] = defaultdict(tuple)
        if self.analysis.loss is not None:
            for number, name in self.analysis.loss.reference.forward.names.items():
                if number in self.analysis.gradients:
                    found[stem_of(name.partition(" ·")[0])] += (self.analysis.gradients[number],)
        return found

    def is_gradient(self, value: Any, *named: Sequence[Any], as_shaped: bool = False) -> bool:
        """Whether a value is the right gradient of something, but for a factor that people write.

        Only of what is named, if anything is; in its very shape, or also transposed or without an axis.
        """
        if self.is_forward_corrected:
            return False  # the derived gradients are those of the forward pass as it was
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            return False
        if not array.any():
            return False
        references = itertools.chain(*named) if named else self.analysis.gradients.values()
        if array.size == 1:  # it is a multiple of anything, so it must be the same
            common = (self.analysis.loss.verdicts.ratio if self.analysis.loss else None) or 1.0
            single = [common * float(np.ravel(one)[0]) for one in references if np.size(one) == 1]
            return any(abs(float(array.ravel()[0]) - one) <= EXACT * abs(one) for one in single)
        for reference in references:
            if np.size(reference) == array.size and not (as_shaped and np.shape(reference) != array.shape):
                for laid in (array, array.T) if array.ndim == 2 else (array,):
                    ratio = multiple(laid, np.asarray(reference, dtype=float), TOLERANCE)
                    if ratio is not None and is_natural(ratio, TOLERANCE):
                        return True
        return False

    def gradient_of(self, value: Any) -> str:
        """Return the tensor that a value is the gradient of, as the person named it."""
        loss = self.analysis.loss
        assert loss is not None
        for number, reference in self.analysis.gradients.items():
            has_shape = np.shape(reference) == np.shape(value) and np.size(value) > 1
            if has_shape and multiple(value, reference, TOLERANCE) is not None:
                return loss.reference.forward.names.get(number, "")
        return ""


def _chain_nodes(parameter: Any) -> list[Node]:
    chain = [link.node for piece in parameter.pieces for link in piece.chain]
    return [*chain, *([parameter.new] if parameter.new is not None else [])]
