"""The health of each layer in four numbers: how fast it learns, and how many of its units do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bpdebug.engine.health.gradients import WEIGHT
from bpdebug.engine.health.sizes import mean_size, norm
from bpdebug.engine.health.units import Census, count_dead, count_saturated
from bpdebug.engine.program.block import Block
from bpdebug.engine.program.trace import Trace


@dataclass(frozen=True, slots=True)
class LayerHealth:
    """Four numbers of one layer; each is None where the layer has no such thing or the run no gradients.

    Attributes
    ----------
    layer : Block
        The layer.
    mean_gradient : float or None
        The mean of |dw|.
    gradient_ratio : float or None
        ‖dw‖ / ‖w‖: how far one step with learning rate 1 would move the weights, relative to them.
    saturated_share : float or None
        How large a part of its sigmoid and tanh units is saturated.
    dead_share : float or None
        How large a part of its relu units is off for all examples.
    """

    layer: Block
    mean_gradient: float | None
    gradient_ratio: float | None
    saturated_share: float | None
    dead_share: float | None


def layer_health(trace: Trace) -> tuple[LayerHealth, ...]:
    """Measure every layer of a run; the findings of a layer are those of `examine` with its number."""
    saturated, dead = _shares(count_saturated(trace)), _shares(count_dead(trace))
    return tuple(
        LayerHealth(
            layer, *_gradient_sizes(layer, trace), saturated.get(layer.number), dead.get(layer.number)
        )
        for layer in trace.program.blocks
    )


def _gradient_sizes(layer: Block, trace: Trace) -> tuple[float | None, float | None]:
    weights = layer.tensors.get(WEIGHT, "")
    gradient = trace.values.get(trace.program.index.gradient_of.get(weights, ""))
    if gradient is None:
        return None, None
    size = norm(trace.values[weights])
    return mean_size(gradient), norm(gradient) / size if size else None


def _shares(counts: Iterable[Census]) -> dict[int, float]:
    """Add up the counts of each layer, and return the share of its units that is affected."""
    affected: dict[int, int] = {}
    total: dict[int, int] = {}
    for census in counts:
        number = census.statement.layer
        affected[number] = affected.get(number, 0) + census.affected
        total[number] = total.get(number, 0) + census.total
    return {number: affected[number] / total[number] for number in total}
