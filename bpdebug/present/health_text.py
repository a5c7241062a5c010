"""The Health panel as text: a row for each layer, its numbers as bars, and the findings below.

Nothing is told by colour alone: a sick layer has a cross before it and a word behind it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bpdebug.engine.health import HealthFinding, LayerHealth
from bpdebug.engine.health.gradients import EXPLODING_RATIO, VANISHING_RATIO
from bpdebug.engine.language.printing import written_number
from bpdebug.present.entries import cut

SICK = "✗"
EIGHTHS = "▏▎▍▌▋▊▉█"
LABELS = ("mean |dw|", "‖dw‖/‖w‖", "saturated", "dead")
NUMBER, SHARE = 7, 5
"""Characters of a size (`2.1e-07`) and of a share (`100%`)."""
FIXED = 2 + 2 * (NUMBER + 1) + 2 * (SHARE + 1) + 4
"""Characters of a row that no width changes: the mark, the numbers, and the gaps beside the bars."""
NAMES = 32
"""Characters that the layer's name and the verdict need together before bars grow."""
SHORTEST_BAR, LONGEST_BAR = 3, 10
"""The heads of the columns need the shortest; a longer one than the longest tells no more."""
BOUNDS: Mapping[str, Callable[[float], bool]] = {
    "vanishing": lambda ratio: ratio < VANISHING_RATIO,
    "exploding": lambda ratio: ratio > EXPLODING_RATIO,
}
"""What is found at the first layer, by its gradient against that of the last, others may have too."""
FEWEST_DECADES = 3
"""A logarithmic bar spans at least so many powers of ten: layers that learn alike look alike."""


@dataclass(frozen=True)
class HealthText:
    """What the panel says of a run.

    Attributes
    ----------
    layers : tuple of LayerHealth
        The numbers of every layer.
    findings : tuple of HealthFinding
        All findings.
    """

    layers: tuple[LayerHealth, ...]
    findings: tuple[HealthFinding, ...]

    @cached_property
    def sick(self) -> dict[int, tuple[str, ...]]:
        """For the number of each offending layer, the names of its conditions in words, each once."""
        conditions: dict[int, dict[str, None]] = {}
        for finding in self.chosen:
            conditions.setdefault(finding.layer, {})[finding.condition.replace("_", " ")] = None
        return {layer: tuple(words) for layer, words in conditions.items() if layer}

    @cached_property
    def touched(self) -> frozenset[int]:
        """The numbers of the layers with a finding, their own or one that they have only taken over."""
        return frozenset(finding.layer for finding in self.findings)

    @cached_property
    def scales(self) -> tuple[LogScale, LogScale]:
        """The scales of the first two columns, over all layers."""
        return (
            LogScale.over(health.mean_gradient for health in self.layers),
            LogScale.over(health.gradient_ratio for health in self.layers),
        )

    @cached_property
    def chosen(self) -> tuple[HealthFinding, ...]:
        """The findings worth a line: what a tensor has only taken over is mended at its origin."""
        return tuple(finding for finding in self.findings if finding.is_producer or not finding.origin)

    @cached_property
    def followers(self) -> Counter[str]:
        """For each producer of numbers that are not finite, how many tensors have taken them over."""
        return Counter(finding.origin for finding in self.findings if not finding.is_producer)

    def header(self, width: int) -> str:
        """Write the heads of the columns."""
        name, bar, verdict = columns(width)
        labels = [
            f" {label:<{number + 1 + bar}}"
            for label, number in zip(LABELS, (NUMBER, NUMBER, SHARE, SHARE), strict=True)
        ]
        return f"  {'layer':<{name}}{''.join(labels)}{' verdict':<{verdict}}"

    def row(self, place: int, width: int) -> str:
        """Write the row of the layer at a place, from 0."""
        name, bar, verdict = columns(width)
        health, (mean_scale, ratio_scale) = self.layers[place], self.scales
        number, words = health.layer.number, self.sick.get(health.layer.number, ())
        cells = [
            f" {size_text(health.mean_gradient)} {mean_scale.bar(health.mean_gradient, bar)}",
            f" {size_text(health.gradient_ratio)} {ratio_scale.bar(health.gradient_ratio, bar)}",
            f" {share_text(health.saturated_share)} {bar_text(health.saturated_share or 0, bar)}",
            f" {share_text(health.dead_share)} {bar_text(health.dead_share or 0, bar)}",
        ]
        more = f" +{len(words) - 1}" if len(words) > 1 else ""
        shared = "passes it on" if number in self.touched else self.shared(health)
        own = words[0] if words else shared or "healthy"
        said = cut(own, verdict - 1 - len(more)) + more
        title = cut(f"{number} {health.layer.title}", name)
        return f"{SICK if words else ' '} {title:<{name}}{''.join(cells)} {said:<{verdict - 1}}"

    def shared(self, health: LayerHealth) -> str:
        """Say of a layer that it has what was found at the first one: its gradient is as tiny, or as huge."""
        found = {finding.condition for finding in self.chosen} & BOUNDS.keys()
        sizes = [layer.mean_gradient for layer in self.layers if layer.mean_gradient]
        if not found or not sizes or not health.mean_gradient:
            return ""
        ratio = health.mean_gradient / sizes[-1]
        return next((f"{condition} too" for condition in found if BOUNDS[condition](ratio)), "")

    def finding(self, finding: HealthFinding) -> tuple[str, str, str]:
        """Write a finding: what and where, the numbers, and the advice."""
        place = [finding.condition.replace("_", " "), finding.tensor]
        place += [f"layer {finding.layer}"] if finding.layer else []
        place += [f"step {finding.position}" if finding.position else "given"]
        followers = self.followers[finding.tensor] if finding.origin else 0
        tensors = "1 tensor takes it over" if followers == 1 else f"{followers} tensors take it over"
        numbers = f"{finding.text}; {tensors}" if followers else finding.text
        return f"{SICK} {' · '.join(place)}", numbers, finding.advice


