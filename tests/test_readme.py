"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.expression.evaluation import evaluate
from bpdebug.engine.expression.functions import FUNCTIONS, activations
from bpdebug.engine.expression.functions.entry import Function
from bpdebug.engine.expression.nodes import Statement
from bpdebug.engine.expression.parsing import parse
from bpdebug.engine.expression.printing import statement_text
from bpdebug.engine.layers import LAYER_KINDS, LayerKind, Parameter
from bpdebug.scenario import load_scenario
from bpdebug.verify.check import check

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(language: str, mark: str) -> str:
    """Return the code block of a language that contains a mark."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = [text for text in blocks if mark in text]
    return found


def test_the_scenario_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.write_text(block("toml", "[[layers]]"), encoding="utf-8")
    assert [statement.name for statement in load_scenario(path).program.statements][-1] == "da0"


def test_the_loss_can_take_the_place_of_the_gradient(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    network = block("toml", "[[layers]]").partition("[gradient]")[0]
    path.write_text(network + block("toml", "[loss]"), encoding="utf-8")
    assert load_scenario(path).program.seed == "loss"


def test_the_program_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.write_text(block("toml", "softmax(s, axis=-1)"), encoding="utf-8")
    assert "dk" in load_scenario(path).program.shapes


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("weight_shape", ["out_in", "in_out"])
def test_each_layout_has_the_formulas_of_the_table(tmp_path: Path, layout: str, weight_shape: str) -> None:
    path = tmp_path / "example.toml"
    bias = "[[0.1], [0.2]]" if layout == "columns" else "[0.1, 0.2]"
    path.write_text(
        f'title = "T"\nlayout = "{layout}"\nweight_shape = "{weight_shape}"\n'
        f"inputs.a0 = [[1.0, 2.0], [3.0, 4.0]]\ngradient.dz1 = [[1.0, 2.0], [3.0, 4.0]]\n"
        f'[[layers]]\nkind = "dense"\nw = [[1.0, 2.0], [3.0, 4.0]]\nb = {bias}\n'
    )
    texts = [f"`{statement_text(s)}`" for s in load_scenario(path).program.statements]
    row = next(line for line in README.splitlines() if line.startswith(f"| `{layout}` | `{weight_shape}`"))
    assert texts[0] in row
    assert next(text for text in texts if text.startswith("`dw1")) in row


def test_the_bugs_are_found_as_shown(tmp_path: Path) -> None:
    (tmp_path / "network.py").write_text(block("python", "np.savez"), encoding="utf-8")
    subprocess.run([sys.executable, "network.py"], cwd=tmp_path, check=True)
    command = [sys.executable, "-m", "bpdebug", "check", "net.toml", "--mine", "grads.npz"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 1, found.stderr
    shown = [line[4:] for line in README.splitlines() if line.startswith("    ")]
    # Rounding errors of 1e-16 are another machine's own.
    exact = [line for line in found.stdout.splitlines() if "largest relative error" not in line]
    assert [line for line in exact if line not in shown] == []


def test_the_function_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = {"Function": Function, "np": np, "SAMPLES": activations.SAMPLES}
    softsign = eval(block("python", "softsign"), scope)
    monkeypatch.setitem(FUNCTIONS, softsign.name, softsign)
    x = np.array([-3.0, 0.0, 3.0])
    np.testing.assert_allclose(softsign.numpy(x), [-0.75, 0.0, 0.75])
    slope = parse(softsign.derivatives[0])
    np.testing.assert_allclose(evaluate(slope, {"g": np.ones(3), "x": x}), [1 / 16, 1.0, 1 / 16])


def test_the_layer_kind_can_be_added(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scope = {"LayerKind": LayerKind, "Parameter": Parameter, "Statement": Statement, "parse": parse}
    exec(block("python", "SCALE = LayerKind"), scope)
    monkeypatch.setitem(LAYER_KINDS, "scale", scope["SCALE"])
    path = tmp_path / "scale.toml"
    path.write_text(
        'title = "t"\nlayout = "columns"\ninputs.a0 = [[1.0, -2.0], [3.0, 4.0]]\n'
        'gradient.da1 = [[0.5, 1.0], [2.0, -1.0]]\n[[layers]]\nkind = "scale"\nw = [[2.0], [3.0]]\n',
        encoding="utf-8",
    )
    scenario = load_scenario(path)
    assert [statement.name for statement in scenario.program.statements] == ["a1", "dw1", "da0"]
    assert check(scenario.program, scenario.values).passed
