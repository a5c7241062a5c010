"""A fault in what was not given is told there, once, by the tensors in which it shows."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify import shared_faults
from bpdebug.verify.check import check_scenario
from bpdebug.verify.report import TensorReport
from bpdebug.verify.upstream import upstream_values

CASE = load_scenario("rows")
RIGHT = run(CASE.program, CASE.values).values
PARAMETERS = ("dw2", "db2", "dw1", "db1")
Wrong = dict[str, np.ndarray]


def told(wrong: Wrong, *given: str) -> dict[str, TensorReport]:
    """Return what is said of wrong tensors; the user hands in the parameters' gradients, or `given`."""
    values = upstream_values(CASE.program, RIGHT, wrong)
    report = check_scenario(CASE, {name: values[name] for name in given or PARAMETERS})
    return {tensor.name: tensor for tensor in report.tensors if tensor.verdict == "wrong"}


@pytest.mark.parametrize(
    ("wrong", "formula"),
    [
        (RIGHT["da1"] * (RIGHT["z1"] > 0) * 2, "2 * (da1 * relu_prime(z1))"),
        (RIGHT["da1"] * 0, "0 * (da1 * relu_prime(z1))"),
        (RIGHT["da1"] * RIGHT["z1"] * (1 - RIGHT["z1"]), "da1 * (z1 * (1 - z1))"),
    ],
)
def test_it_is_told_where_it_arises(wrong: np.ndarray, formula: str) -> None:
    (found,) = told({"dz1": wrong}).values()
    assert (found.name, found.diagnoses[0].formula) == ("dz1", formula)
    assert found.because_of_it == "wrong because of it: dw1, db1"


def test_what_one_tensor_leaves_open_two_decide() -> None:
    """A bias sees sums over the batch alone; its weights see each example."""
    alone = told({"dz1": RIGHT["da1"]}, "db1")["db1"]
    both = told({"dz1": RIGHT["da1"]}, "db1", "dw1")["dz1"]
    assert len(both.diagnoses) <= len(alone.diagnoses)
    assert both.diagnoses[0].formula == "da1"


def test_faults_of_two_layers_are_both_told() -> None:
    slope = 1 - np.tanh(RIGHT["z1"]) ** 2
    values = upstream_values(CASE.program, RIGHT, {"dz2": 3 * RIGHT["dz2"]})
    found = told({"dz2": 3 * RIGHT["dz2"], "dz1": values["da1"] * slope})
    assert found.keys() == {"dz2", "dz1"}
    assert found["dz1"].diagnoses[0].formula == "da1 * tanh_prime(z1)"


def test_each_with_a_fault_of_its_own_is_told_by_itself() -> None:
    found = told({"dw1": 2 * RIGHT["dw1"], "db1": -RIGHT["db1"]})
    assert {name: one.because_of_it for name, one in found.items()} == {"dw1": "", "db1": ""}


def test_what_was_given_is_told_with_what_follows_from_it() -> None:
    (found,) = told({"dz1": -RIGHT["dz1"]}, "dz1", *PARAMETERS).values()
    assert (found.name, found.shows_in) == ("dz1", ("dw1", "db1"))


def test_weights_that_were_updated_before_their_use_are_told_once() -> None:
    """The update of the last layer had been done when its weights sent the gradient back."""
    updated = RIGHT["w2"] - 0.5 * RIGHT["dw2"]
    back = RIGHT["dz2"] @ (updated if updated.shape[0] == RIGHT["dz2"].shape[1] else updated.T)
    (found,) = told({"da1": back}).values()
    assert (found.name, found.because_of_it) == ("da1", "wrong because of it: dw1, db1")
    assert "- 0.5 * (dz2 @ dw2" in found.diagnoses[0].formula
    assert "already been updated, with a learning rate of 0.5" in found.diagnoses[0].explanation


def test_no_fault_is_told_where_it_would_make_a_right_tensor_wrong() -> None:
    """A factor of all weights and of no bias is none of what flows."""
    wrong = {name: RIGHT[name] * CASE.program.batch for name in ("dw2", "dw1")}
    found = told(wrong)
    assert {name: one.because_of_it for name, one in found.items()} == {"dw2": "", "dw1": ""}


def test_a_factor_of_any_size_is_told_where_it_arises() -> None:
    (found,) = told({"dz1": 0.37 * RIGHT["dz1"]}).values()
    assert (found.name, found.shows_in) == ("dz1", ("dw1", "db1"))
    assert found.diagnoses[0].formula == "0.37 * (da1 * relu_prime(z1))"


@pytest.mark.deep
@pytest.mark.usefixtures("little_tried")
def test_what_nothing_explains_is_tried_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of wrong tensors most are not explained: each would be looked for in the whole network."""
    tried: list[str] = []
    monkeypatch.setattr(shared_faults, "shared_fault", lambda program, at, *rest: tried.append(at.name))
    random = np.random.default_rng(6)
    noise = {name: random.normal(size=RIGHT[name].shape) for name in PARAMETERS}
    check_scenario(CASE, noise)
    assert tried == []
