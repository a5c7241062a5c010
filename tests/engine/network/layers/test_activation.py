"""An activation as a layer: after a batch norm, at its usual place, in either layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.language.functions import ACTIVATIONS, FUNCTIONS
from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check, check_scenario


def after_a_batch_norm(folder: Path, activation: str, layout: str) -> Case:
    size = [6, 3] if layout == "rows" else [3, 6]
    path = folder / "net.toml"
    path.write_text(
        f"""
title = "an activation after a batch norm"
layout = "{layout}"
[inputs]
a0 = {{ random = "normal", shape = {size}, seed = 4 }}
[[layers]]
kind = "batch_norm"
[[layers]]
kind = "{activation}"
[gradient]
da2 = {{ random = "normal", shape = {size}, seed = 5 }}
"""
    )
    return load_scenario(path)


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_a_layer(tmp_path: Path, activation: str, layout: str) -> None:
    case = after_a_batch_norm(tmp_path, activation, layout)
    values = run(case.program, case.values).values
    options = {"axis": 0 if layout == "columns" else 1} if "axis" in FUNCTIONS[activation].options else {}
    np.testing.assert_allclose(values["a2"], FUNCTIONS[activation].numpy(values["a1"], **options))
    assert check(case.program, case.values).passed
    assert case.program.blocks[-1].title == activation


def test_it_is_asked_for_by_name_and_not_listed() -> None:
    assert "relu" in LAYER_KINDS
    assert "relu" not in list(LAYER_KINDS)
    assert "rely" not in LAYER_KINDS


def test_its_derivative_at_its_output_is_named(tmp_path: Path) -> None:
    case = after_a_batch_norm(tmp_path, "tanh", "rows")
    values = run(case.program, case.values).values
    mine = values["da2"] * (1 - np.tanh(values["a2"]) ** 2)
    (wrong,) = (one for one in check_scenario(case, {"da1": mine}).tensors if one.verdict == "wrong")
    assert wrong.diagnoses[0].formula == "da2 * tanh_prime(a2)"
    assert "at its output" in wrong.diagnoses[0].explanation
