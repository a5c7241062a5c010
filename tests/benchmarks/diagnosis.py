"""How often a planted mistake is the first diagnosis, and how long a search for it takes."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator

from bpdebug.verify.check import check
from bpdebug.verify.diagnosis import Bench, described, explanations
from tests.benchmarks.measure import Figure, seconds
from tests.verify.planted import ACTIVATIONS, Mistake, Network, gradients, mistakes, network, passes
from tests.verify.planted_layers import FAMILIES

SIZES = ((3, 4, 2), (4, 3, 5, 2), (6, 5, 4, 3))
EVERY = 3
"""One mistake in so many is tried; they come in the order of sizes, activations, layers and kinds."""
SEEDS = range(12)
"""Each family of layers is made with so many random options and numbers."""


def planted() -> Iterator[tuple[Network, Mistake]]:
    """Yield every mistake in every network."""
    for seed, (sizes, first, second) in enumerate(itertools.product(SIZES, ACTIVATIONS, ACTIVATIONS)):
        net = network(
            sizes, tuple(itertools.islice(itertools.cycle((first, second)), len(sizes) - 1)), 5, seed
        )
        for layer in range(1, net.depth + 1):
            for mistake in mistakes(net, layer):
                yield net, mistake


def is_first(net: Network, mistake: Mistake) -> bool:
    """Whether the tensor with the mistake, and no other, is called wrong, and the mistake is named first."""
    values = passes(net, {mistake.tensor: mistake.wrong})
    report = check(net.program, net.values, gradients(net, values))
    wrong = [tensor for tensor in report.tensors if tensor.verdict == "wrong"]
    if [tensor.name for tensor in wrong] != [mistake.tensor] or not wrong[0].diagnoses:
        return False
    return wrong[0].diagnoses[0].formula in mistake.formulas


def search_seconds() -> tuple[float, float]:
    """Return how long all single edits of a tensor take, and all pairs, where none explains it."""
    net = network((30, 40, 20), ("tanh", "sigmoid"), 16, 1)
    values = passes(net)
    bench = Bench(net.program)
    statement = next(entry for entry in net.program.statements if entry.name == "dz1")
    single = values["da1"]  # a single edit explains it
    neither = values["dz1"] ** 3 + 0.1  # nothing does, so that all pairs are tried
    given = net.program.shapes.keys()
    bench.elsewhere  # noqa: B018 (made once for all diagnoses of a program)
    return tuple(  # type: ignore[return-value]
        statistics.median(
            seconds(
                lambda mine=mine: described(bench, explanations(bench, statement, mine, values, given, 1e-8))
            )
            for _ in range(3)
        )
        for mine in (single, neither)
    )


def measure() -> list[Figure]:
    """Return the accuracy and the times."""
    tried = [is_first(net, mistake) for net, mistake in itertools.islice(planted(), 0, None, EVERY)]
    layers = [mistake.is_named for family in FAMILIES.values() for seed in SEEDS for mistake in family(seed)]
    single, pairs = search_seconds()
    return [
        Figure(
            f"true edit first, of {len(tried)} planted mistakes", f"{sum(tried) / len(tried):.1%}", "≥ 95 %"
        ),
        Figure(
            f"the same of {len(layers)} in layers of all kinds", f"{sum(layers) / len(layers):.1%}", "≥ 95 %"
        ),
        Figure("all single edits of a 40×16 tensor", f"{single:.3f} s", "< 0.2 s"),
        Figure("all pairs of edits of it", f"{pairs:.2f} s", "< 5 s"),
    ]
