"""Layers that are not dense in the app: each has the panels of what it has, and graphs have all edges."""

from __future__ import annotations

import math

import pytest

from bpdebug.present.panel import Panel
from bpdebug.present.panel_titles import fitting_title
from bpdebug.present.snapshot import PairNames, pairs_in_focus
from tests.examples import debugger_of
from tests.tiers import few
from tests.tui.conftest import LARGE, open_app


def shown(name: str, layer: int) -> list[PairNames]:
    debugger = debugger_of(name)
    statement = next(one for one in debugger.program.statements if one.layer == layer)
    own = debugger.program.blocks[layer - 1]
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


def in_focus(name: str, written: str) -> dict[str, str]:
    """Return the tensors that are shown by their roles, at the statement that writes one."""
    program = debugger_of(name).program
    statement = program.statements[program.positions[written] - 1]
    pairs = pairs_in_focus(program, program.block_of(statement), statement)
    return {pair.role or pair.gradient_role: pair.tensor or pair.gradient for pair in pairs}


def test_a_layer_over_time_shows_the_step_in_focus_and_the_weights_of_all() -> None:
    shown = in_focus("lstm_step", "z1_t2")
    assert (shown["w_ih"], shown["w_hh"], shown["z"]) == ("w_ih1", "w_hh1", "z1_t2")
    assert shown["h1_t1"] == "h1_t1"  # the state before, which the statement reads
    assert not [name for name in shown.values() if name.endswith("_t3")]


def test_the_two_parts_of_a_cells_gradient_stand_beside_the_cell() -> None:
    shown = in_focus("lstm_step", "dc1_t2")
    assert (shown["c"], shown["tanh_c"], shown["f"]) == ("c1_t2", "tanh_c1_t2", "f1_t2")
    assert {"dc1_t2_via_tanh_c1_t2", "dc1_t2_via_c1_t3"} <= set(shown)


@pytest.mark.deep
async def test_what_a_mask_has_written_does_not_look_wrong() -> None:
    async with open_app("transformer_block", LARGE) as session:
        await session.press("g", *"masked5", "enter")
        await session.until(lambda: session.app.screen is session.screen)
        panel = session.panel("masked5")
        meant, wrong = (panel.style_of(f"cell--{kind}").bgcolor for kind in ("masked", "infinite"))
        assert (line := panel.render_line(panel.header)).text.count("-inf") == 2
        assert {segment.style.bgcolor for segment in line if "-inf" in segment.text and segment.style} == {
            meant
        }
        assert meant != wrong
        await session.press("m")
        assert session.viewer.form.cell(-math.inf).kind == "masked"
        await session.press("q", "n", "m")
        assert session.viewer.form.cell(-math.inf).kind == "infinite"


def test_what_is_about_all_steps_shows_none_of_their_gates() -> None:
    shown = in_focus("lstm_step", "dw_hh1")
    assert (shown["a_prev"], shown["w_hh"], shown["a"]) == ("a0", "w_hh1", "a1")
    assert not {"z", "i", "c", "h"} & set(shown)


@pytest.mark.parametrize(
    "name", few(["resnet_block", "batch_norm", "embedding", "transformer_block", "lstm_step"])
)
async def test_every_step_can_be_seen_in_a_large_window(name: str) -> None:
    count = len(debugger_of(name).program.statements)
    async with open_app(name, LARGE) as session:
        session.type_ahead(*"n" * count)
        await session.catch_up()
        assert session.debugger.position == count


async def test_of_a_layer_that_has_no_room_the_nearest_pairs_follow() -> None:
    async with open_app("batch", (200, 60)) as session:
        for keys, end, other in ((("f", *"nnnnn"), "z1", "a0"), ("nnnn", "w2", "a2")):
            await session.press(*keys)
            await session.settle()
            names = [panel.panel.name for panel in session.ledger.shown]
            assert end in names
            assert other not in names


@pytest.mark.parametrize(
    ("room", "title"),
    [(20, "dw_hh1_via_z1_t1"), (16, "dw_hh1_via_z1_t1"), (12, "…1_via_z1_t1"), (2, "…1"), (1, ""), (0, "")],
)
def test_a_name_that_is_too_long_for_its_panel_keeps_its_end(room: int, title: str) -> None:
    assert fitting_title(Panel("", "dw_hh1_via_z1_t1"), room) == title
    assert fitting_title(Panel("", ""), room) == ""
