"""The standard where there are several losses: each steps its parameters with a factor of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.readings import near
from bpdebug.sources.script.analysis.standard import Standard
from bpdebug.sources.script.analysis.verdicts import GradientVerdict, GradientVerdicts
from bpdebug.sources.script.recorder.records import ValueOf


class GroupedStandard(Standard):
    """Judges the gradients of each group of parameters by themselves.

    Parameters
    ----------
    parameters : sequence of TrainedParameter
        With their chains.
    may_grow, extents : bool, collection of int
        As of a `Standard`.
    groups : sequence of collection of str
        The names of the parameters of each group.
    """

    def __init__(
        self,
        parameters: Sequence[TrainedParameter],
        may_grow: bool,
        extents: frozenset[int],
        groups: Sequence[Collection[str]],
    ) -> None:
        super().__init__(parameters, may_grow, extents)
        self.groups = groups
        own = ([one for one in parameters if one.name in names] for names in groups)
        self._standards = [Standard(one, may_grow, extents) for one in own]

    def verdicts(self, value_of: ValueOf, gradients: Mapping[int, Any]) -> GradientVerdicts:
        """Judge the gradient of each parameter; what the groups have not in common is None."""
        found: list[GradientVerdicts] = []
        by_name: dict[str, GradientVerdict] = {}
        for standard in self._standards:
            standard.tolerance = self.tolerance
            found.append(standard.verdicts(value_of, gradients))
            by_name.update(zip((one.name for one in standard.parameters), found[-1].each, strict=True))
        factor = self._common([one.factor for one in found])
        ratio = self._common([one.ratio for one in found])
        return GradientVerdicts(factor, ratio, tuple(by_name[one.name] for one in self.parameters))

    def _common(self, values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return known[0] if known and all(near(one, known[0], self.tolerance) for one in known) else None
