"""What is right in a recording, with the corrections that were made.

It knows the derived gradients, here and on fresh values of the parameters, and says which of those that the
person has are wrong still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bpdebug.sources.script import Node, Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.verify.repair.known import KnownGradients
from bpdebug.verify.repair.replay import Replaced, Replay
from bpdebug.verify.repair.report import ParameterVerdict
from bpdebug.verify.repair.trials import trials_of


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
    known : KnownGradients
        What a value is the gradient of; nothing is known any more once a forward line is corrected.
    returned : frozenset of int
        The gradients that a function returns: with whatever mends them, they are what they should be.
    incoming : mapping
        The gradients that come into a function, by the numbers of what stands for them.
    """

    returned: frozenset[int] = frozenset()
    incoming: Mapping[int, Node] = MappingProxyType({})

    def __init__(self, recording: Recording, analysis: Analysis) -> None:
        self.recording, self.analysis = recording, analysis
        targets = [node for parameter in analysis.parameters for node in _chain_nodes(parameter)]
        self.replay = self.replay_of(targets)
        self.trials = trials_of(analysis, self.replay, self.incoming)
        self.corrected: Replaced = {}
        self.known = KnownGradients(analysis, analysis.gradients)

    def replay_of(self, targets: Sequence[Node]) -> Replay:
        """Return what computes the recording again."""
        return Replay(self.recording, targets)

    def forget(self) -> None:
        """From now on the forward pass is another: the derived gradients are those of what it was."""
        self.known = KnownGradients(self.analysis, {})

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


def _chain_nodes(parameter: Any) -> list[Node]:
    chain = [link.node for piece in parameter.pieces for link in piece.chain]
    return [*chain, *([parameter.new] if parameter.new is not None else [])]
