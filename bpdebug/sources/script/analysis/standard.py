"""The standard: every parameter's step is the same multiple of its reference, `step = −factor · reference`.

Each tensor of the chain from the step down is compared with the reference. If one is `k` times it, then the
step is `factor(link) · k` times it, and that must be one number for all parameters: it holds the rate, 1/m, ½
and whatever else is a convention. Choosing freely among the tensors of a chain would hide mistakes.

What proves nothing: a tensor of one element is a multiple of anything, so it does not vote for the factor,
but is held to it. A gradient that is 0 by nature is right as long as it is 0 up to rounding.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.readings import (
    ZERO,
    Hits,
    Pieces,
    Reading,
    is_natural,
    most_common,
    multiple,
    near,
    ratios_of,
    tolerance_of,
)
from bpdebug.sources.script.analysis.stepped_pieces import readings_of
from bpdebug.sources.script.analysis.verdicts import GradientVerdict, GradientVerdicts
from bpdebug.sources.script.recorder.records import Node, ValueOf


class Standard:
    """Judges the gradients of some parameters.

    Parameters
    ----------
    parameters : sequence of TrainedParameter
        With their chains.
    may_grow : bool
        Whether the loss may be meant to be made larger: then a negative factor is a convention.
    extents : collection of int
        The extents of the data: a rate that differs by one of them is no rate, but a forgotten mean.

    Attributes
    ----------
    doubtful : frozenset of int
        The parameters, by their nodes, whose derived gradients may lack something: another is not known to be
        wrong.
    """

    def __init__(
        self,
        parameters: Sequence[TrainedParameter],
        may_grow: bool = False,
        extents: frozenset[int] = frozenset(),
    ) -> None:
        self.parameters, self.extents = tuple(parameters), extents
        self.is_trained = any(parameter.is_updated for parameter in parameters)
        self.doubtful: frozenset[int] = frozenset()
        self.is_exact = False
        self.may_grow = may_grow or not self.is_trained
        self.all_single = all(np.size(parameter.old.like) == 1 for parameter in parameters)
        self.tolerance = max((tolerance_of(parameter.old.like) for parameter in parameters), default=1e-6)
        self.deepest = [_deepest_named(parameter) for parameter in parameters]

    def verdicts(self, value_of: ValueOf, gradients: Mapping[int, Any]) -> GradientVerdicts:
        """Judge the gradient of each parameter: right, a multiple of the reference, wrong, or not to be told.

        Parameters
        ----------
        value_of : callable
            Node -> value, asked for the tensors of the chains and what scales them.
        gradients : mapping
            The number of a node -> the reference gradient.
        """
        references = [gradients.get(parameter.old.id) for parameter in self.parameters]
        scale = max(
            (float(np.max(np.abs(one))) for one in references if one is not None and np.size(one)),
            default=1.0,
        )
        scale = scale if np.isfinite(scale) and scale > 0 else 1.0
        read = [
            None if one is None else readings_of(parameter.pieces, one, value_of, scale, self.tolerance)
            for parameter, one in zip(self.parameters, references, strict=True)
        ]
        factor = self._common_factor(read)
        hits = [None if pieces is None else self._hits(pieces, factor) for pieces in read]
        could_be = [one for own in hits if own for one in ratios_of(own, self.tolerance)]
        ratio = 1.0 if self.is_exact else most_common(could_be, self.tolerance)
        each = []
        for place, (pieces, own) in enumerate(zip(read, hits, strict=True)):
            verdict = self._judged(pieces, own, ratio, place)
            if verdict.kind == "factor":
                ratios = [ratio] if self.parameters[place].is_updated else could_be
                verdict = self._with_own_rate(verdict, place, pieces, ratios, factor)
            if self.is_exact and verdict.is_right and not all(map(self._has_itself, pieces or ())):
                verdict = verdict._replace(kind="factor")
            if pieces is not None and len(pieces) > 1:
                right = (verdict.is_right or self._is_right_piece(readings, factor) for readings in pieces)
                verdict = verdict._replace(pieces=tuple(right))
            if self.parameters[place].old.id in self.doubtful and not verdict.is_right:
                verdict = verdict._replace(kind="unknown")
            each.append(verdict)
        return GradientVerdicts(factor, ratio, tuple(each))

    # ---- the common factor

    def _common_factor(self, read: Sequence[Pieces | None]) -> float | None:
        """Return the factor for which most parameters vote; of several, that of the most exact gradients.

        What is updated goes before what only has a gradient, whose rate is not known.
        """
        for trained, strict in itertools.product(
            sorted({self.is_trained, False}, reverse=True), (True, False)
        ):
            votes: list[Reading] = []
            for parameter, pieces in zip(self.parameters, read, strict=True):
                if pieces is None or (trained and not parameter.is_updated):
                    continue
                is_single = np.size(parameter.old.like) == 1
                if not (strict and is_single and not self.all_single):
                    votes += self._votes(pieces)
            if votes:
                return self._elected(votes)
        return None

    def _votes(self, pieces: Pieces) -> list[Reading]:
        """Return for each factor that one parameter could have the reading nearest to its reference."""
        known = [readings for readings in pieces if readings is not None]
        found: list[Reading] = []
        for reading in known[0] if known else ():
            allowed = reading.factor > 0 or self.may_grow
            if not allowed or any(self._agree(reading, one) for one in found):
                continue
            same = [one for one in known[0] if self._agree(one, reading) and one.is_natural]
            if same and all(any(self._agree(reading, other) for other in readings) for readings in known[1:]):
                found.append(min(same, key=_strangeness))
        return found

    def _agree(self, reading: Reading, other: Reading) -> bool:
        return near(reading.factor, other.factor, self.tolerance)

    def _elected(self, votes: Sequence[Reading]) -> float:
        parties: list[list[Reading]] = []
        for vote in votes:
            own = next((party for party in parties if self._agree(vote, party[0])), None)
            if own is None:
                parties.append([vote])
            else:
                own.append(vote)
        best = max(
            parties, key=lambda party: (len(party), party[0].factor > 0, -sum(map(_strangeness, party)))
        )
        return best[0].factor

    # ---- verdicts

    def _hits(self, pieces: Pieces, factor: float | None) -> Hits:
        """Return for each piece that proves anything the readings with the common factor."""
        if factor is None:
            return [[] for readings in pieces if readings is not None]
        return [
            [one for one in readings if near(one.factor, factor, self.tolerance)]
            for readings in pieces
            if readings is not None
        ]

    def _is_right_piece(self, readings: list[Reading] | None, factor: float | None) -> bool:
        return readings is None or bool(self._hits([readings], factor)[0])

    def _has_itself(self, readings: list[Reading] | None) -> bool:
        """Whether the reference itself is among what a step was made of; or -1 times it, which is added."""
        return readings is None or any(
            near(one.ratio, -1.0 if one.factor > 0 > one.ratio else 1.0, self.tolerance) for one in readings
        )

    def _judged(
        self, pieces: Pieces | None, hits: Hits | None, ratio: float | None, place: int
    ) -> GradientVerdict:
        deepest = self.deepest[place]
        if pieces is None or hits is None:
            return GradientVerdict("unknown", deepest)
        known = [readings for readings in pieces if readings is not None]
        if not known:
            return GradientVerdict("right", deepest, None, is_zero=True)
        if not all(known):
            return GradientVerdict("wrong", deepest)
        if all(hits):
            best = [min(own, key=lambda one: self._depth(one, ratio)) for own in hits]
            stripped = any(all(one.link.is_stripped for one in own) for own in hits)
            return GradientVerdict("right", best[-1].link.node, best[-1].ratio, leaves_decay_out=stripped)
        off = next(readings for readings, own in zip(known, hits, strict=True) if not own)
        nearest = min(off, key=lambda one: one.link.node.id)
        return GradientVerdict("factor", nearest.link.node, nearest.ratio)

    def _depth(self, reading: Reading, ratio: float | None) -> tuple[bool, bool, bool, int]:
        """Order readings: first what is as many times its reference as the others, with a name, deepest."""
        is_common = ratio is not None and near(reading.ratio, ratio, self.tolerance)
        node = reading.link.node
        return not is_common, not reading.is_natural, not node.names, node.id

    def _with_own_rate(
        self,
        verdict: GradientVerdict,
        place: int,
        pieces: Pieces | None,
        ratios: Sequence[float | None],
        factor: float | None,
    ) -> GradientVerdict:
        """Forgive a factor of its own where the gradient is as the others are, and only the rate differs."""
        if factor is None or pieces is None:
            return verdict
        is_updated = self.parameters[place].is_updated
        best = []
        for readings in pieces:
            own = [one for one in readings or () if self._is_among(one.ratio, ratios)]
            if not is_updated and self.is_trained:
                # What no step is made of may not be divided by the number of examples yet.
                own = own or [one for one in readings or () if self._is_sum_of(one.ratio, ratios)]
            if is_updated:
                own = [one for one in own if one.factor * factor > 0 and self._is_rate(one, factor)]
                own = [one for one in own if not one.link.is_inner]
            if readings is not None and not own:
                return verdict
            best += own[-1:]
        return verdict._replace(
            kind="right", gradient=best[-1].link.node, ratio=best[-1].ratio, has_own_rate=is_updated
        )

    def _is_among(self, ratio: float, ratios: Sequence[float | None]) -> bool:
        return any(one is not None and near(ratio, one, self.tolerance) for one in ratios)

    def _is_sum_of(self, ratio: float, ratios: Sequence[float | None]) -> bool:
        """Whether a gradient is an extent of the data times what the others are."""
        larger = [ratio / one for one in ratios if one is not None]
        return any(near(one, extent, self.tolerance) for one in larger for extent in self.extents)

    def _is_rate(self, reading: Reading, factor: float) -> bool:
        """Whether a factor differs from the common one as a rate does: not by an extent of the data."""
        quotient = reading.factor / factor
        larger = max(quotient, 1 / quotient)
        is_extent = any(extent > 1 and near(larger, extent, self.tolerance) for extent in self.extents)
        return not is_extent


def _strangeness(reading: Reading) -> float:
    """Return how far a gradient is from its reference: 0 where it is the same."""
    return abs(math.log(abs(reading.ratio)))


def _deepest_named(parameter: TrainedParameter) -> Node | None:
    """Return the deepest tensor of a chain that has a name; the deepest one if none has."""
    links = [link.node for piece in parameter.pieces[-1:] for link in piece.chain]
    named = [node for node in links if node.names]
    return (named or links)[-1] if links else None


__all__ = ["ZERO", "GradientVerdict", "GradientVerdicts", "Standard", "is_natural", "multiple"]