@dataclass(frozen=True, slots=True)
class LogScale:
    """A logarithmic scale for the sizes of several layers: the power of ten of the largest, and the span."""

    top: float
    decades: float

    @classmethod
    def over(cls, sizes: Iterable[float | None]) -> LogScale:
        """Return the scale that shows all these sizes."""
        powers = [math.log10(size) for size in sizes if size and math.isfinite(size)]
        top, lowest = max(powers, default=0.0), min(powers, default=0.0)
        # One power more than there is between them, so that the smallest still has a bar.
        return cls(top, max(FEWEST_DECADES, top - lowest + 1))

    def bar(self, size: float | None, width: int) -> str:
        """Draw a size; what is missing, 0 or no number has no bar."""
        if not size or not math.isfinite(size):
            return " " * width
        return bar_text(1 - (self.top - math.log10(size)) / self.decades, width)


def columns(width: int) -> tuple[int, int, int]:
    """Share out the width of a row: characters of the layer's name, of a bar, and of the verdict."""
    bar = min(max(SHORTEST_BAR, (width - FIXED - NAMES) // 4), LONGEST_BAR)
    rest = max(2, width - FIXED - 4 * bar)
    return rest // 2, bar, rest - rest // 2


def bar_text(fraction: float, width: int) -> str:
    """Draw a bar of block characters; a fraction that is not 0 shows at least its thinnest."""
    eighths = max(round(fraction * width * 8), int(fraction > 0))
    full, rest = divmod(eighths, 8)
    return (EIGHTHS[-1] * full + (EIGHTHS[rest - 1] if rest else "")).ljust(width)


def size_text(size: float | None) -> str:
    """Write a size in the characters that it has; a dash where there is none."""
    if size is None:
        return "–".rjust(NUMBER)
    text = written_number(size, 2)
    return (text if len(text) <= NUMBER else written_number(size, 1)).rjust(NUMBER)


def share_text(share: float | None) -> str:
    """Write a share in percent; a dash where there is none."""
    return ("–" if share is None else f"{share:.0%}").rjust(SHARE)


def summary(findings: Sequence[HealthFinding]) -> str:
    """Say how many findings there are."""
    if not findings:
        return "No finding: all numbers are finite, units respond, and gradients arrive."
    return "1 finding" if len(findings) == 1 else f"{len(findings)} findings"


def next_finding(findings: tuple[HealthFinding, ...], position: int) -> HealthFinding | None:
    """Return the first producer of numbers that are not finite; where there is none, the finding after here.

    Behind the last one comes the first again.
    """
    producers = [finding for finding in findings if finding.is_producer]
    later = [finding for finding in findings if finding.position > position]
    return next(iter((*producers, *later, *findings)), None)
