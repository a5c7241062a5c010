"""`bpdebug` on a person's own script, from the command line: what is printed, and the exit status."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bpdebug
from bpdebug import cli
from bpdebug.cli import output
from tests.tiers import deep
from tests.two_layers import TWO_LAYERS

Run = Callable[..., tuple[int, str, str]]

SCRIPTS = Path(__file__).parents[1] / "scenarios" / "scripts"
RAISES = """\
import numpy as np
w = np.ones((2, 3))
x = np.arange(3.0)
out = w @ x
w -= 0.1 * np.outer(out - 1, np.ones(4))
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bpdebug", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        status = cli.run_command_line()
        return (status, *capfd.readouterr())

    return run


@pytest.mark.parametrize(("name", "status"), [deep("circles", 0), ("flowers", 1), deep("melody", 1)])
def test_the_exit_status_says_whether_it_is_right(run: Run, name: str, status: int) -> None:
    assert run("check", str(SCRIPTS / f"{name}.py"))[0] == status


def test_a_trace_names_the_lines(run: Run) -> None:
    status, printed, _ = run("trace", str(SCRIPTS / "circles.py"), "--format", "json")
    steps = json.loads(printed)["steps"]
    text = (SCRIPTS / "circles.py").read_text(encoding="utf-8").splitlines()
    assert status == 0
    assert all(step["code"].splitlines()[0] in text[step["line"] - 1] for step in steps)
    assert {"forward", "backward", "update"} <= {step["phase"] for step in steps}


def test_a_script_that_raises_is_not_called_right(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text(RAISES, encoding="utf-8")
    status, printed, _ = run("check", str(script))
    assert status == 2
    assert "net.py:5: ValueError" in printed
    assert printed.splitlines()[-1].startswith("Nothing was compared")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = (", "not Python"),
        ("import nowhere_to_be_found", "No module named"),
        ("input()", "asks for an input"),
        ("raise SystemExit(3)", "nothing was computed"),
    ],
)
def test_what_cannot_be_used_is_one_clear_message(run: Run, text: str, expected: str, tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text(text, encoding="utf-8")
    status, printed, said = run("trace", str(script))
    assert (status, printed) == (2, "")
    assert expected in said
    assert "Traceback" not in said


BEGINS = "import numpy as np\nz = np.ones(3) * 2\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import nowhere_to_be_found\n", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("n = int(input())\n", "EOFError: EOF when reading a line"),
        ("raise SystemExit(3)\n", "the recording ended early: the script ended itself with exit(3)"),
        ("import signal, os; os.kill(os.getpid(), signal.SIGINT); z * 3\n", "the script was interrupted"),
    ],
)
def test_what_was_computed_before_a_script_fails_is_not_lost(
    run: Run, text: str, expected: str, tmp_path: Path
) -> None:
    script = tmp_path / "net.py"
    script.write_text(BEGINS + text, encoding="utf-8")
    status, printed, said = run("trace", str(script))
    assert status == 2
    assert "[2. 2. 2.]" in printed
    assert "the recording ended early" in printed
    assert said.splitlines()[-1].endswith(expected)
    status, printed, _ = run("check", str(script))
    assert status == 2
    assert "the recording ended early" in printed


