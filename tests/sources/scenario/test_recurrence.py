"""Recurrent layers in scenario files: stacked, shared, trained, and made larger to tell mistakes apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check
from bpdebug.verify.suggestion import suggested_scenario
from tests.tiers import few

HEAD = """
title = "Over time"
layout = "rows"
inputs.a0 = { random = "normal", shape = [4, 3, 2], seed = 1 }
[[layers]]
name = "first"
kind = "gru"
w_ih = { random = "normal", shape = [6, 2], seed = 2 }
w_hh = { random = "normal", shape = [6, 2], seed = 3 }
b_hh = { random = "normal", shape = [6], seed = 4 }
"""
LAST = """
[[layers]]
kind = "lstm"
output = "last"
w_ih = { random = "normal", shape = [12, 2], seed = 5 }
w_hh = { random = "normal", shape = [12, 3], seed = 6 }
[loss]
kind = "cross_entropy"
target = [0, 2, 1, 1]
"""
SHARED = """
[[layers]]
kind = "gru"
share = "first"
[gradient]
da2 = { random = "normal", shape = [4, 3, 2], seed = 7 }
"""
TRAINED = '[optimizer]\nkind = "sgd"\nlearning_rate = 0.1\n[training]\nmicrobatches = 2\n'


def load(text: str, folder: Path) -> Case:
    path = folder / "over_time.toml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize("text", few([HEAD + LAST, HEAD + SHARED, HEAD + LAST + TRAINED]))
def test_its_gradients_are_right(text: str, tmp_path: Path) -> None:
    scenario = load(text, tmp_path)
    assert check(scenario.program, scenario.values).passed


def test_a_second_layer_may_use_the_weights_of_the_first(tmp_path: Path) -> None:
    scenario = load(HEAD + SHARED, tmp_path)
    found = run(scenario.program, scenario.values).values
    parts = [name for name in found if name.startswith("dw_hh1_via_")]
    assert len(parts) == 6  # three steps of each of the two layers
    np.testing.assert_allclose(found["dw_hh1"], sum(found[name] for name in parts))
    assert "dw_hh2" not in found


def test_all_weights_are_trained_and_the_first_states_are_not(tmp_path: Path) -> None:
    program = load(HEAD + LAST + TRAINED, tmp_path).program
    updated = {statement.of for statement in program.statements if statement.phase == "update"}
    assert updated == {"w_ih1", "w_hh1", "b_hh1", "w_ih2", "w_hh2"}


def test_a_suggestion_has_unequal_sizes_and_gates_that_fit_them(tmp_path: Path) -> None:
    program = load(HEAD + LAST, tmp_path).program
    suggestion = load(suggested_scenario(program, "Mine"), tmp_path).program
    kinds, those_of_mine = (
        [layer.objective if layer.is_loss else layer.kind for layer in one.blocks]
        for one in (suggestion, program)
    )
    assert kinds == those_of_mine
    hidden = [suggestion.shapes[name][1] for name in ("w_hh1", "w_hh2")]
    assert suggestion.shapes["w_ih1"][0] == 3 * hidden[0]
    assert suggestion.shapes["w_ih2"] == (4 * hidden[1], hidden[0])
    examples, times, features = suggestion.shapes["a0"]
    assert len({examples, times, features, hidden[0]}) == len({examples, times, *hidden}) == 4
    assert f"h1_t{times}" in suggestion.shapes
