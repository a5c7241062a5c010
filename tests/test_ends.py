"""However a command is started and ended, it says so in its exit status and leaves nothing half said."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bpdebug import cli
from bpdebug.sources.scenario import shipped_scenarios
from tests.tiers import few

ROOT = Path(__file__).parents[1]
PYTHON = f"{sys.executable} -m bpdebug"
FULL = "cd $(mktemp -d); ulimit -f 0; "
"""A limit on the size of files stands for the disk."""
NOTHING_LEFT = ' | cat; status=${PIPESTATUS[0]}; [ -z "$(ls -A)" ] && rmdir $PWD && exit $status'
CASES = {
    "closed stdout": (f"{PYTHON} trace two_layer >&-", 0),
    "closed stderr": (f"{PYTHON} trace nothing 2>&-", 2),
    "closed stdin": (f"{PYTHON} run two_layer --script - <&-", 0),
    "all closed": (f"{PYTHON} check two_layer <&- >&- 2>&-", 0),
    "a reader that leaves at once": (f"{PYTHON} trace xor | true; exit ${{PIPESTATUS[0]}}", 0),
    "a reader of stderr that leaves": (f"{PYTHON} trace nothing 2> >(true); exit $?", 2),
    "a full disk": (f"{PYTHON} trace two_layer > /dev/full", 2),
    "a full disk behind both": (f"{PYTHON} trace two_layer > /dev/full 2>&1", 2),
    "a full disk for the help": (f"{PYTHON} check --help > /dev/full", 2),
    "a full disk for the version": (f"{PYTHON} --version > /dev/full", 2),
    "a full disk for a suggestion": (f"{FULL}{PYTHON} check two_layer --suggest x.toml{NOTHING_LEFT}", 2),
    "a full disk for a session": (f"{FULL}{PYTHON} run two_layer --command 'save x'{NOTHING_LEFT}", 1),
    "nobody to ask": (f"{PYTHON} check scenarios/scripts/flowers.py --fix <&-", 1),
    "no plain terminal": (f"{PYTHON} open two_layer --plain < /dev/null", 0),
    "bytes that are no text": (f"printf 'print w1\\xff\\n' | {PYTHON} run two_layer --script -", 1),
    "bytes at the prompt": (f"printf 'print w1\\xff\\n' | {PYTHON} open two_layer --plain", 0),
    "no UTF-8": (f"LANG=C LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {PYTHON} trace two_layer", 0),
    "no home": (f"env -u HOME {PYTHON} trace two_layer", 0),
    "a home that cannot be written": (f"HOME=/proc/none {PYTHON} trace two_layer", 0),
    "a home that is read only": (
        f"XDG_STATE_HOME=/sys XDG_CONFIG_HOME=/sys {PYTHON} open xor --plain <&-",
        0,
    ),
}


@pytest.mark.skipif(os.name != "posix" or not Path("/dev/full").exists(), reason="asks a Unix shell")
@pytest.mark.parametrize("case", few(CASES, 3))
def test_how_it_ends(case: str) -> None:
    command, status = CASES[case]
    paths = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, timeout=120, check=False, env=paths, cwd=ROOT
    )
    assert b"Traceback" not in done.stderr + done.stdout
    assert b"Exception ignored" not in done.stderr
    assert done.returncode == status, done.stderr


@pytest.mark.deep
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of any bytes")
@pytest.mark.parametrize("words", [("trace",), ("check",), ("run", "--command", "info tensors")])
def test_a_name_that_is_no_text(tmp_path: Path, words: tuple[str, ...]) -> None:
    name = os.fsencode(tmp_path) + b"/n\xffet\x1b[2J.toml"
    with open(name, "wb") as file:
        file.write((ROOT / "scenarios/two_layer.toml").read_bytes())
    command = [sys.executable, "-m", "bpdebug", words[0], name, *words[1:]]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert b"\x1b" not in done.stdout + done.stderr


HOSTILE = "a\x1b[2J\x07\r\x9b31m\u202e\u2028b"


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_export_stays_on_its_lines(form: str, tmp_path: Path, capsys, monkeypatch) -> None:
    """Titles, abouts, names of layers and files: none of it steers the terminal."""
    text = (ROOT / "scenarios/two_layer.toml").read_text(encoding="utf-8")
    quoted = json.dumps(HOSTILE)
    text = re.sub(r"^title = .*", lambda _: f"title = {quoted}", text, flags=re.MULTILINE)
    text = text.replace('about = """', f'about = """{quoted[1:-1]}', 1)
    text = text.replace("[[layers]]", f"[[layers]]\nname = {quoted}", 1)
    path = tmp_path / "n\x1b[2Jet.toml"
    path.write_text(text, encoding="utf-8")
    broken = tmp_path / "b\x1b[2J.toml"
    broken.write_text(f"{text}\n[{quoted}]\n{quoted} = 1\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["bpdebug", "trace", str(path)])
    assert cli.run_command_line() == 0
    for words in (
        ("trace", path, "--format", form),
        ("check", path, "--format", form),
        ("check", path, "--format", "junit" if form == "json" else "markdown"),
        ("run", path, "--command", "info tensors", "--format", form),
        ("run", path, "--command", f"print {HOSTILE}", "--format", form),
        ("trace", broken, "--format", form),
        ("check", path, "--mine", f"{HOSTILE}.npz"),
        ("check", path, "--map", f"{HOSTILE}=dw1"),
        ("trace", HOSTILE),
        (HOSTILE,),
        ("run", path, "--script", HOSTILE),
    ):
        monkeypatch.setattr(sys, "argv", ["bpdebug", *map(str, words)])
        cli.run_command_line()
        for said in capsys.readouterr():
            assert all(line.isprintable() for line in said.split("\n")), ascii(said)
            if said.startswith("{"):
                json.loads(said, parse_constant=pytest.fail)


INTERRUPTED = """
from bpdebug import __main__ as start, cli
def interrupted():
    raise KeyboardInterrupt
cli.run_command_line = interrupted
start.main()
"""


def test_an_interrupt_before_the_command_line_is_there() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (130, b"")


@pytest.mark.parametrize("line", few(["print w1 * 1e308 * 1e308", "print log(0 * w1)", "info health"]))
def test_an_answer_is_strict_json(line: str, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bpdebug", "run", "two_layer", "--command", line, "--format", "json"])
    cli.run_command_line()
    json.loads(capsys.readouterr().out, parse_constant=pytest.fail)


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys, monkeypatch) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bpdebug", "run", "two_layer", "--command", "save /proc/none/x"])
    assert cli.run_command_line() == 1
    assert "cannot be written" in capsys.readouterr().out


TRACES = """
import sys
from bpdebug import cli
for name in sys.argv[1:]:
    sys.argv = ["bpdebug", "trace", name, "--format", "json"]
    assert cli.run_command_line() == 0
"""


@pytest.mark.deep
def test_two_processes_write_the_same_traces() -> None:
    command = [sys.executable, "-c", TRACES, *(path.stem for path in shipped_scenarios())]
    first, second = (
        subprocess.run(
            command, capture_output=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    )
    assert first.count(b"\n") >= len(shipped_scenarios())
    assert first == second
