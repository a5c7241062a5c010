"""Fault localisation: which lines can be at fault, the likelier first, and which of them is it for sure.

What a right gradient was computed from is innocent. What of the rest reads what is right, and gives what is
not, is wrong itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from bpdebug.sources.script import Node, SourceRange
from bpdebug.sources.script.analysis.computed import names_gradient
from bpdebug.sources.script.analysis.errors import Dependence, errors_of
from bpdebug.sources.script.analysis.parameters import TrainedParameter, decided
from bpdebug.sources.script.graph import descendants
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import ValueOf, same
from bpdebug.verify.repair.by_chance import right_by_chance
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.known import TOLERANCE
from bpdebug.verify.repair.own_slopes import OwnSlopes
from bpdebug.verify.repair.parts import is_added
from bpdebug.verify.repair.places import difference
from bpdebug.verify.repair.replay import ancestors, forward_of, given_in
from bpdebug.verify.repair.suspects import Suspect, is_handed_on, read_by, suspects
from bpdebug.verify.repair.trees import is_selection
from bpdebug.verify.repair.trials import gradient_nodes, named_pieces
from bpdebug.verify.repair.trying import Correction


class Localisation:
    """Says which lines can be at fault, with the corrections that were made.

    Parameters
    ----------
    judge : Judge
        Says what is right.
    innocent : collection of SourceRange
        Expressions that are right, whatever is wrong: those of functions that were judged by themselves. More
        may become known.

    Attributes
    ----------
    there : frozenset of int
        The tensors whose very gradients the person's code has, when the suspects were last asked for.
    """

    def __init__(self, judge: Judge, innocent: Collection[SourceRange] = frozenset()) -> None:
        self.judge, self.recording, self.analysis = judge, judge.recording, judge.analysis
        self.innocent = innocent
        self.there: frozenset[int] = frozenset()
        self._own_slopes = OwnSlopes(judge.recording)
        self._after_right: dict[str, set[int]] = {}
        self._right: set[int] = set()
        self._exact_nodes: frozenset[int] = frozenset()

    @cached_property
    def dependent(self) -> set[int]:
        """The numbers of the nodes that are computed from a parameter, or where one decides."""
        graph, olds = self.analysis.graph, [parameter.old for parameter in self.analysis.parameters]
        within = decided(graph, graph.reached(olds), self.recording.tests)
        return descendants(self.recording.nodes, [*olds, *within]) - {node.id for node in olds}

    def suspects(self, every: bool = False) -> list[Suspect]:
        """Return the lines that can be at fault, the likelier first.

        Unless every line is asked for, what a right gradient was computed from is innocent, and what depends
        on no parameter is no gradient. Both can be otherwise: two wrong signs make a right one. Nor is a
        function wrong that is the derivative of another one.
        """
        wrong, value_of = self.judge.wrong(), self._value_of
        verdicts = self.analysis.verdicts(value_of)
        judged = zip(self.analysis.parameters, verdicts.each, strict=True)
        each = [
            (verdict.kind == "factor" and _scaled_away(parameter)) or gradient_nodes(parameter, wrong)
            for parameter, verdict in judged
            if parameter.name in wrong
        ]
        steps = [node for own in each for node in own]
        forward, nodes = self._forward(), self.recording.nodes
        explained = {
            number
            for number in ancestors(steps) - forward
            if self._is_explained(nodes[number], value_of(nodes[number]))
        }
        exact = self._exact(explained)
        right = [] if every else [*self._right_gradients(wrong, value_of), *self._sources_of_right(exact)]
        self._after_right = self._steps_from_right(exact)
        self._exact_nodes = frozenset(exact)
        self.there = frozenset(number for own in exact.values() for number in own)
        self._right = forward | {number for number in exact if not is_handed_on(nodes[number])}
        dependent = set(range(len(nodes))) if every else self.dependent
        updates = {update.new.origin.id for one in self.analysis.parameters for update in one.updates}
        given = given_in(self.analysis)
        about = forward, dependent, explained, updates, given
        found = suspects(self.recording, steps, right, *about)
        if verdicts.are_multiples(TOLERANCE):  # all may go uphill: one sign is enough
            turned = suspects(self.recording, steps, [], *about, self._errors & forward)
            found += [one for one in turned if one.is_of_loss]
        found = [line for line in found if line.site.place not in self.innocent]
        found = [line for line in found if every or not self._own_slopes.has(line)]
        # What is off by a factor, and what it is computed from is not, is not accounted for.
        found = [
            one._replace(is_explained=one.is_explained and not self._is_off(one, exact)) for one in found
        ]
        common = self._common(each, found)
        found.sort(key=lambda line: (line not in common, line.is_explained, line.first.time))
        if len(self.judge.trials) == 1:
            return found
        # What is the same for other parameters is no gradient yet: zeros, which are to be filled.
        moved = self.judge.replay.run({**self.judge.trials[1].replaced, **self.judge.corrected})
        return sorted(
            found, key=lambda line: not difference(line.first.node or line.first.result, value_of, moved)
        )

    def _common(self, steps: Sequence[Sequence[Node]], lines: Sequence[Suspect]) -> list[Suspect]:
        """Return the lines that every wrong gradient was computed through, if all are accounted for.

        One fault explains all that is wrong: where it lies on none of the others, it is a factor that one of
        these lacks, such as a mask.
        """
        reached: dict[int, int] = defaultdict(int)
        for place, own in enumerate(steps):
            for node in own:
                reached[node.id] |= 1 << place
        for node in reversed(self.recording.nodes):
            for parent in node.parents() if node.id in reached else ():
                reached[parent.id] |= reached[node.id]
        every = (1 << len(steps)) - 1
        nodes = [(line, line.first.node or line.first.result) for line in lines]
        common = [line for line, node in nodes if node is not None and reached[node.id] == every]
        return common if len(steps) > 1 and all(line.is_explained for line in common) else []

    @property
    def _value_of(self) -> ValueOf:
        return self.judge.replay.run(self.judge.corrected)

    def _right_gradients(self, wrong: Collection[str], value_of: ValueOf) -> Iterator[Node]:
        """Yield the gradients that are right, of parameters and of parts of them, and prove something."""
        parameters = self.analysis.parameters
        for parameter, verdict in zip(parameters, self.analysis.verdicts(value_of).each, strict=True):
            if parameter.name not in wrong and not verdict.is_zero and verdict.gradient is not None:
                yield verdict.gradient
        for parameter in parameters:
            for name, piece in named_pieces(parameter):
                if name in self.judge.trials[0].proving - {*wrong} and piece.chain:
                    yield piece.chain[0].node

    def _forward(self) -> set[int]:
        """Return the numbers of the nodes of the forward pass."""
        # Not those alone that compute the same: `sigmoid(z)` in a derivative is no line of the forward pass.
        forward = forward_of(self.analysis)
        # Nor what is given the name of a gradient: `dw = h` is a line of the backward pass.
        return forward | {
            node.id
            for node in self.recording.nodes
            if node.origin.id in forward and not _is_named_gradient(node)
        }

    def _is_explained(self, node: Node, value: Any) -> bool:
        is_part = is_added(self.judge.replay, node) and self.judge.known.is_part(value)
        return is_part or self.judge.known.is_explained(node, value)

    def _is_off(self, suspect: Suspect, exact: Collection[int]) -> bool:
        """Whether a gradient is off what its name says, and those are not that it is computed from."""
        node, read = suspect.first.node, read_by(suspect)
        if node is None or node.id in exact or not self.judge.known.is_named(node):
            return False
        if suspect.first.start < suspect.first.time:
            return False  # it may be a function that it calls
        off = [one for one in read if self.judge.known.is_named(one) and one.id not in exact]
        return not off and any(one.id in exact for one in read)

    def may_mend(self, correction: Correction) -> bool:
        """Whether a line lies where something that it mends is wrong, and not before what is right."""
        nodes = {
            node.id
            for one in correction.suspect.instances
            for node in (one.node, one.result)
            if node is not None
        }
        if correction.suspect.is_of_loss:
            return True  # where all steps go uphill, all that lies between is right
        return not correction.mended or any(
            name not in self._after_right or nodes & self._after_right[name] for name in correction.mended
        )

    def is_sure(self, suspect: Suspect, is_passed: bool = False) -> bool:
        """Whether all that a line reads is right, and what it gives is not: then it is this line.

        What the forward pass computes is right, and what depends on no parameter. But a line that reads
        nothing else may have been handed the wrong tensor: it must read a gradient, or an output beside its
        target, or parameters alone, as the gradient of a penalty does; or a formula must mend something by
        going past it. A line that only takes a part of something, or hands it on, computes nothing that
        could be wrong.
        """
        first = suspect.first.node
        if first is None or suspect.is_explained or suspect.is_update or suspect.is_of_loss:
            return False
        if is_selection(suspect.site.code):
            return False
        if np.size(first.like) == 1:
            return False  # of single numbers it is not known what they may be
        if suspect.site.role == "augment" and len(suspect.instances) > 1:
            return False  # nor of a part of what several turns add up
        if first.origin.id in self._written_to:
            return False  # nor of what is finished by a later line
        read = read_by(suspect)
        return all(map(self._is_right, read)) and (is_passed or self._is_at_home(suspect, read))

    @cached_property
    def _written_to(self) -> frozenset[int]:
        """The tensors that something is put into."""
        puts = (node.operands[0] for node in self.recording.nodes if node.function is put)
        return frozenset(whole.origin.id for whole in puts if type(whole) is Node)

    def _is_at_home(self, suspect: Suspect, read: Sequence[Node]) -> bool:
        """Whether what is read belongs into a backward pass, whoever handed it on."""
        if suspect.site.statement in self._begins or any(node.id in self._exact_nodes for node in read):
            return True
        of, trained = self.analysis.graph.of, {parameter.old.id for parameter in self.analysis.parameters}
        numbers = {node.id for node in read if np.size(node.like) == 1 and not node.parents()}
        is_penalty = suspect.site.role == "augment"
        return is_penalty and all(of(node).id in trained or node.id in numbers for node in read)

    @cached_property
    def _begins(self) -> frozenset[SourceRange]:
        """The statements in which an output stands beside its target: there the backward pass begins."""
        groups = errors_of(Dependence(self.analysis.graph, self.analysis.parameters))
        sites = (one.node.site for group in groups for one in group)
        return frozenset(site.statement for site in sites if site is not None)

    @cached_property
    def _errors(self) -> set[int]:
        """The numbers of the outputs beside their targets, whatever else is computed of them."""
        groups = errors_of(Dependence(self.analysis.graph, self.analysis.parameters))
        found = {one.node.origin.id for group in groups for one in group if not one.is_of_classes}
        return {node.id for node in self.recording.nodes if node.origin.id in found}

    def _is_right(self, node: Node) -> bool:
        is_known = node.id in self._right or node.id not in self.dependent
        is_known = is_known or self.analysis.phases[node.id] == "forward"  # computed once more
        return is_known or self.judge.known.is_slope(self._value_of(node))

    def _exact(self, explained: Collection[int]) -> dict[int, set[int]]:
        """Return the tensors that are right gradients on all values, and of what."""
        nodes = [self.recording.nodes[number] for number in sorted(explained)]
        exact: dict[int, set[int]] = {}
        for trial in self.judge.trials:
            value_of = self.judge.replay.run({**trial.replaced, **self.judge.corrected})
            exact = {
                node.id: set(self.judge.known.exactly(node, value_of(node), trial.gradients))
                for node in nodes
            }
            nodes = [node for node in nodes if exact[node.id]]
        return {node.id: exact[node.id] for node in nodes}

    def _own(self, exact: Mapping[int, set[int]]) -> Iterator[tuple[TrainedParameter, Node]]:
        """Yield the parameters with the tensor that they are updated by, where that is right."""
        for parameter in self.analysis.parameters:
            for piece in parameter.pieces:
                for link in piece.chain if piece.index is None else ():
                    if parameter.old.id in exact.get(link.node.id, ()):
                        yield parameter, link.node

    def _sources_of_right(self, exact: Mapping[int, set[int]]) -> Iterator[Node]:
        """Yield what tensors were computed from that are right on all values: it is innocent.

        Of such a tensor itself that is known only where it is the gradient of the very parameter that is
        updated by it; any other may be right, and not what belongs there.
        """
        yield from (node for _, node in self._own(exact))
        chance = right_by_chance(self.recording.nodes, self.analysis.graph.nodes, exact, self._value_of)
        for number in exact.keys() - chance:
            node = self.recording.nodes[number]
            # What a function returns as it came is right, but whether it should have come so, nobody knows.
            yield from (one for one in node.parents() if not (node.function is same and is_handed_on(one)))

    def _steps_from_right(self, exact: Mapping[int, set[int]]) -> dict[str, set[int]]:
        """Return for each parameter whose gradient is right what its step is computed by from there on."""
        return {
            parameter.name: ancestors(gradient_nodes(parameter)) - ancestors([node])
            for parameter, node in self._own(exact)
        }


def _scaled_away(parameter: TrainedParameter) -> list[Node]:
    """Return the tensors whose size an adaptive step takes away: no factor of theirs was lost in it."""
    links = [link for piece in parameter.pieces for link in piece.chain]
    return [link.node for link in links if link.is_adaptive]


def _is_named_gradient(node: Node) -> bool:
    targets = node.instance.site.targets if node.instance is not None else ()
    return any(names_gradient(target.text) for target in targets)
