"""One iteration of `mnist_mlp` (784-512-256-10, batch 128, cross-entropy, SGD), against the same in PyTorch.

Both compute the gradient of the input too, and neither keeps anything from the iteration before. The memory
is the most that the run takes at once, against that of the tensors that it records.
"""

from __future__ import annotations

import importlib.util
import tracemalloc

import numpy as np

from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from tests.benchmarks.measure import Figure, figure, ratio

LEAVES = ("a0", "w1", "b1", "w2", "b2", "w3", "b3")
WHAT = "training step of mnist_mlp"


def measure() -> list[Figure]:
    """Compare the two, whose updated parameters must be the same."""
    scenario = load_scenario("mnist_mlp")
    return [*_speed(scenario), _memory(scenario)]


def _speed(scenario: Case) -> list[Figure]:
    if importlib.util.find_spec("torch") is None:
        return [Figure(f"{WHAT}: torch is not installed, see the extra `bench`", "", "")]
    import torch
    from torch.nn import functional

    given = scenario.values
    leaves = {name: torch.tensor(given[name]).requires_grad_() for name in LEAVES}
    target = torch.tensor(given["labels"]).long()
    rate = 0.1

    def theirs() -> dict[str, torch.Tensor]:
        a = leaves["a0"]
        for number in (1, 2, 3):
            z = functional.linear(a, leaves[f"w{number}"], leaves[f"b{number}"])
            a = z if number == 3 else torch.relu(z)
        loss = functional.cross_entropy(a, target)
        gradients = torch.autograd.grad(loss, list(leaves.values()))
        updated = zip(leaves.items(), gradients, strict=True)
        return {f"{name}_new": leaf.detach() - rate * gradient for (name, leaf), gradient in updated}

    values = run(scenario.program, given).values
    for name, value in theirs().items():
        if name in values:
            np.testing.assert_allclose(values[name], value.numpy(), rtol=1e-4, atol=1e-6)
    found = ratio(lambda: run(scenario.program, given), theirs, rounds=60)
    return [figure(f"{WHAT} / PyTorch on the CPU", found, goal=1.1)]


def _memory(scenario: Case) -> Figure:
    run(scenario.program, scenario.values)
    tracemalloc.start()
    trace = run(scenario.program, scenario.values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    recorded = sum(step.value.nbytes for step in trace.steps)
    return Figure(f"{WHAT}: peak memory / recorded tensors", f"{peak / recorded:.2f}", "≤ 1.2")
