"""A thousand right networks as people write them: of any layers, layout, names and conventions.

Their gradients are torch's, so that the rounding is another's. None of them is called wrong.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.network.losses import LOSS_KINDS
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.mine_files import read_mine_files

torch = pytest.importorskip("torch")
functional = torch.nn.functional

NETWORKS, PARTS = 1_000, 40
Values = dict[str, np.ndarray]
Tensor = Any
PLAIN = tuple(name for name in ACTIVATIONS if name not in ("softmax", "log_softmax"))


@dataclass
class Network:
    """A network that grows layer by layer: its file, its numbers, and the same computed by torch."""

    random: np.random.Generator
    layout: str
    weight_shape: str
    dtype: Tensor
    leaves: dict[str, Tensor] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        return len(self.tables)

    @property
    def output(self) -> Tensor:
        return self.tensors[f"a{self.number}"]

    def tensor(self, values: np.ndarray) -> Tensor:
        return torch.tensor(values, dtype=self.dtype)

    def numbers(self, *shape: int) -> np.ndarray:
        return self.random.normal(size=shape) / math.sqrt(shape[-1])

    def add(self, kind: str, compute: Callable[..., Tensor], settings: Mapping[str, Any], **own: Any) -> None:
        """Add a layer: `compute` gets what comes in and the layer's parameters, in torch's layout."""
        before, number = self.output, self.number + 1
        given = {role: self.tensor(value).requires_grad_() for role, value in own.items()}
        self.leaves |= {f"{role}{number}": leaf for role, leaf in given.items()}
        made = compute(before, **given)
        made = made if isinstance(made, dict) else {"a": made}
        for role, tensor in made.items():
            tensor.retain_grad()
            self.tensors[f"{role}{number}"] = tensor
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        lines += [f"{role} = {self.written(role, value)}" for role, value in own.items()]
        self.tables.append("\n".join(["[[layers]]", f'kind = "{kind}"', *lines]))

    def written(self, role: str, value: np.ndarray) -> str:
        return json.dumps(self.laid_out(role, value).tolist())

    def laid_out(self, role: str, value: np.ndarray) -> np.ndarray:
        """Return a tensor of torch's layout in that of the network."""
        if role.startswith("w"):
            return value.T if value.ndim == 2 and self.weight_shape == "in_out" else value
        if self.layout == "rows":
            return value
        return value.reshape(-1, 1) if value.ndim == 1 else value.T


def activated(name: str, z: Tensor) -> Tensor:
    special = {
        "identity": lambda: z * 1,
        "gelu_tanh": lambda: functional.gelu(z, approximate="tanh"),
        "softmax": lambda: torch.softmax(z, dim=-1),
        "log_softmax": lambda: torch.log_softmax(z, dim=-1),
    }
    return special[name]() if name in special else getattr(functional, name)(z)


def dense(net: Network, outputs: int = 0, activation: str = "") -> None:
    inputs = net.output.shape[-1]
    outputs = outputs or int(net.random.integers(2, 7))
    activation = activation or str(net.random.choice(PLAIN))
    own = {"w": net.numbers(outputs, inputs)}
    own |= {"b": net.numbers(outputs)} if net.random.random() < 0.7 else {}

    def compute(x: Tensor, w: Tensor, b: Tensor = None) -> dict[str, Tensor]:
        z = functional.linear(x, w, b)
        return {"z": z, "a": activated(activation, z)}

    net.add("dense", compute, {"activation": activation}, **own)


def activation(net: Network) -> None:
    name = str(net.random.choice(PLAIN[1:]))
    net.add(name, lambda x: activated(name, x), {})


def dropout(net: Network) -> None:
    """With a mask of the person's own, scaled or not."""
    keep = float(net.random.choice([0.8, 1.0]))
    mask = (net.random.random(tuple(net.output.shape)) < 0.8) / (0.8 if keep == 1 else 1)
    scaled = net.tensor(mask / keep)
    net.add("dropout", lambda x: x * scaled, {"keep": keep, "mask": net.laid_out("a", mask).tolist()})


def batch_norm(net: Network) -> None:
    features = net.output.shape[1]
    form = str(net.random.choice(["stages", "fused"]))
    net.add(
        "batch_norm",
        lambda x, gamma, beta: functional.batch_norm(x, None, None, gamma, beta, True, 0.1, 1e-5),
        {"form": form},
        gamma=net.numbers(features),
        beta=net.numbers(features),
    )


def layer_norm(net: Network) -> None:
    features = net.output.shape[-1]
    net.add(
        "layer_norm",
        lambda x, gamma, beta: functional.layer_norm(x, (features,), gamma, beta, 1e-5),
        {"form": str(net.random.choice(["stages", "fused"]))},
        gamma=net.numbers(features),
        beta=net.numbers(features),
    )


