"""How often the planted mistake is the first diagnosis, and how long a diagnosis takes."""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter

import numpy as np

from bpdebug.verify.check import check
from tests.verify.planted import gradients, mistakes, network, passes

SIZES = ((3, 4, 2), (4, 3, 5, 2), (6, 5, 4, 3))
FAMILIES = ("sigmoid", "tanh", "relu", "leaky_relu", "silu", "softplus", "identity")


def planted(seeds: int = 1):
    """Yield networks and mistakes."""
    for seed, sizes in itertools.product(range(seeds), SIZES):
        for first, second in itertools.product(FAMILIES, FAMILIES):
            activations = tuple(itertools.islice(itertools.cycle((first, second)), len(sizes) - 1))
            net = network(sizes, activations, 5, seed)
            for layer in range(1, net.depth + 1):
                for mistake in mistakes(net, layer):
                    if mistake.formulas:
                        yield net, mistake


def main() -> None:
    """Print what was found."""
    hits, total, blamed, misses, times = 0, 0, 0, Counter(), []
    for net, mistake in itertools.islice(planted(), 0, None, int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        values = passes(net, {mistake.tensor: mistake.wrong})
        begin = time.perf_counter()
        report = check(net.program, net.values, gradients(net, values))
        times.append(time.perf_counter() - begin)
        wrong = [tensor for tensor in report.tensors if tensor.verdict == "wrong"]
        reference = passes(net)
        if np.allclose(values[mistake.tensor], reference[mistake.tensor]) if values[mistake.tensor].shape == reference[mistake.tensor].shape else False:
            continue
        total += 1
        right_place = [tensor.name for tensor in wrong] == [mistake.tensor]
        blamed += right_place
        first = wrong[0].diagnoses[0].formula if wrong and wrong[0].diagnoses else "nothing"
        if right_place and first in mistake.formulas:
            hits += 1
        else:
            misses[mistake.name, mistake.formulas[0], first if right_place else str([t.name for t in wrong])] += 1
    print(f"{hits} of {total} first ({100 * hits / total:.1f} %), {blamed} blamed rightly; median {np.median(times):.3f} s, worst {max(times):.2f} s")
    for miss, count in misses.most_common(40):
        print(count, miss)


if __name__ == "__main__":
    main()