def test_without_an_update_there_is_nothing_to_check_and_all_to_see(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text(BEGINS, encoding="utf-8")
    status, printed, _ = run("check", str(script))
    assert (status, printed.splitlines()[-1]) == (2, "Nothing was compared: no parameter was found.")
    status, printed, said = run("trace", str(script))
    assert (status, "[2. 2. 2.]" in printed) == (2, True)
    assert said.startswith("nothing was trained: ")
    script.write_text(f"{BEGINS}y = z + 1\n", encoding="utf-8")
    assert run("trace", str(script), "--until", "3")[::2] == (0, "")


def test_what_a_script_printed_can_be_seen(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text(f"{BEGINS}print('epoch', 1)\nprint('done')\n", encoding="utf-8")
    assert run("run", str(script), "--command", "info output")[:2] == (0, "epoch 1\ndone\n")
    assert run("run", "two_layer", "--command", "info output")[:2] == (0, "nothing was printed\n")


def test_why_a_script_ends_itself_is_what_it_said_last(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text(
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--rate', required=True)\nparser.parse_args()\n",
        encoding="utf-8",
    )
    status, _, said = run("trace", str(script))
    assert status == 2
    assert "the script ended itself with exit(2)" in said
    assert "the following arguments are required: --rate" in said


@pytest.mark.parametrize("command", ["trace", "check"])
def test_a_line_says_that_the_script_runs(
    run: Run, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "net.py"
    script.write_text(BEGINS, encoding="utf-8")
    monkeypatch.setattr(output, "is_terminal", lambda stream: True)
    said = run(command, str(script))[2]
    assert said.startswith(f"{output.CLEAR_LINE}running {script} until")
    assert said.count(output.CLEAR_LINE) == 2


@pytest.mark.parametrize("command", [(), ("trace",), ("check",)])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "no such file"),
        ("def f(:\n    pass\n", "not Python"),
        ("\udcff\udcfe", "not Python"),
    ],
)
def test_what_is_no_script_is_the_same_message_in_every_command(
    run: Run, command: tuple[str, ...], text: str | None, expected: str, tmp_path: Path
) -> None:
    script = tmp_path / "net.py"
    if text is not None:
        script.write_bytes(text.encode("utf-8", "surrogateescape"))
    status, printed, said = run(*command, str(script))
    assert (status, printed) == (2, "")
    assert said.startswith(f"bpdebug: {script}")
    assert expected in said
    assert len(said.splitlines()) == 1


def test_a_script_that_never_ends_is_ended_and_what_it_computed_is_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bpdebug.sources.script import recording

    monkeypatch.setattr(recording.RecordingOptions.__new__, "__defaults__", (0, 1, "", 0.3))
    script = tmp_path / "net.py"
    script.write_text(f"{BEGINS}while True:\n    pass\n", encoding="utf-8")
    status, printed, _ = run("check", str(script))
    assert status == 2
    assert "the recording ended early: 0.3 seconds are over" in printed
    assert "1 seconds are over" in run("trace", str(script), "--seconds", "1")[1]


def test_a_missing_script(run: Run) -> None:
    status, _, said = run("check", "nowhere.py")
    assert status == 2
    assert "nowhere.py: no such file" in said


NET = TWO_LAYERS


@pytest.mark.parametrize(
    ("told", "head", "last"),
    [
        (("--loss", "cost"), "loss: cost = sum(d_out ** 2) / 2, line 7", "1 of 2 gradients wrong: w1."),
        deep(("--loss", "7"), "loss: cost = sum(d_out ** 2) / 2, line 7", "1 of 2 gradients wrong: w1."),
        deep(("--loss", "mse"), "loss: ½ Σ (out − y)², implied by line 7", "1 of 2 gradients wrong: w1."),
        deep(("--loss", "mae"), "loss: Σ |out − y|, implied by line 7", "2 of 2 gradients wrong: w1, w2."),
        deep(("--parameter", "w2"), "gradients: dw2 of w2", "All right: 1 gradient."),
        deep(("--gradient", "w2=dw2"), "gradients: dw1 of w1, dw2 of w2", "1 of 2 gradients wrong: w1."),
    ],
)
def test_what_is_told_takes_the_place_of_what_would_be_found(
    run: Run, told: tuple[str, str], head: str, last: str, tmp_path: Path
) -> None:
    script = tmp_path / "net.py"
    script.write_text(NET, encoding="utf-8")
    _, printed, _ = run("check", str(script), *told)
    lines = printed.splitlines()
    assert lines[0] == f"told: {' '.join(told)}"
    assert head in lines
    assert lines[-1].startswith(last)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("--loss", "cots"), "did you mean 'cost'? (found cost, mse, mae)"),
        (("--loss", "ce"), "(found cost, mse, mae)"),
        (("--parameter", "W1"), "did you mean 'w1'? (found w1, w2)"),
        (("--gradient", "W2=dw2"), "no tensor is called W2, did you mean 'w2'?"),
        (("--gradient", "w1=Dw1"), "no tensor is called Dw1, did you mean 'dw1'?"),
        (("--gradient", "w1"), "expected TENSOR=GRADIENT"),
        (("--gradient", "w1=dw1", "--gradient", "w1=dw2"), "w1 has a gradient already, dw1"),
    ],
)
def test_what_is_told_and_not_there_is_named(
    run: Run, told: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    script = tmp_path / "net.py"
    script.write_text(NET, encoding="utf-8")
    status, printed, error = run("check", str(script), *told)
    assert (status, printed) == (2, "")
    assert error.startswith(f"bpdebug: {told[-2]} {told[-1]}: ")
    assert said in error


@pytest.mark.deep
def test_the_same_is_told_from_python(tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    script.write_text(NET, encoding="utf-8")
    report = bpdebug.check(script, loss=7, gradients={"w2": "dw2"}, parameters=["w2"])
    assert report.passed
    assert report.assumed.gradients == {"w2": "dw2"}
    with pytest.raises(bpdebug.BpdebugError, match="no tensor is called dw5"):
        bpdebug.check(script, gradients={"w2": "dw5"})


def test_options_of_scripts_are_refused_for_scenarios(run: Run) -> None:
    assert run("trace", "two_layer", "--until", "3")[0] == 2
    assert run("trace", "two_layer", "--seconds", "3")[0] == 2
    assert run("check", "two_layer", "--diff")[0] == 2
    assert run("check", "two_layer", "--loss", "mse")[0] == 2


@pytest.mark.deep
def test_a_loss_that_is_computed_is_spoken_of_where_another_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    # A squared error is what `out - y` means, and the script computes a cross-entropy.
    text = TWO_LAYERS.replace("(1 - h)", "(1 - h ** 2)").replace(
        "cost = np.sum((out - y) ** 2) / 2", "cost = -np.sum(np.log(1 / (1 + np.exp(-out))))"
    )
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(text, encoding="utf-8")
    said = run("check", "net.py")[1]
    assert "implied by line 8" in said
    assert "line 7 computes another loss, by which they are not right: --loss 7 checks that" in said
    assert run("check", "net.py", "--loss", "7", "--seconds", "0.5")[0] == 1