def recurrent(kind: str) -> Callable[[Network], None]:
    gates, module = {"rnn": (1, "RNN"), "lstm": (4, "LSTM"), "gru": (3, "GRU")}[kind]

    def add(net: Network, output: str = "all") -> None:
        features, hidden = net.output.shape[-1], int(net.random.integers(2, 5))
        rows = gates * hidden
        theirs = {"w_ih": "weight_ih_l0", "w_hh": "weight_hh_l0", "b_ih": "bias_ih_l0", "b_hh": "bias_hh_l0"}

        def compute(x: Tensor, **own: Tensor) -> Tensor:
            cell = getattr(torch.nn, module)(features, hidden, batch_first=True, dtype=x.dtype)
            given = {theirs[role]: leaf for role, leaf in own.items()}
            states = torch.func.functional_call(cell, given, (x,))[0]
            return states[:, -1] if output == "last" else states * 1

        shapes = {"w_ih": (rows, features), "w_hh": (rows, hidden), "b_ih": (rows,), "b_hh": (rows,)}
        net.add(kind, compute, {"output": output}, **{r: net.numbers(*s) for r, s in shapes.items()})

    return add


def convolution(net: Network) -> None:
    channels, outputs = net.output.shape[1], int(net.random.integers(1, 4))
    padding = int(net.random.integers(0, 2))
    net.add(
        "conv2d",
        lambda x, w, b: functional.conv2d(x, w, b, padding=padding),
        {"padding": padding},
        w=net.numbers(outputs, channels, 2, 2),
        b=net.numbers(outputs),
    )


def max_pooling(net: Network) -> None:
    net.add("max_pool2d", lambda x: functional.max_pool2d(x, 2, 1), {"size": 2, "stride": 1})


def mean_pooling(net: Network) -> None:
    net.add("avg_pool2d", lambda x: functional.avg_pool2d(x, 2, 1), {"size": 2, "stride": 1})


def flatten(net: Network) -> None:
    net.add("flatten", lambda x: x.flatten(1) * 1, {})


def random_network(random: np.random.Generator) -> tuple[Network, str]:
    """Return a network, and what its file begins with: a table, images or sentences through some layers."""
    family = str(random.choice(["table", "table", "images", "sentences"]))
    layout = str(random.choice(["columns", "rows"])) if family == "table" else "rows"
    dtype = torch.float32 if random.random() < 0.25 else torch.float64
    net = Network(random, layout, str(random.choice(["out_in", "in_out"])), dtype)
    batch = int(random.integers(2, 7))
    shapes = {
        "table": (batch, int(random.integers(2, 7))),
        "images": (batch, int(random.integers(1, 3)), 5, 4),
        "sentences": (batch, 3, int(random.integers(2, 5))),
    }
    a0 = random.normal(size=shapes[family])
    net.tensors["a0"] = net.leaves["a0"] = net.tensor(a0).requires_grad_()
    if family == "images":
        for layer in (convolution, random.choice([batch_norm, activation, max_pooling, mean_pooling])):
            layer(net)
        activation(net)
        flatten(net)
    if family == "sentences":
        net.weight_shape = "out_in"
        kinds = [recurrent("rnn"), recurrent("lstm"), recurrent("gru"), layer_norm, dense]
        random.choice(kinds)(net)
        recurrent(str(random.choice(["rnn", "lstm", "gru"])))(net, "last")
    middle = [dense, dense, activation, dropout, layer_norm, *([batch_norm] if batch > 2 else [])]
    for _ in range(int(random.integers(1, 4))):
        random.choice(middle)(net)
    return net, f"[inputs]\na0 = {json.dumps(net.laid_out('a', a0).tolist())}"


def ended(net: Network) -> tuple[str, Tensor]:
    """Add the last layer and a loss; return its table, and its value in torch."""
    random = net.random
    loss = str(random.choice([*LOSS_KINDS, "gradient"]))
    dense(net, int(random.integers(2, 5)), "sigmoid" if loss == "bce" else "identity")
    output = net.output
    if loss == "gradient":
        incoming = random.normal(size=tuple(output.shape))
        table = f"[gradient]\nda{net.number} = {net.written('a', incoming)}"
        return table, (output * net.tensor(incoming)).sum()
    wanted = str(random.choice(["mean", "sum", "batchmean"]))
    reduction = "sum" if wanted == "batchmean" else wanted
    if loss == "cross_entropy":
        classes = random.integers(output.shape[1], size=len(output))
        value = functional.cross_entropy(output, torch.tensor(classes), reduction=reduction)
        written = json.dumps(classes.tolist())
    else:
        target = random.uniform(size=tuple(output.shape))
        names = {
            "mse": "mse_loss",
            "squared_error": "mse_loss",
            "huber": "huber_loss",
            "bce": "binary_cross_entropy",
        }
        names |= {"bce_with_logits": "binary_cross_entropy_with_logits"}
        value = getattr(functional, names[loss])(output, net.tensor(target), reduction=reduction)
        value = value / 2 if loss == "squared_error" else value
        written = net.written("a", target)
    return f'[loss]\nkind = "{loss}"\nreduction = "{wanted}"\ntarget = {written}', value / (
        len(output) if wanted == "batchmean" else 1
    )


