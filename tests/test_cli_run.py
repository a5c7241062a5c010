"""`bpdebug run`: the debugger's commands without a terminal, in pipes, scripts and build servers."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bpdebug import cli

Run = Callable[..., tuple[int, str, str]]
BROKEN = Path(__file__).parent / "sources" / "scenario" / "broken"
DW1 = "10/12 dw1 = dz1 @ a0.T (4×3) | breakpoint 1, dw1\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `bpdebug run two_layer` in this process: (exit status, stdout, stderr)."""

    def bpdebug(*words: str, stdin: str = "", scenario: str = "two_layer") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bpdebug", "run", scenario, *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        return cli.run_command_line(), *capsys.readouterr()

    return bpdebug


def commands(*lines: str) -> list[str]:
    return [word for line in lines for word in ("--command", line)]


def test_commands_one_result_a_line(run: Run) -> None:
    status, out, err = run(*commands("break dw1", "continue", "shape dw1"))
    assert (status, err) == (0, "")
    assert out == f"breakpoint 1 dw1 (0 hits)\n{DW1}dw1 4×3\n"


def test_a_script_from_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "session.txt"
    path.write_text("# where dw1 comes from\n\n  break dw1  \ncontinue\n", encoding="utf-8")
    assert run("--script", str(path)) == (0, f"breakpoint 1 dw1 (0 hits)\n{DW1}", "")


def test_a_script_from_an_editor_that_marks_its_encoding(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "session.txt"
    path.write_bytes("break dw1\r\ncontinue\r\n".encode("utf-8-sig"))
    assert run("--script", str(path)) == (0, f"breakpoint 1 dw1 (0 hits)\n{DW1}", "")


def test_a_script_from_standard_input_and_then_the_commands(run: Run) -> None:
    status, out, _ = run("--script", "-", *commands("continue"), stdin="break dw1\n")
    assert (status, out) == (0, f"breakpoint 1 dw1 (0 hits)\n{DW1}")


def test_json_lines(run: Run) -> None:
    lines = [
        "break dw1 if norm(dw1) > 0",
        "continue",
        "print dw1",
        "print 0/0",
        "info health",
        "help",
        "quit",
        "step",
    ]
    status, out, err = run("--format", "json", *commands(*lines))
    assert (status, err) == (0, "")
    documents = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
    assert [document["command"] for document in documents] == lines[:-1]
    assert all(document["ok"] for document in documents)
    assert documents[1]["position"] == 10
    assert documents[1]["breakpoints"][0]["evidence"][0].startswith("norm(dw1) = ")
    assert (documents[2]["shape"], len(documents[2]["value"])) == ([4, 3], 4)
    assert documents[3]["value"] == "NaN"


def test_a_command_that_fails_ends_it_with_status_1(run: Run) -> None:
    status, out, err = run(*commands("step", "print dw1", "step"))
    assert (status, err) == (1, "")
    assert out.splitlines()[1:] == ["print dw1: dw1 is not available yet: step 10 writes it"]
    status, out, _ = run("--format", "json", *commands("print dw1", "step"))
    (document,) = map(json.loads, out.splitlines())
    assert (status, document["ok"]) == (1, False)


def test_quit_ends_it_in_the_middle(run: Run) -> None:
    assert run(*commands("goto dw1", "quit", "nonsense")) == (0, "10/12 dw1 = dz1 @ a0.T (4×3)\n", "")


def test_an_empty_script_does_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.write_text("# nothing yet\n", encoding="utf-8")
    assert run("--script", str(path)) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "bpdebug: nothing to run: found neither --command nor --script, expected one of them\n"),
        (("--script", "none.txt"), "bpdebug: --script none.txt: cannot be read: No such file or directory\n"),
        (("--script", "."), "bpdebug: --script .: cannot be read: Is a directory\n"),
        (("--script", "latin1.txt"), "bpdebug: --script latin1.txt: cannot be read: it is not UTF-8 text\n"),
        (
            ("--script", "/dev/zero"),
            "bpdebug: --script /dev/zero: too long,"
            " expected at most 1,048,576 characters (the limit script_characters)\n",
        ),
        (("--unheard",), "bpdebug: No such option: --unheard\n"),
    ],
)
def test_what_cannot_be_used_gives_status_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "latin1.txt").write_bytes(b"print caf\xe9\n")
    monkeypatch.chdir(tmp_path)
    assert run(*words) == (2, "", message)


def test_a_scenario_that_cannot_be_used_gives_status_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    status, out, err = run(*commands("step"), scenario="debug_several.toml")
    assert (status, out) == (2, "")
    assert all(line.startswith("debug_several.toml: debug") for line in err.splitlines())


@pytest.mark.deep
def test_the_app_is_not_needed() -> None:
    code = (
        "import sys; sys.argv = ['bpdebug', 'run', 'two_layer', '--command', 'end'];"
        "from bpdebug import cli; status = cli.run_command_line();"
        "print(status, 'textual' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["12/12 da0 = w1.T @ dz1 (3×1)", "0 False"]


def process(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bpdebug", "run", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


def test_as_a_process_reading_a_pipe() -> None:
    done = process("two_layer", "--script", "-", input="break dw1\ncontinue\nprint x\nstep\n")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"breakpoint 1 dw1 (0 hits)\n{DW1}print x: there is no tensor 'x'\n"


@pytest.mark.deep
def test_without_a_standard_input() -> None:
    command = f"exec {sys.executable} -m bpdebug run two_layer --script - --command end <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "12/12 da0 = w1.T @ dz1 (3×1)\n"


@pytest.mark.deep
def test_a_reader_that_has_seen_enough() -> None:
    command = f"{sys.executable} -m bpdebug run two_layer {'--command help ' * 200} | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("step [N]")


@pytest.mark.deep
def test_hostile_commands_in_little_memory(tmp_path: Path) -> None:
    scenario = tmp_path / "wide.toml"
    scenario.write_text(
        'title = "Wide"\nlayout = "columns"\n[inputs]\n'
        'a0 = { random = "normal", shape = [60000, 1], seed = 1 }\n'
        '[[layers]]\nkind = "dense"\nw = { random = "normal", shape = [2, 60000], seed = 1 }\n',
        encoding="utf-8",
    )
    lines = [
        "print a0 * w1[0]",
        "print a0 @ w1[0:1]",
        "break any(a0 < w1[0])",
        "watch sum(a0 * a0.T)",
        "set w1 = a0 @ w1[0:1]",
        "print " + " @ ".join(["a0 @ w1[0:1]"] * 50),
        "print 9**9**9**9",
        "print w1[99999999999999999999]",
        "print " + "(" * 3000,
    ]
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30));"
        "from bpdebug.commands.session import Session; from bpdebug.commands.table import execute;"
        "from bpdebug.sources.scenario import load_scenario; session = Session(load_scenario(sys.argv[1]));"
        "[print(execute(session, line.strip()).lines[0]) for line in sys.stdin]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(scenario)],
        input="\n".join(lines),
        env={"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers = done.stdout.splitlines()
    assert len(answers) == len(lines)
    assert all(answer.startswith("too large: it would compute 3,600,") for answer in answers[:5]), answers
    assert answers[5].startswith("too l")
    assert answers[6] == "9**9**9**9 = inf"
    assert answers[7] == "[99999999999999999999] does not exist in shape (2, 60000)"
    assert answers[8].startswith("not an expression: ")
