"""A wrong gradient at every place of every kind of network: the check comes back, and blames it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.network.losses import LOSS_KINDS
from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.blame import judge
from bpdebug.verify.check import check_scenario
from bpdebug.verify.comparison import Tolerance
from tests.tiers import few

pytestmark = pytest.mark.usefixtures("little_tried")
BATCH, OUTPUTS = 3, 2
TABLE, PICTURE, SENTENCE = (BATCH, 4), (BATCH, 1, 4, 4), (BATCH, 2, 4)


def over_time(gates: int) -> dict[str, tuple[int, ...]]:
    return {"w_ih": (2 * gates, 4), "w_hh": (2 * gates, 2), "b_ih": (2 * gates,), "b_hh": (2 * gates,)}


FIRST: dict[str, tuple[tuple[int, ...], int, dict[str, Any]]] = {
    "dense": (TABLE, 3, {"w": (3, 4), "b": (3,)}),
    "add": (TABLE, 4, {"inputs": ["input", "input"]}),
    "residual": (TABLE, 4, {"inputs": ["input", "input"]}),
    "multiply": (TABLE, 4, {"inputs": ["input", "input"]}),
    "concat": (TABLE, 8, {"inputs": ["input", "input"]}),
    "batch_norm": (TABLE, 4, {"gamma": (4,), "beta": (4,)}),
    "layer_norm": (TABLE, 4, {"gamma": (4,), "beta": (4,)}),
    "rms_norm": (TABLE, 4, {"gamma": (4,)}),
    "dropout": (TABLE, 4, {"seed": 1}),
    "append_ones": (TABLE, 5, {"place": "first"}),
    "embedding": ((BATCH,), 3, {"w": (4, 3)}),
    "conv1d": ((BATCH, 1, 6), 8, {"w": (2, 1, 3), "b": (2,)}),
    "conv2d": (PICTURE, 18, {"w": (2, 1, 2, 2), "b": (2,)}),
    "conv_transpose2d": (PICTURE, 50, {"w": (1, 2, 2, 2), "b": (2,)}),
    "max_pool2d": (PICTURE, 4, {"size": 2}),
    "avg_pool2d": (PICTURE, 4, {"size": 2}),
    "global_avg_pool": (PICTURE, 1, {}),
    "upsample": (PICTURE, 64, {}),
    "flatten": (PICTURE, 16, {}),
    "reshape": (PICTURE, 16, {"shape": [16]}),
    "scaled_dot_product_attention": (SENTENCE, 8, {"heads": 2, "causal": True}),
    "rnn": (SENTENCE, 4, over_time(1)),
    "lstm": (SENTENCE, 4, over_time(4)),
    "gru": (SENTENCE, 4, over_time(3)),
}
"""For each kind what comes in, how many features an example has after it, its parameters and settings."""
FORMS = [(kind, {}) for kind in FIRST] + [
    (kind, {"form": "fused"}) for kind in ("batch_norm", "layer_norm", "rms_norm")
]
EVERY = len(LOSS_KINDS)
"""A layer meets every so many activations under one loss, the others under others; no two layers the same."""
TARGETS = {"numbers": "[[0.2, 0.7], [0.1, 0.4], [0.9, 0.3]]", "fractions": "[[0, 1], [1, 1], [1, 0]]"}


def random_tensor(shape: tuple[int, ...], seed: int) -> str:
    return f'{{ random = "normal", shape = {list(shape)}, seed = {seed} }}'


def layer_text(kind: str, settings: dict[str, Any]) -> str:
    lines = ["[[layers]]", f'kind = "{kind}"']
    for seed, (name, value) in enumerate(settings.items(), start=len(kind)):
        is_shape = isinstance(value, tuple)
        lines.append(f"{name} = {random_tensor(value, seed) if is_shape else json.dumps(value)}")
    return "\n".join(lines)


def network(folder: Path, kind: str, form: dict[str, Any], activation: str, loss: str) -> Case:
    """A layer of a kind, a dense layer with an activation, and a loss."""
    shape, features, settings = FIRST[kind]
    chosen = (setting for setting in LAYER_KINDS[kind].settings if activation in setting.choices)
    own = settings | form | {setting.name: activation for setting in chosen}
    # A probability is what a bce asks for; what a loss applies itself does not stand before it.
    last = "sigmoid" if loss == "bce" else "tanh" if activation == LOSS_KINDS[loss].applies else activation
    dense = {"activation": last, "w": (OUTPUTS, features), "b": (OUTPUTS,)}
    target = TARGETS.get(LOSS_KINDS[loss].target, "[0, 1, 1]")
    given = "[2, 0, 2]" if kind == "embedding" else random_tensor(shape, 7)
    flatten = [] if kind == "flatten" else [layer_text("flatten", {})]
    text = [
        'title = "one of many"',
        'layout = "rows"',
        f"[inputs]\na0 = {given}",
        layer_text(kind, own),
        *([] if shape in (TABLE, (BATCH,)) else flatten),
        layer_text("dense", dense),
        f'[loss]\nkind = "{loss}"\ntarget = {target}',
    ]
    path = folder / "network.toml"
    path.write_text("\n".join(text))
    return load_scenario(path)


def places_of(case: Case) -> list[str]:
    """The gradients of a network, in the order of its backward pass."""
    return [one.name for one in case.program.statements if one.phase == "backward" and not one.part]


def checked_at_places(case: Case, first: int = 0, one_in: int = 1) -> None:
    """Each wrong gradient is blamed, at one of them by the whole check, which looks for what was written."""
    program, random = case.program, np.random.default_rng(len(case.program.statements))
    reference = run(program, case.values).values
    places = places_of(case)
    wrong = {name: random.normal(size=program.shapes[name]) for name in places}
    for name in places[first % one_in :: one_in]:
        (judgement,) = judge(program, reference, {name: wrong[name]}, Tolerance()).judgements
        assert judgement.verdict == "wrong", name
    name = str(random.choice(places))
    assert not check_scenario(case, {name: wrong[name]}).passed, name


def pairs() -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Each kind with each loss; a dense layer with each activation, under two losses."""
    activations = itertools.cycle(ACTIVATIONS)
    yield from (
        (kind, form, next(activations), loss)
        for loss in LOSS_KINDS
        for kind, form in FORMS
        if kind != "dense"
    )
    for number, loss in enumerate(LOSS_KINDS):
        yield from (("dense", {}, activation, loss) for activation in [*ACTIVATIONS][number % 3 :: 3])


