"""The gradient of a parameter that the loss does not depend on: 0, and a person may hand it in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.errors import ScenarioError
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.mine_files import read_mine_files


@pytest.fixture
def case(tmp_path: Path) -> Case:
    path = tmp_path / "two_heads.toml"
    path.write_text(
        """
title = "two heads, and one is read"
program = '''
h = tanh(x @ v)
left = h @ u
right = h @ s
'''
parameters = ["v", "u", "s"]
[inputs]
x = [[1.0, -0.5], [0.25, 2.0], [0.5, 0.5]]
v = [[0.5, -1.0], [1.5, 0.75]]
u = [[0.5], [-0.25]]
s = [[1.0], [2.0]]
[gradient]
dleft = [[1.0], [2.0], [-0.5]]
"""
    )
    return load_scenario(path)


@pytest.mark.parametrize("name", ["ds", "dS", "grad_s", "s.grad"])
def test_zeros_are_right(case: Case, name: str) -> None:
    report = check_scenario(case, {name: np.zeros((2, 1))})
    assert report.passed
    (own,) = (tensor for tensor in report.tensors if tensor.verdict != "not given")
    assert (own.name, own.verdict) == ("ds", "right")
    assert "does not depend on s" in own.note


@pytest.mark.parametrize("mine", [np.ones((2, 1)), np.zeros((1, 2))])
def test_anything_else_is_wrong(case: Case, mine: np.ndarray) -> None:
    report = check_scenario(case, {"ds": mine})
    assert [tensor.name for tensor in report.tensors if tensor.verdict == "wrong"] == ["ds"]


def test_files_may_hold_it(case: Case, tmp_path: Path) -> None:
    np.savez(tmp_path / "grads.npz", dS=np.zeros((2, 1)))
    assert {*read_mine_files([tmp_path / "grads.npz"], case.program, {}).values} == {"ds"}


def test_what_is_no_parameter_has_no_such_gradient(case: Case) -> None:
    with pytest.raises(ScenarioError, match="no such tensor"):
        check_scenario(case, {"dright": np.zeros((3, 1))})
