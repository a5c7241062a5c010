"""A program of the user's own: what it may say, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.trace import run
from bpdebug.errors import ScenarioError
from bpdebug.limits import LIMITS
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import limits, load_scenario, summarise
from bpdebug.verify.check import check_scenario

Load = Callable[..., Case]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(program: str, inputs: str = "x = [[1.0, -2.0], [0.5, 3.0]]", more: str = "") -> Case:
        path = tmp_path / "own.toml"
        path.write_text(
            f'title = "Own"\nprogram = """\n{program}\n"""\n{more}\n[inputs]\n{inputs}\n', encoding="utf-8"
        )
        return load_scenario(path)

    return load


def random(*shape: int) -> str:
    return f'{{ random = "normal", shape = {list(shape)}, seed = {shape[0]} }}'


def texts(scenario: Case) -> list[str]:
    return [statement_text(statement) for statement in scenario.program.statements]


def test_a_scalar_at_the_end_is_the_loss(load: Load) -> None:
    scenario = load("# a comment\n\nh = x * 2   # another\nloss = sum(h)")
    assert texts(scenario) == ["h = x * 2", "loss = sum(h)", "dh = broadcast_like(dloss, h)", "dx = dh * 2"]
    assert scenario.program.seed == "loss"
    assert scenario.values["dloss"] == 1
    assert run(scenario.program, scenario.values).values["dx"].tolist() == [[2, 2], [2, 2]]


def test_without_a_gradient_a_tensor_at_the_end_runs_forwards_only(load: Load) -> None:
    assert texts(load("h = x * 2")) == ["h = x * 2"]


def test_a_gradient_may_come_in_at_any_result(load: Load) -> None:
    inputs = "x = [[1.0, -2.0]]\n[gradient]\ndh = [[1.0, 1.0]]"
    scenario = load("h = x * 2\nn = sum(h)", inputs)
    assert texts(scenario)[2:] == ["dx = dh * 2"]
    assert load("n = sum(x)", "x = [[1.0]]\n[gradient]\ndn = 3").values["dn"] == 3


def test_a_tensor_may_be_called_as_a_gradient_or_a_time_step_is(load: Load) -> None:
    program = "Z1 = x * 2\ndZ1 = Z1 ** 2\nloss_t1 = sum(dZ1)\nloss = loss_t1 + sum(x)"
    scenario = load(program)
    assert texts(scenario)[4:] == [
        "dloss_t1 = dloss",
        "ddZ1 = broadcast_like(dloss_t1, dZ1)",
        "grad_Z1 = ddZ1 * 2 * Z1",
        "dx_via_loss = broadcast_like(dloss, x)",
        "dx_via_Z1 = grad_Z1 * 2",
        "dx = dx_via_loss + dx_via_Z1",
    ]
    assert {statement.time for statement in scenario.program.statements} == {None}
    assert check_scenario(scenario).passed
    right = run(scenario.program, scenario.values).values
    assert check_scenario(scenario, {"dZ1": right["dZ1"], "grad_Z1": right["grad_Z1"]}).passed


def test_the_gradient_that_comes_in_may_find_its_name_taken(load: Load) -> None:
    scenario = load("dh = x * 2\nh = dh * 3", "x = [[1.0]]\n[gradient]\ndh = [[5.0]]")
    assert scenario.program.incoming == {"grad_h": "h"}
    assert scenario.values["grad_h"] == 5
    assert run(scenario.program, scenario.values).values["dx"] == 30


def test_parameters_say_which_inputs_get_a_gradient(load: Load) -> None:
    inputs = "x = [[1.0, -2.0]]\nw = 3.0\nt = [[0.5, 0.5]]"
    program = "s = sign(x)\nh = w * s\nloss = mean((h - t) ** 2)"
    scenario = load(program, inputs, 'parameters = ["w"]')
    assert [s.of for s in scenario.program.statements if s.of in {"x", "h", "w", "t"}] == ["h", "w"]
    assert scenario.program.parameters == {"w"}
    assert check_scenario(scenario).passed
    with pytest.raises(ScenarioError, match="the function sign has no derivative"):
        load(program, inputs)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_its_values_have_the_dtype_of_the_file(load: Load, dtype: str) -> None:
    scenario = load("h = tanh(x)\nloss = sum(h)", more=f'dtype = "{dtype}"')
    values = run(scenario.program, scenario.values).values
    assert {str(value.dtype) for value in values.values()} == {dtype}


def test_a_mistake_in_a_program_is_found_and_named(load: Load) -> None:
    inputs = f"q = {random(3, 4)}\nk = {random(5, 4)}"
    scenario = load("s = q @ k.T / 2\np = softmax(s, axis=-1)\nloss = sum(p * p * p)", inputs)
    right = run(scenario.program, scenario.values).values
    mine = {"ds": right["dp"] * right["p"] * (1 - right["p"]), "dp": right["dp"]}
    verdicts = {tensor.name: tensor for tensor in check_scenario(scenario, mine).tensors}
    assert verdicts["dp"].verdict == "right"
    assert verdicts["ds"].verdict == "wrong"
    mine = {"dq": np.array(right["dq"]), "ds": np.array(right["ds"]), "dk": right["ds"].T @ right["q"]}
    verdicts = {tensor.name: tensor for tensor in check_scenario(scenario, mine).tensors}
    assert (verdicts["dq"].verdict, verdicts["dk"].verdict) == ("right", "wrong")
    assert verdicts["dk"].diagnoses[0].formula == "ds.T @ q"


def test_a_tensor_called_m_is_not_the_batch(load: Load) -> None:
    scenario = load("h = m * x\nloss = sum(h * h)", "x = [[1.0, -2.0, 0.5]]\nm = 7.0")
    right = run(scenario.program, scenario.values).values
    (dx,) = (t for t in check_scenario(scenario, {"dx": right["dh"]}).tensors if t.name == "dx")
    assert dx.diagnoses[0].formula == "dh"


def test_a_branch_that_was_overwritten_is_diagnosed(load: Load) -> None:
    """The second use's gradient replaced the first's instead of being added."""
    inputs = f"x = {random(3, 4)}\nw = {random(3, 3)}"
    scenario = load("a = tanh(w @ x)\nb = sigmoid(x)\nc = a * b\nloss = sum(c * c)", inputs)
    right = run(scenario.program, scenario.values).values
    mine = {name: np.array(right[name]) for name in ("dc", "da", "db", "dw")}
    mine["dx"] = right["dx"] - right["dx_via_b"]
    (dx,) = (t for t in check_scenario(scenario, mine).tensors if t.verdict == "wrong")
    assert (dx.name, dx.diagnoses[0].formula) == ("dx", "w.T @ da_inner")


def test_a_summary_says_how_long_it_is(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('title = "Own"\nprogram = "h = x"\n[inputs]\nx = [[1.0]]\n')
    assert summarise(path).layers == "a program of 1 statement"
    assert summarise(path).problems == ()


@pytest.mark.deep
def test_too_many_statements(load: Load) -> None:
    with pytest.raises(ScenarioError, match="too long: found more than 100,000 statements"):
        load("\n".join(f"h{n} = x" for n in range(LIMITS.statements + 1)))


def test_too_much_text(load: Load) -> None:
    line = f"h = x{' + x' * 500}\n"
    with pytest.raises(ScenarioError, match=r"too long: found .* \(the limit program_characters\)"):
        load(line * (LIMITS.program_characters // len(line) + 1))


def test_the_backward_pass_counts_too(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIMITS", LIMITS._replace(statements=6))
    lines = "a = x * 2\nb = a * x\nc = b * x"
    load(lines, "x = [[1.0]]")
    with pytest.raises(ScenarioError, match="found 9 statements with the backward pass"):
        load(lines, "x = [[1.0]]\n[gradient]\ndc = [[1.0]]")


@pytest.mark.deep
def test_a_long_program_is_derived_in_seconds(load: Load) -> None:
    """Each line has an inner result that the backward pass needs: naming them was quadratic once."""
    lines = ["h0 = x", *(f"h{n} = sigmoid(x * h{n - 1})" for n in range(1, 2_000))]
    assert load("\n".join(lines), "x = [[1.0]]\n[gradient]\ndh1999 = [[1.0]]").program.seed == "h1999"