def test_the_sweep_knows_every_kind_of_layer() -> None:
    assert FIRST.keys() == {*LAYER_KINDS}


@pytest.mark.parametrize("loss", few(LOSS_KINDS))
@pytest.mark.parametrize("kind", few(["dense", "batch_norm", "embedding"]))
def test_a_wrong_gradient_anywhere_is_blamed(tmp_path: Path, kind: str, loss: str) -> None:
    checked_at_places(network(tmp_path, kind, {}, "tanh", loss))


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "form", "activation", "loss"), [*pairs()])
def test_any_wrong_gradient_of_any_network_is_blamed(
    tmp_path: Path, kind: str, form: dict[str, Any], activation: str, loss: str
) -> None:
    """Of some losses a third of the places, of the next ones another third."""
    checked_at_places(network(tmp_path, kind, form, activation, loss), [*LOSS_KINDS].index(loss), 3)


@pytest.mark.deep
@pytest.mark.parametrize("loss", LOSS_KINDS)
@pytest.mark.parametrize(("kind", "form"), FORMS)
def test_every_layer_loss_and_activation_together(
    tmp_path: Path, kind: str, form: dict[str, Any], loss: str
) -> None:
    """Any layer with any activation, under one of the losses: what is wrong is blamed; no search is made."""
    first = [*LOSS_KINDS].index(loss) + FORMS.index((kind, form))
    for number, activation in enumerate([*ACTIVATIONS][first % EVERY :: EVERY]):
        case = network(tmp_path, kind, form, activation, loss)
        reference = run(case.program, case.values).values
        random = np.random.default_rng(1)
        for name in places_of(case)[number % 2 :: 2]:
            wrong = random.normal(size=case.program.shapes[name])
            (found,) = judge(case.program, reference, {name: wrong}, Tolerance()).judgements
            assert found.verdict == "wrong", (activation, name)
