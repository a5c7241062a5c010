"""Networks that are graphs: layers that read several others, in any order, and share parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check
from bpdebug.verify.suggestion import suggested_scenario

HEAD = """
title = "A graph"
layout = "columns"
[inputs]
a0 = { random = "normal", shape = [4, 5], seed = 1 }
"""
SKIP = (
    HEAD
    + """
[[layers]]
name = "skip"
kind = "residual"
inputs = ["block", "input"]
[[layers]]
name = "block"
kind = "dense"
activation = "tanh"
inputs = ["input"]
w = { random = "normal", shape = [4, 4], seed = 2 }
[[layers]]
kind = "dense"
inputs = ["skip"]
share = "block"
[gradient]
da3 = { random = "normal", shape = [4, 5], seed = 3 }
"""
)


def load(text: str, tmp_path: Path) -> Case:
    path = tmp_path / "graph.toml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


def test_layers_may_stand_in_any_order(tmp_path: Path) -> None:
    scenario = load(SKIP, tmp_path)
    assert [statement_text(statement) for statement in scenario.program.statements] == [
        "z2 = w2 @ a0",
        "a2 = tanh(z2)",
        "a1 = a2 + a0",
        "z3 = w2 @ a1",
        "a3 = identity(z3)",
        "dz3 = da3",
        "da1 = w2.T @ dz3",
        "da2 = da1",
        "dz2 = da2 * tanh_prime(z2)",
        "dw2_via_z3 = dz3 @ a1.T",
        "dw2_via_z2 = dz2 @ a0.T",
        "dw2 = dw2_via_z3 + dw2_via_z2",
        "da0 = da1 + w2.T @ dz2",
    ]
    assert check(scenario.program, scenario.values).passed


def test_each_layer_lists_what_it_reads_under_its_roles(tmp_path: Path) -> None:
    skip, block, shared = load(SKIP, tmp_path).program.blocks
    assert skip.tensors == {"a_prev": "a2", "a_prev2": "a0", "a": "a1"}
    assert (skip.role_of_gradient("a2"), skip.role_of_gradient("a0")) == ("d_prev", "d_prev2")
    assert shared.tensors == {"a_prev": "a1", "w": "w2", "z": "z3", "a": "a3"}
    assert [layer.title for layer in (skip, block, shared)] == [
        "skip: residual ← a2, a0",
        "block: dense tanh ← a0",
        "dense identity ← a1",
    ]


def test_both_edges_of_a_sum_are_explained(tmp_path: Path) -> None:
    program = load(SKIP, tmp_path).program
    (da2,) = (statement for statement in program.statements if statement.name == "da2")
    assert "both ways" in program.explanation_of(da2)


def test_a_shared_parameter_is_updated_once(tmp_path: Path) -> None:
    program = load(SKIP + '[optimizer]\nkind = "sgd"\nlearning_rate = 0.1\n', tmp_path).program
    updates = [statement for statement in program.statements if statement.phase == "update"]
    assert [(statement.name, statement.layer) for statement in updates] == [("w2_new", 2)]


@pytest.mark.parametrize("which", [0, 1], ids=["skip", "concat"])
def test_the_suggestion_is_the_same_graph(which: int, tmp_path: Path) -> None:
    program = load((SKIP, CONCAT)[which], tmp_path).program
    suggestion = load(suggested_scenario(program, "Mine"), tmp_path)
    assert [statement_text(statement) for statement in suggestion.program.statements] == [
        statement_text(statement) for statement in program.statements
    ]


CONCAT = (
    HEAD
    + """
[[layers]]
name = "three"
kind = "dense"
w = { random = "normal", shape = [3, 4], seed = 2 }
[[layers]]
name = "both"
kind = "concat"
inputs = ["three", "input"]
[[layers]]
kind = "multiply"
inputs = ["both", "both"]
[gradient]
da3 = { random = "normal", shape = [7, 5], seed = 3 }
"""
)


def test_concatenated_features_get_their_own_gradients(tmp_path: Path) -> None:
    scenario = load(CONCAT, tmp_path)
    values = run(scenario.program, scenario.values).values
    np.testing.assert_array_equal(values["a2"], np.concatenate((values["a1"], values["a0"])))
    da2 = 2 * values["da3"] * values["a2"]
    np.testing.assert_allclose(values["da1"], da2[:3])
    np.testing.assert_allclose(values["da0"], da2[3:] + values["w1"].T @ da2[:3])
    assert check(scenario.program, scenario.values).passed


@pytest.mark.parametrize(("index", "source"), [((0, 1), "a1[0,1]"), ((5, 4), "a0[2,4]")])
def test_an_element_of_a_concatenation_is_one_of_its_parts(
    index: tuple[int, int], source: str, tmp_path: Path
) -> None:
    from bpdebug.engine.language.provenance.origins import origin_of

    scenario = load(CONCAT, tmp_path)
    values = run(scenario.program, scenario.values).values
    (a2,) = (statement for statement in scenario.program.statements if statement.name == "a2")
    origin = origin_of("a2", a2.expression, index, values["a2"], values)
    assert origin.symbols == source
    assert [(found.name, found.region[0].start) for found in origin.sources] == [(source[:2], int(source[3]))]
