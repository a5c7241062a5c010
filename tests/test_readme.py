"""What the README and the manual say is so. `tests/manual` tries out all that they show."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bpdebug.commands.session import Session
from bpdebug.commands.table import COMMANDS, execute
from bpdebug.engine.health import HEALTH_CONDITIONS
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import FUNCTIONS, activations
from bpdebug.engine.language.functions.entry import Function
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.network.layers import LAYER_KINDS, LayerKind, Parameter
from bpdebug.engine.network.optimizers import OPTIMIZERS
from bpdebug.sources.scenario import load_scenario, shipped_scenarios, title_of
from bpdebug.tui.keys.action import Action, key_text
from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.keys.viewer import ACTIONS as VIEWER_ACTIONS
from bpdebug.tui.settings import UserSettings, read_settings
from bpdebug.tui.themes import THEMES
from bpdebug.tui.user_files import UserFiles
from bpdebug.verify.check import check

ROOT = Path(__file__).parent.parent
CHECKING, KEYS, DEBUGGING, SCENARIOS, TRAINING, EXTENDING = (
    (ROOT / path).read_text(encoding="utf-8")
    for path in (
        "docs/checking.md",
        "docs/keys.md",
        "docs/commands.md",
        "docs/scenarios.md",
        "docs/training.md",
        "docs/extending.md",
    )
)


def block(page: str, language: str, mark: str) -> str:
    """Return the code block of a language on a page that contains a mark."""
    blocks = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    (found,) = [text for text in blocks if mark in text]
    return found


def test_the_scenario_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.write_text(block(SCENARIOS, "toml", "Two dense layers"), encoding="utf-8")
    assert [statement.name for statement in load_scenario(path).program.statements][-1] == "da0"


def test_the_loss_can_take_the_place_of_the_gradient(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    network = block(SCENARIOS, "toml", "Two dense layers").partition("[gradient]")[0]
    path.write_text(network + block(SCENARIOS, "toml", "[loss]"), encoding="utf-8")
    assert load_scenario(path).program.seed == "loss"


def test_the_training_can_take_place_and_every_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    text = block(TRAINING, "toml", "[optimizer]")
    path.write_text(block(SCENARIOS, "toml", "Two dense layers") + text, encoding="utf-8")
    assert load_scenario(path).iterations == 500
    settings = {setting.name for optimizer in OPTIMIZERS.values() for setting in optimizer.settings}
    assert {name for name in {*OPTIMIZERS, *settings} if not re.search(rf"\b{name}\b", text)} == set()


def test_the_shipped_scenarios_are_listed() -> None:
    table = SCENARIOS[SCENARIOS.index("| name | title |") :].split("\n\n")[0]
    rows = [(path.stem, title_of(path.stem)) for path in shipped_scenarios()]
    assert re.findall(r"\| `(\w+)` \| (.+) \|", table) == rows


def test_every_key_of_a_layer_kind_is_named() -> None:
    text = SCENARIOS[SCENARIOS.index("| kind | keys |") : SCENARIOS.index("Instead of a `[gradient]`")]
    keys = {key.name for kind in LAYER_KINDS.values() for key in (*kind.settings, *kind.parameters)}
    assert {key for key in keys if f"`{key}" not in text} == set()


def test_the_program_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.write_text(block(SCENARIOS, "toml", "softmax(s, axis=-1)"), encoding="utf-8")
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
    row = next(line for line in SCENARIOS.splitlines() if line.startswith(f"| {layout}, {weight_shape}"))
    assert texts[0] in row
    assert next(text for text in texts if text.startswith("`dw1")) in row


def test_the_settings_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    text = block(KEYS, "toml", "[keys]")
    path.write_text(text, encoding="utf-8")
    keys = {"next": "j,f6", "back": "k", "go_to": "ctrl+g"}
    assert read_settings(UserFiles(path, tmp_path)) == (UserSettings("high-contrast", 6, keys), ())
    assert [theme for theme in THEMES if theme not in text] == []


def test_every_name_of_an_action_is_listed() -> None:
    listed = re.search(r"The actions are called (.*?)\.\n\n", KEYS, re.DOTALL)
    assert listed is not None
    assert re.findall(r"`([a-z_]{2,})`", listed[1]) == [action.name for action in ACTIONS]


@pytest.mark.parametrize(
    ("heading", "actions"), [("Keys", ACTIONS), ("The tensor viewer", VIEWER_ACTIONS)], ids=["app", "viewer"]
)
def test_every_key_is_listed(heading: str, actions: Sequence[Action]) -> None:
    section = KEYS.split(f"## {heading}\n")[1].split("\n## ")[0]
    shown = set(re.findall(r"`([^`]+)`", section))
    other_names = {"Pageup": "PgUp", "Pagedown": "PgDn", "Escape": "Esc"}
    for action in actions:
        names = {other_names.get(name, name) for name in key_text(action.keys).split()}
        assert names & shown or names <= {*"↑↓←→"}, f"{action.label}: {names}"


def test_the_bugs_are_found_as_shown(tmp_path: Path) -> None:
    (tmp_path / "network.py").write_text(block(CHECKING, "python", "np.savez"), encoding="utf-8")
    subprocess.run([sys.executable, "network.py"], cwd=tmp_path, check=True)
    command = [sys.executable, "-m", "bpdebug", "check", "net.toml", "--mine", "grads.npz"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 1, found.stderr
    shown = CHECKING.splitlines()
    # Rounding errors of 1e-16 are another machine's own.
    exact = [line for line in found.stdout.splitlines() if "largest relative error" not in line]
    assert [line for line in exact if line not in shown] == []


def test_the_session_answers_as_shown(tmp_path: Path) -> None:
    (tmp_path / "session.txt").write_text(block(DEBUGGING, "text", "break any"), encoding="utf-8")
    command = [sys.executable, "-m", "bpdebug", "run", "two_layer", "--script", "session.txt"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout in DEBUGGING


def test_the_table_of_commands_is_the_table_of_commands() -> None:
    rows = re.findall(r"^\| `([a-z].*)` \| (?:`([\w ]+)`)? ?\| (.+) \|$", DEBUGGING, re.MULTILINE)
    assert rows == [
        (f"{command.name} {command.usage}".strip().replace("|", "\\|"), command.short, command.help)
        for command in COMMANDS.values()
    ]


def test_every_place_that_is_shown_can_be_stopped_at() -> None:
    session = Session(load_scenario("two_layer"))
    shown = re.findall(r"`(break \S[^`]*)`", DEBUGGING[DEBUGGING.index("| `break` | stops |") :])
    assert len(shown) == 9
    assert [answer.lines for line in shown if (answer := execute(session, line)).failed] == []
    places = re.search(r"also (.+), and `health`", DEBUGGING)
    assert places is not None
    assert {"not_finite", *re.findall(r"`(\w+)`", places[1])} == set(HEALTH_CONDITIONS)


def test_breakpoints_and_watches_in_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.write_text(
        block(SCENARIOS, "toml", "Two dense layers") + block(DEBUGGING, "toml", "[debug]"), encoding="utf-8"
    )
    scenario = load_scenario(path)
    assert (len(scenario.breakpoints), len(scenario.watches)) == (2, 2)


def test_the_function_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = {"Function": Function, "np": np, "SAMPLES": activations.SAMPLES}
    squareplus = eval(block(EXTENDING, "python", "squareplus"), scope)
    monkeypatch.setitem(FUNCTIONS, squareplus.name, squareplus)
    x = np.array([-1.5, 0.0, 1.5])
    out = squareplus.numpy(x)
    np.testing.assert_allclose(out, [0.5, 1.0, 2.0])
    slope = evaluate(parse(squareplus.derivatives[0]), {"g": np.ones(3), "x": x, "out": out})
    np.testing.assert_allclose(slope, [0.2, 0.5, 0.8])
    assert squareplus.numpy(np.float16(1000)) == 1000


def test_the_layer_kind_can_be_added(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scope = {"LayerKind": LayerKind, "Parameter": Parameter}
    exec(block(EXTENDING, "python", "SCALE = LayerKind"), scope)
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


def test_the_kinds_that_are_described_are_there() -> None:
    table = SCENARIOS[SCENARIOS.index("| kind | keys |") :].split("\n\n")[0]
    described = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(described) == sorted(LAYER_KINDS)


def test_the_graph_runs(tmp_path: Path) -> None:
    path = tmp_path / "graph.toml"
    head = 'title = "t"\nlayout = "columns"\ninputs.a0 = [[1.0], [2.0], [3.0]]\n'
    gradient = "gradient.da2 = [[1.0], [0.5], [0.1]]\n"
    path.write_text(head + gradient + block(SCENARIOS, "toml", 'kind = "residual"'), encoding="utf-8")
    scenario = load_scenario(path)
    assert check(scenario.program, scenario.values).passed
