"""Optimizers against torch's: the parameters after 20 updates, to a relative error of 1e-9 in float64."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from bpdebug.engine.program.history import History
from bpdebug.sources.scenario import load_scenario
from tests.oracle.networks import Network, laid_out, networks, numbers, write
from tests.oracle.test_torch import torch_forward
from tests.tiers import examples

UPDATES = 20
RTOL = 1e-9
ROUNDING, MOST_GROWN = 1e-13, 1e-6
"""Some last digits, and the most that these may become: whatever is larger is a mistake."""
RATES = st.sampled_from((0.001, 0.02, 0.1))
DECAYS = st.sampled_from((0.0, 0.01, 0.2))
MOMENTA = st.sampled_from((0.0, 0.5, 0.9))
BETAS = {"beta1": st.sampled_from((0.0, 0.8, 0.9)), "beta2": st.sampled_from((0.9, 0.999))}
EPS = st.sampled_from((1e-8, 1e-3))
OPTIMIZERS = {
    "sgd": {"momentum": MOMENTA, "weight_decay": DECAYS, "nesterov": st.booleans()},
    "adam": {**BETAS, "eps": EPS, "weight_decay": DECAYS},
    "adamw": {**BETAS, "eps": EPS, "weight_decay": DECAYS},
    "rmsprop": {
        "alpha": st.sampled_from((0.9, 0.99)),
        "eps": EPS,
        "momentum": MOMENTA,
        "weight_decay": DECAYS,
    },
}
CLIPS = st.sampled_from(({}, {"clip_value": 0.05}, {"clip_norm": 0.1}, {"clip_norm": 0.3, "clip_value": 0.1}))


@st.composite
def optimizers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an optimizer with its settings, as a scenario has them."""
    kind = draw(st.sampled_from(sorted(OPTIMIZERS)))
    drawn = {name: draw(values) for name, values in OPTIMIZERS[kind].items()}
    if not drawn.get("momentum", 1):
        drawn.pop("nesterov", None)
    return {"kind": kind, "learning_rate": draw(RATES), **drawn, **draw(CLIPS)}


def torch_parameters(network: Network, table: dict[str, Any], nudge: float = 0.0) -> dict[str, np.ndarray]:
    """Return the parameters after the updates, in torch's layout; all begin a little aside."""
    import torch

    options = {key: value for key, value in table.items() if key != "kind" and not key.startswith("clip")}
    options["lr"] = options.pop("learning_rate")
    if "beta1" in options:
        options["betas"] = (options.pop("beta1"), options.pop("beta2"))
    leaves = {name: torch.tensor(value) for name, value in numbers(network).items()}
    chance = np.random.default_rng(0)
    leaves |= {
        name: leaf * torch.tensor(1 + nudge * chance.normal(size=tuple(leaf.shape)))
        for name, leaf in leaves.items()
        if name[0] in "wb"
    }
    parameters = {name: leaf.requires_grad_() for name, leaf in leaves.items() if name[0] in "wb"}
    classes = {
        "sgd": torch.optim.SGD,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
    }
    optimizer = classes[table["kind"]](parameters.values(), **options)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        torch_forward(network, leaves)[0].backward()
        if "clip_norm" in table:
            torch.nn.utils.clip_grad_norm_(parameters.values(), table["clip_norm"])
        if "clip_value" in table:
            torch.nn.utils.clip_grad_value_(parameters.values(), table["clip_value"])
        optimizer.step()
    return {name: parameter.detach().numpy() for name, parameter in parameters.items()}


def shows_no_rounding(gradient: np.ndarray) -> bool:
    """Whether no element is next to nothing beside the largest: what is but rounding, Adam makes as large."""
    sizes = np.abs(gradient[gradient != 0])
    return not sizes.size or bool(sizes.min() > 1e-5 * sizes.max())


# A gradient at a kink, or one of nothing but rounding, is blown up by Adam: smooth losses tell more here.
@examples(3)
@given(network=networks(("mse", "bce_with_logits", "cross_entropy")), table=optimizers())
def test_parameters_after_some_updates(network: Network, table: dict[str, Any], tmp_path: Path) -> None:
    network = {**network, "batch_mean": "at_loss"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    path = write(network, tmp_path / "random.toml")
    text = path.read_text() + "\n[optimizer]\n" + "\n".join(lines)
    path.write_text(text + f"\n[training]\niterations = {UPDATES}\n")
    scenario = load_scenario(path)
    history = History(scenario.program, scenario.values, scenario.iterations)
    wanted = torch_parameters(network, table)
    if table["kind"] != "sgd":
        for update in (1, UPDATES):
            values = history.trace(update).values
            assume(all(shows_no_rounding(values[f"d{name}"]) for name in wanted))
    # What the last digits of the parameters become in torch itself.
    nudged = torch_parameters(network, table, ROUNDING)
    last = history.trace(UPDATES).values
    for name, value in wanted.items():
        right = laid_out(name, value, network)
        scale = max(float(np.abs(right).max()), 1e-3)
        grown = float(np.abs(nudged[name] - value).max())
        atol = RTOL * scale + min(grown, MOST_GROWN * scale)
        np.testing.assert_allclose(last[f"{name}_new"], right, rtol=0, atol=atol, err_msg=name)
