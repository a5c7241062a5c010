"""Recurrent layers against torch's: forward and all gradients, one layer and two, all states and the last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.oracle.test_layer_kinds import assert_agrees, random

torch = pytest.importorskip("torch")

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
MODULES = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
CASES = [("rnn", "tanh"), ("rnn", "relu"), ("lstm", ""), ("gru", "")]
PARAMETERS = {"w_ih": "weight_ih_l0", "w_hh": "weight_hh_l0", "b_ih": "bias_ih_l0", "b_hh": "bias_hh_l0"}


def states_of(kind: str, activation: str, given: dict, number: int, inputs: object) -> object:
    """Return the states that torch's module computes from the parameters of a layer."""
    own = {
        theirs: given[f"{ours}{number}"] for ours, theirs in PARAMETERS.items() if f"{ours}{number}" in given
    }
    choice = {"nonlinearity": activation} if activation else {}
    module = getattr(torch.nn, MODULES[kind])(
        own["weight_ih_l0"].shape[1],
        own["weight_hh_l0"].shape[1],
        bias="bias_ih_l0" in own,
        batch_first=True,
        dtype=torch.float64,
        **choice,
    )
    return torch.func.functional_call(module, own, (inputs,))[0]


def parameters_of(kind: str, number: int, features: int, hidden: int, bias: bool) -> dict[str, np.ndarray]:
    rows = GATES[kind] * hidden
    shapes = {"w_ih": (rows, features), "w_hh": (rows, hidden)}
    shapes |= {"b_ih": (rows,), "b_hh": (rows,)} if bias else {}
    values = random(10 * number + features, *shapes.values())
    return {f"{role}{number}": 0.5 * value for role, value in zip(shapes, values, strict=True)}


def table(kind: str, activation: str, number: int, output: str, bias: bool) -> str:
    roles = [role for role in PARAMETERS if bias or not role.startswith("b")]
    lines = ["[[layers]]", f'kind = "{kind}"', f'output = "{output}"']
    lines += [f'activation = "{activation}"'] if activation else []
    return "\n".join([*lines, *(f"{role} = <{role}{number}>" for role in roles)]) + "\n"


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("output", ["all", "last"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("kind", "activation"), CASES)
def test_two_layers(kind: str, activation: str, bias: bool, output: str, seed: int, tmp_path: Path) -> None:
    sizes = np.random.default_rng(seed).integers(1, 5, 5)
    batch, features, first, second, times = (int(size) for size in sizes)
    given = {"a0": random(seed, (batch, times + 1, features))[0]}
    given |= parameters_of(kind, 1, features, first, bias) | parameters_of(kind, 2, first, second, bias)

    def forward(leaves: dict) -> object:
        states = states_of(kind, activation, leaves, 1, leaves["a0"])
        states = states_of(kind, activation, leaves, 2, states)
        return states[:, -1] if output == "last" else states

    layers = table(kind, activation, 1, "all", bias) + table(kind, activation, 2, output, bias)
    assert_agrees(tmp_path, layers, given, forward, "a2")


@pytest.mark.parametrize(("kind", "activation"), CASES)
def test_a_single_step(kind: str, activation: str, tmp_path: Path) -> None:
    given = {"a0": random(1, (2, 1, 3))[0]} | parameters_of(kind, 1, 3, 2, bias=True)
    layers = table(kind, activation, 1, "all", bias=True)
    assert_agrees(
        tmp_path, layers, given, lambda leaves: states_of(kind, activation, leaves, 1, leaves["a0"]), "a1"
    )


@pytest.mark.parametrize("weight_shape", ["out_in", "in_out"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_gru_whose_reset_gate_stands_before_the_product(
    bias: bool, weight_shape: str, tmp_path: Path
) -> None:
    """As Cho et al. wrote it; torch has no module of it, but derives its gradients all the same."""
    hidden = 2
    given = {"a0": random(6, (3, 3, 4))[0]} | parameters_of("gru", 1, 4, hidden, bias)
    if weight_shape == "in_out":
        given |= {name: given[name].T for name in ("w_ih1", "w_hh1")}

    def forward(leaves: dict) -> object:
        turned = (lambda w: w) if weight_shape == "in_out" else (lambda w: w.T)
        w, u = turned(leaves["w_ih1"]), turned(leaves["w_hh1"])
        b, c = (leaves.get(name, torch.zeros(3 * hidden)) for name in ("b_ih1", "b_hh1"))
        h, states = torch.zeros(3, hidden, dtype=torch.float64), []
        for x in leaves["a0"].unbind(1):
            x_r, x_z, x_n = (x @ w + b).split(hidden, dim=1)
            h_r, h_z = (h @ u[:, : 2 * hidden] + c[: 2 * hidden]).split(hidden, dim=1)
            r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
            n = torch.tanh(x_n + (r * h) @ u[:, 2 * hidden :] + c[2 * hidden :])
            h = (1 - z) * n + z * h
            states.append(h)
        return torch.stack(states, dim=1)

    layers = table("gru", "", 1, "all", bias).replace("output", 'form = "reset_before"\noutput')
    assert_agrees(tmp_path, layers, given, forward, "a1", weight_shape)
