"""The check follows the layout: the same mistakes in a network whose batch is in rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.suggestion import suggested_scenario

Values = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def rows() -> Case:
    return load_scenario("rows")


def by_hand(scenario: Case) -> Values:
    """Run both passes as one writes them in NumPy, with the batch in rows."""
    v = {name: np.array(value) for name, value in scenario.values.items()}
    z1 = v["a0"] @ v["w1"].T + v["b1"]
    a1 = np.maximum(z1, 0)
    a2 = 1 / (1 + np.exp(-(a1 @ v["w2"].T + v["b2"])))
    dz2 = v["da2"] * a2 * (1 - a2)
    da1 = dz2 @ v["w2"]
    dz1 = da1 * (z1 > 0)
    return {
        "dz2": dz2,
        "dw2": dz2.T @ a1,
        "db2": dz2.sum(axis=0),
        "da1": da1,
        "dz1": dz1,
        "dw1": dz1.T @ v["a0"],
        "db1": dz1.sum(axis=0),
        "da0": dz1 @ v["w1"],
    }


def test_a_pass_by_hand_is_right(rows: Case) -> None:
    report = check_scenario(rows, by_hand(rows))
    assert {tensor.verdict for tensor in report.tensors} == {"right"}


W2 = [[0.291, 0.612, 0.139, 0.292], [0.366, -0.456, 0.785, 0.2]]
"""The second layer's weights, as the scenario gives them."""


@pytest.mark.parametrize(
    ("name", "mistake", "formula"),
    [
        ("db2", lambda v: v["dz2"].mean(axis=0), "mean(dz2, axis=0)"),
        ("db2", lambda v: v["dz2"][-1], "sum(dz2[-1:], axis=0)"),
        ("dw2", lambda v: 3 * v["dw2"], "m * (dz2.T @ a1)"),
        ("da1", lambda v: v["da2"] @ v["w2"], "da2 @ w2"),
    ],
)
def test_a_mistake_is_found(rows: Case, name: str, mistake: Callable, formula: str) -> None:
    mine = by_hand(rows)
    mine[name] = mistake(mine | rows.values)
    (wrong,) = (tensor for tensor in check_scenario(rows, mine).tensors if tensor.verdict == "wrong")
    assert wrong.name == name
    assert wrong.diagnoses[0].formula == formula


def test_a_missing_sum_is_named(rows: Case) -> None:
    mine = by_hand(rows)
    (db2,) = check_scenario(rows, {"db2": mine["dz2"]}).tensors[2:3]
    assert db2.note == "not summed over the batch: (3, 2), expected (2,)"


def test_the_mean_at_the_parameters_is_a_convention(rows: Case) -> None:
    mine = by_hand(rows)
    flowing = {name: 3 * value for name, value in mine.items() if name[1] in "za"}
    verdicts = {tensor.name: tensor.verdict for tensor in check_scenario(rows, mine | flowing).tensors}
    assert {name for name, verdict in verdicts.items() if verdict == "convention"} == set(flowing)
    assert set(verdicts.values()) == {"right", "convention"}


def test_the_suggestion_is_in_rows_too(rows: Case, tmp_path: object) -> None:
    path = tmp_path / "better.toml"
    path.write_text(suggested_scenario(rows.program, rows.title))
    better = load_scenario(path)
    assert better.layout == "rows"
    assert better.program.shapes["a0"] == (5, 3)
    assert better.program.shapes["b2"] == better.program.shapes["w2"][:1]
    assert check_scenario(better).passed
