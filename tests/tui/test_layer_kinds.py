"""Layers that are not dense in the app: each has the panels of what it has, and graphs have all edges."""

from __future__ import annotations

import pytest

from bpdebug.tui.snapshot import PairNames, pairs_in_focus
from tests.tui.conftest import LARGE, debugger_of, open_app


def shown(name: str, layer: int) -> list[PairNames]:
    debugger = debugger_of(name)
    statement = next(one for one in debugger.program.statements if one.layer == layer)
    own = debugger.program.layers[layer - 1]
    return [
        pair
        for pair in pairs_in_focus(debugger.program, own, statement)
        if pair.tensor in own.tensors.values()
    ]


def test_a_normalisation_shows_each_parameter_over_its_gradient() -> None:
    pairs = {pair.role: pair for pair in shown("batch_norm", 1)}
    assert list(pairs) == ["a_prev", "mean", "centred", "variance", "xhat", "gamma", "beta", "a"]
    assert pairs["gamma"] == PairNames("gamma", "gamma1", "dgamma", "dgamma1")
    assert pairs["xhat"] == PairNames("xhat", "xhat1", "dxhat", "dxhat1")


def test_a_sum_shows_all_that_comes_in() -> None:
    assert [(pair.role, pair.tensor, pair.gradient_role) for pair in shown("resnet_block", 3)] == [
        ("a_prev", "a2", "d_prev"),
        ("a_prev2", "a0", "d_prev2"),
        ("a", "a3", "da"),
    ]


@pytest.mark.parametrize("name", ["resnet_block", "batch_norm", "embedding", "transformer_block"])
async def test_every_step_can_be_seen_in_a_large_window(name: str) -> None:
    count = len(debugger_of(name).program.statements)
    async with open_app(name, LARGE) as session:
        for position in range(1, count + 1):
            await session.press("n")
            assert session.debugger.position == position
