"""What the screen shows of a check: which elements it marks, and what it says of a fault."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.present.verdicts import CheckVerdicts
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario

Values = dict[str, np.ndarray]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A bias before a batch norm, whose gradient is 0, and a squared error."""
    random = np.random.default_rng(8)
    given = {"a0": (5, 3), "w": (2, 3), "b": (2,), "gamma": (2,), "beta": (2,), "target": (5, 2)}
    text = {name: random.normal(size=shape).tolist() for name, shape in given.items()}
    path = tmp_path / "norm.toml"
    path.write_text(
        f'layout = "rows"\n[inputs]\na0 = {text["a0"]}\n'
        f'[[layers]]\nkind = "dense"\nw = {text["w"]}\nb = {text["b"]}\n'
        f'[[layers]]\nkind = "batch_norm"\ngamma = {text["gamma"]}\nbeta = {text["beta"]}\n'
        f'[loss]\nkind = "mse"\ntarget = {text["target"]}\n'
    )
    return load_scenario(path)


def shown(case: Case, mine: Values) -> CheckVerdicts:
    reference = run(case.program, case.values).values
    return CheckVerdicts(case.program, reference, mine, check_scenario(case, mine))


def right(case: Case, *names: str) -> Values:
    values = run(case.program, case.values).values
    return {name: values[name] for name in names}


def test_a_convention_and_what_rounding_leaves_of_a_zero_have_no_wrong_elements(case: Case) -> None:
    mine = {name: 2.5 * value for name, value in right(case, "dgamma2", "dbeta2", "dw1").items()}
    verdicts = shown(case, mine | {"db1": np.array([3e-16, -2e-16])})
    for name in ("dgamma2", "dbeta2", "dw1", "db1"):
        assert not verdicts.wrong_cells(name).any(), name
        assert verdicts.mark(name) == "≈"


@pytest.mark.deep
def test_by_a_convention_the_wrong_element_is_the_only_one(case: Case) -> None:
    mine = {name: 2.5 * value for name, value in right(case, "dgamma2", "dbeta2", "dw1").items()}
    mine["dw1"] = mine["dw1"] + np.eye(2, 3) * [[0, 0, 0], [0, 1, 0]]
    assert np.argwhere(shown(case, mine).wrong_cells("dw1")).tolist() == [[1, 1]]


@pytest.mark.deep
def test_a_fault_is_shown_where_it_arises_with_what_else_it_is_in(case: Case) -> None:
    values = right(case, "da1", "dw1", "dgamma2")
    words = shown(case, values | {name: -values[name] for name in ("da1", "dw1")}).words("da1", (0, 0))
    assert any(line.startswith("✗ yours is   ") for line in words)
    assert "wrong because of it: dw1" in words
