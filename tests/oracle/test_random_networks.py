"""Three hundred random networks of all layer kinds against torch, and the extremes of its functions.

Half of them in float64, to a relative error of 1e-9, and half in float32, to 1e-4.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.program.program import with_backward
from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario

torch = pytest.importorskip("torch")
from tests.oracle import test_right_networks as right  # noqa: E402 (it imports torch)
from tests.oracle.test_right_networks import Network, functional  # noqa: E402

NETWORKS, PARTS = 300, 20
Adder = Callable[[Network], None]


def rms_norm(net: Network) -> None:
    features = net.output.shape[-1]
    net.add(
        "rms_norm",
        lambda x, gamma: functional.rms_norm(x, (features,), gamma, 1e-3),
        {"eps": 1e-3},
        gamma=net.numbers(features),
    )


def append_ones(net: Network) -> None:
    net.add("append_ones", lambda x: torch.cat((x, torch.ones_like(x[..., :1])), dim=-1), {})


def attention(net: Network) -> None:
    causal = bool(net.random.random() < 0.5)
    net.add(
        "scaled_dot_product_attention",
        lambda x: functional.scaled_dot_product_attention(x, x, x, is_causal=causal),
        {"causal": causal},
    )


def convolution_1d(net: Network) -> None:
    stride, channels = int(net.random.integers(1, 3)), net.output.shape[1]
    net.add(
        "conv1d",
        lambda x, w, b: functional.conv1d(x, w, b, stride=stride, padding=1),
        {"stride": stride, "padding": 1},
        w=net.numbers(2, channels, 3),
        b=net.numbers(2),
    )


def transposed_convolution(net: Network) -> None:
    channels = net.output.shape[1]
    net.add(
        "conv_transpose2d",
        lambda x, w, b: functional.conv_transpose2d(x, w, b, stride=2),
        {"stride": 2},
        w=net.numbers(channels, 2, 2, 2),
        b=net.numbers(2),
    )


def upsample(net: Network) -> None:
    net.add("upsample", lambda x: functional.interpolate(x, scale_factor=2), {"scale": 2})


def global_average(net: Network) -> None:
    net.add("global_avg_pool", lambda x: x.mean((2, 3)), {})


def reshape(net: Network) -> None:
    net.add("reshape", lambda x: x.reshape(len(x), -1, 1), {"shape": [-1, 1]})


def embedding(net: Network) -> None:
    net.add("embedding", lambda x, w: functional.embedding(x, w), {}, w=net.numbers(5, 3))


def joined(kind: str, join: Callable) -> Adder:
    """Read the layer before twice over, once through an activation."""

    def add(net: Network) -> None:
        before = net.output
        right.activation(net)
        first = f"l{net.number - 1}" if net.number > 1 else "input"
        net.add(kind, lambda x: join(before, x), {"inputs": [first, f"l{net.number}"]})

    return add


JOINED = [
    joined("add", torch.add),
    joined("residual", torch.add),
    joined("multiply", torch.mul),
    joined("concat", lambda x, y: torch.cat((x, y), dim=1 if x.ndim == 4 else -1)),
]
ANY = [right.dense, right.activation, right.dropout, right.layer_norm, rms_norm, *JOINED]
SENTENCES = [attention, *map(right.recurrent, ("rnn", "lstm", "gru")), *ANY]
IMAGES = [
    right.convolution,
    transposed_convolution,
    right.batch_norm,
    right.max_pooling,
    right.mean_pooling,
    upsample,
    right.activation,
    *JOINED,
]
FAMILIES: dict[str, tuple[tuple[int, ...], list[Adder], list[Adder]]] = {
    "table": ((4,), [append_ones, right.batch_norm, *ANY], []),
    "words": ((3,), SENTENCES, []),
    "sentences": ((3, 4), SENTENCES, []),
    "signals": ((2, 6), [convolution_1d, right.activation, *JOINED], [right.flatten]),
    "images": ((2, 6, 5), IMAGES, [global_average, right.flatten, right.flatten]),
}
"""Family -> the shape of an example, the layers that it has, and one of those that end it."""


def random_network(seed: int) -> tuple[Network, str]:
    """Return a network, and the text of its scenario."""
    random = np.random.default_rng(seed)
    family = str(random.choice([*FAMILIES]))
    shape, layers, ends = FAMILIES[family]
    layout = str(random.choice(["columns", "rows"])) if family == "table" else "rows"
    net = Network(random, layout, "out_in", torch.float32 if seed % 2 else torch.float64)
    batch = int(random.choice([2, 3, 5] if right.batch_norm in layers else [1, 2, 5]))
    if family == "words":
        a0 = random.integers(0, 5, (batch, *shape))
        net.tensors["a0"] = torch.tensor(a0)
        embedding(net)
    else:
        a0 = random.normal(size=(batch, *shape))
        net.tensors["a0"] = net.leaves["a0"] = net.tensor(a0).requires_grad_()
    for _ in range(int(random.integers(2, 6))):
        random.choice(layers)(net)
    if ends:
        random.choice(ends)(net)
    if net.output.ndim == 3 and random.random() < 0.3:
        right.flatten(net)
        reshape(net)
    incoming = random.normal(size=tuple(net.output.shape))
    net.output.backward(net.tensor(incoming))
    head = f'layout = "{layout}"\ndtype = "{str(net.dtype).partition(".")[2]}"\n'
    tables = (
        table.replace("[[layers]]", f'[[layers]]\nname = "l{number}"', 1)
        for number, table in enumerate(net.tables, start=1)
    )
    inputs = f"[inputs]\na0 = {json.dumps(net.laid_out('a', a0).tolist())}\n"
    gradient = f"\n[gradient]\nda{net.number} = {net.written('a', incoming)}\n"
    return net, head + inputs + "\n".join(tables) + gradient


@pytest.mark.parametrize("part", range(PARTS))
def test_all_values_and_gradients(part: int, tmp_path: Path) -> None:
    for seed in range(part, NETWORKS, PARTS):
        net, text = random_network(seed)
        path = tmp_path / "network.toml"
        path.write_text(text)
        case = load_scenario(path)
        values = run(case.program, case.values).values
        rtol = 1e-4 if net.dtype == torch.float32 else 1e-9
        theirs = {**net.tensors, **net.leaves}
        right_values = {name: tensor.detach().numpy() for name, tensor in theirs.items()}
        right_values |= {f"d{name}": one.grad.numpy() for name, one in theirs.items() if one.grad is not None}
        largest = max(float(np.abs(value).max()) for name, value in right_values.items() if name[0] == "d")
        compared = 0
        for name, value in right_values.items():
            if name not in values:
                continue  # a sum that torch sees, and the program has within another statement
            wanted = net.laid_out(name.removeprefix("d"), value)
            # A gradient that cancels to nearly nothing has lost its digits in both.
            scale = max(float(np.abs(wanted).max()), 0.05 * largest, 1e-6)
            assert values[name].dtype == case.dtype or name == "a0"
            np.testing.assert_allclose(
                values[name], wanted, rtol=0, atol=rtol * scale, err_msg=f"{seed}: {name}"
            )
            compared += 1
        assert compared > len(net.leaves)


def test_every_layer_kind_is_among_them() -> None:
    texts = "".join(random_network(seed)[1] for seed in range(NETWORKS))
    missing = {kind for kind in LAYER_KINDS if f'kind = "{kind}"' not in texts}
    assert missing <= ACTIVATIONS.keys()


EXTREMES = [
    1e308,
    -1e308,
    math.inf,
    -math.inf,
    5e-324,
    -5e-324,
    1e-310,
    0.0,
    -0.0,
    40.0,
    -40.0,
    745.0,
    -745.0,
]
"""The largest numbers, infinities, the smallest, and where an exponential ends."""


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"identity", "softmax", "log_softmax"}))
def test_an_activation_of_extremes(name: str) -> None:
    x = torch.tensor(EXTREMES, dtype=torch.float64, requires_grad=True)
    y = right.activated(name, x)
    y.sum().backward()
    program = with_backward({"x": x.shape}, (Statement("y", parse(f"{name}(x)")),), "y")
    given = {"x": x.detach().numpy(), "dy": np.ones(len(EXTREMES))}
    values = run(program, given).values
    finite = np.isfinite(x.detach().numpy())
    for found, wanted in ((values["y"], y.detach().numpy()), (values["dx"], x.grad.numpy())):
        assert not np.isnan(found[finite]).any()
        known = finite & ~np.isnan(wanted)  # torch's own formulas lose some of the largest numbers
        np.testing.assert_allclose(found[known], wanted[known], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows_with_infinities(name: str) -> None:
    """A masked key has no share and no gradient; where all are masked there is no distribution."""
    rows = [[1.0, -math.inf, 2.0], [1e308, -1e308, 0.0], [5e-324, 0.0, -5e-324], [-math.inf] * 3]
    x = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    y = getattr(torch, name)(x, dim=-1)
    incoming = np.random.default_rng(1).normal(size=(4, 3))
    y.backward(torch.tensor(incoming))
    program = with_backward({"x": x.shape}, (Statement("y", parse(f"{name}(x, axis=-1)")),), "y")
    values = run(program, {"x": x.detach().numpy(), "dy": incoming}).values
    np.testing.assert_allclose(values["y"], y.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(values["dx"], x.grad.numpy(), rtol=1e-9, atol=1e-15)