def gradients(net: Network, value: Tensor, case: Case) -> Values:
    """Return torch's gradients that the program has too, under its names and in its layout."""
    value.backward()
    tensors = {**net.tensors, **net.leaves}
    return {
        f"d{name}": net.laid_out(name, tensor.grad.numpy())
        for name, tensor in tensors.items()
        if f"d{name}" in case.program.positions
    }


def by_convention(found: Values, case: Case, ending: str, random: np.random.Generator) -> Values:
    """Return the same by another convention: a factor, 1/m elsewhere, deltas the other way round."""
    program = case.program
    trained = {program.index.gradient_of[name] for name in program.parameters}
    m, flowing, own = program.batch, 1.0, 1.0
    if "[loss]" in ending:
        n = math.prod(program.shapes[program.blocks[-1].tensors["prediction"]])
        if len(found) > 1:  # a factor of one tensor alone is a mistake
            flowing = own = float(random.choice([1, 1, 1, -1, 0.5, 2, m, n, n / 2, 1 / m, 0.01, -0.1]))
        if random.random() < 0.3 and 'mean"' in ending and own != 1 / m:
            flowing *= m
    found = {name: (own if name in trained else flowing) * value for name, value in found.items()}
    deltas = [name for name in found if name.startswith("dz")]
    if random.random() < 0.3:
        turned = {name for name in deltas if found[name].ndim == 2}
        found = {name: value.T if name in turned else value for name, value in found.items()}
    return found


def shared(found: Values, random: np.random.Generator) -> Values:
    """Return what a person hands in: the gradients of the parameters, those of the sums too, or all."""
    kinds = [("dw", "db", "dgamma", "dbeta"), ("dw", "db", "dgamma", "dbeta", "dz"), ("d",)]
    chosen = kinds[int(random.integers(3))]
    return {name: value for name, value in found.items() if name.startswith(chosen)}


STYLES: tuple[Callable[[str, str], str], ...] = (
    lambda role, number: f"d{role}{number}",
    lambda role, number: f"d{role.upper()}{number}",
    lambda role, number: f"grad_{role}_{number}",
    lambda role, number: f"dL_d{role}{number}",
    lambda role, number: f"nabla_{role}{number}",
    lambda role, number: f"{role.upper()}{number}.grad",
    lambda role, number: f"g{role.upper()}{number}",
)


def renamed(found: Values, random: np.random.Generator) -> Values:
    """Return the same under the names of some other code."""
    style = STYLES[int(random.integers(len(STYLES)))]

    def theirs(name: str) -> str:
        role = name[1:].rstrip("0123456789")
        return style(role, name[1 + len(role) :])

    return {theirs(name): value for name, value in found.items()}


def right_network(seed: int) -> tuple[str, Callable[[Case], Values]]:
    random = np.random.default_rng(seed)
    net, begins = random_network(random)
    ending, value = ended(net)
    head = f'layout = "{net.layout}"\nweight_shape = "{net.weight_shape}"'

    def mine(case: Case) -> Values:
        found = by_convention(shared(gradients(net, value, case), random), case, ending, random)
        return renamed(found, random)

    return "\n".join([head, begins, *net.tables, ending]), mine


def checked(seed: int, folder: Path) -> list[tuple[str, str, str]]:
    """Return what is called wrong of a right network."""
    text, mine = right_network(seed)
    path = folder / "network.toml"
    path.write_text(text)
    case = load_scenario(path)
    arrays = mine(case)
    np.savez(folder / "mine.npz", **arrays)
    found = read_mine_files([folder / "mine.npz"], case.program, {}, case.values)
    report = check_scenario(case, found.values)
    return [(t.name, t.verdict, t.note) for t in report.tensors if t.verdict in ("wrong", "innocent")]


@pytest.mark.parametrize("part", range(PARTS))
def test_none_of_a_thousand_right_networks_is_called_wrong(part: int, tmp_path: Path) -> None:
    for seed in range(part, NETWORKS, PARTS):
        assert checked(seed, tmp_path) == [], seed
