"""The command line as a user meets it: what is printed where, and the exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bpdebug import __version__, cli
from bpdebug.cli import opening, options
from bpdebug.commands import answers
from bpdebug.errors import BpdebugError
from bpdebug.export import reports, script_report, traces
from bpdebug.sources.scenario import shipped_scenarios
from tests.tiers import deep

BROKEN = Path(__file__).parent / "sources" / "scenario" / "broken"
SHIPPED = [path.stem for path in shipped_scenarios()]


@pytest.fixture
def bpdebug(monkeypatch, capsys):
    """Run a command line in this process: (exit status, stdout, stderr)."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bpdebug", *words])
        return cli.run_command_line(), *capsys.readouterr()

    return run


class App:
    """Stands in for the app: remembers what it was opened with."""

    opened: list[object]

    def __init__(self, load=None, name="", title="", user=None):
        self.load = load
        self.problem = None
        self.return_code = None

    def run(self):
        """Do what the app does: a problem is not raised into Textual, but kept."""
        try:
            self.opened.append(self.load() if self.load else None)
        except BpdebugError as error:
            self.problem = error


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setattr(opening.app, "BpdebugApp", App)
    monkeypatch.setattr(opening, "is_terminal", lambda stream: True)
    App.opened = []
    return App


def process(*words: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bpdebug", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **options
    )


def test_version(bpdebug):
    assert bpdebug("--version") == (0, f"bpdebug {__version__}\n", "")


@pytest.mark.parametrize(
    "words", [("--help",), ("-h",), ("trace", "--help"), ("list", "--help"), ("open", "-h")]
)
def test_help(bpdebug, words):
    status, out, err = bpdebug(*words)
    assert (status, err) == (0, "")
    assert out.startswith("Usage: bpdebug")


def test_list(bpdebug):
    status, out, err = bpdebug("list")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == SHIPPED
    assert "Two dense layers: ReLU, then sigmoid (dense relu → dense sigmoid)" in out


def test_trace_is_text_unless_asked(bpdebug):
    status, out, err = bpdebug("trace", "two_layer")
    assert (status, err) == (0, "")
    assert "dw2 = dz2 @ a1.T" in out


def test_trace_as_json(bpdebug):
    status, out, _ = bpdebug("trace", "two_layer", "--format", "json")
    assert status == 0
    assert json.loads(out)["format"] == "bpdebug-trace"


def test_problems_go_to_stderr_one_a_line(bpdebug, monkeypatch):
    monkeypatch.chdir(BROKEN)
    for words in (
        ("trace", "several_problems.toml"),
        ("several_problems.toml",),
        ("open", "several_problems.toml"),
    ):
        status, out, err = bpdebug(*words)
        assert (status, out) == (2, "")
        assert len(err.splitlines()) == 6
        assert all(line.startswith("several_problems.toml: ") for line in err.splitlines())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--nonsense",), "bpdebug: No such option: --nonsense\n"),
        (("trace",), "bpdebug: Missing argument 'scenario'.\n"),
        (("lst",), "bpdebug: no such command or scenario: lst (did you mean list?)\n"),
        (("tarce", "two_layer"), "bpdebug: no such command or scenario: tarce (did you mean trace?)\n"),
        (("two_layer", "batch"), "bpdebug: Got unexpected extra argument(s) (batch)\n"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(bpdebug, words, message):
    assert bpdebug(*words) == (2, "", message)


def test_every_format_of_the_tables_can_be_asked_for():
    assert [*options.CheckFormat] == [*reports.CHECK_FORMATS] == [*script_report.CHECK_FORMATS]
    assert [*options.PlainFormat] == [*traces.TRACE_FORMATS] == [*answers.ANSWER_FORMATS]


def test_an_unknown_format_names_the_known_ones(bpdebug):
    status, _, err = bpdebug("trace", "two_layer", "--format", "xml")
    assert status == 2
    assert "'text', 'json'" in err


def test_an_unknown_name_suggests_the_nearest(bpdebug):
    status, _, err = bpdebug("two_layr")
    assert status == 2
    assert "did you mean two_layer?" in err


@pytest.mark.parametrize("words", [(), ("two_layer",), ("open", "two_layer"), ("open",)])
@pytest.mark.parametrize("without", ["stdin", "stdout", "stderr"])
def test_without_a_terminal_the_app_refuses_and_names_trace(bpdebug, words, without, monkeypatch):
    monkeypatch.setattr("bpdebug.cli.opening.is_terminal", lambda stream: stream is not getattr(sys, without))
    status, out, err = bpdebug(*words)
    assert (status, out) == (2, "")
    name = "two_layer" if "two_layer" in words else "SCENARIO"
    assert err == (
        "bpdebug: the app needs a terminal on stdin, stdout and stderr; "
        f"`bpdebug trace {name}` works without one\n"
    )


def test_a_terminal_is_needed_at_both_ends(monkeypatch, bpdebug, app):
    monkeypatch.setattr(opening, "is_terminal", lambda stream: stream is sys.stdin)
    assert bpdebug("two_layer")[0] == 2
    monkeypatch.setattr(opening, "is_terminal", lambda stream: stream is sys.stdout)
    assert bpdebug("two_layer")[0] == 2


@pytest.mark.parametrize("words", [("two_layer",), ("open", "two_layer")])
def test_the_app_opens_a_scenario(bpdebug, app, words):
    assert bpdebug(*words) == (0, "", "")
    assert [scenario.name for scenario in app.opened] == ["two_layer"]


def test_the_app_opens_without_a_scenario(bpdebug, app):
    assert bpdebug() == (0, "", "")
    assert app.opened == [None]


def test_a_file_called_trace_is_reached_by_its_path(bpdebug, app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = next(path for path in shipped_scenarios() if path.stem == "relu_layer")
    Path("trace").write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    assert bpdebug("./trace")[0] == 0
    assert [scenario.source for scenario in app.opened] == ["./trace"]


def test_interrupting_is_quiet(bpdebug, app, monkeypatch):
    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(App, "run", interrupt)
    assert bpdebug("two_layer") == (130, "", "")


def test_scenarios_are_completed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("two.toml").touch()
    Path("two.txt").touch()
    Path("twofold").mkdir()
    assert options.complete_scenario("two") == ["two.toml", "two_layer", "twofold/"]


@pytest.mark.parametrize("words", [("trace", "two_layer"), *map(deep, (["list"], ["--help"], ["--version"]))])
def test_headless_commands_never_import_textual(words):
    code = (
        "import sys; sys.argv = ['bpdebug', *sys.argv[1:]]\n"
        "from bpdebug.cli import run_command_line\n"
        "run_command_line()\n"
        "print('textual' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60)
    assert done.stderr == "False\n"


def test_a_reader_that_leaves_early_is_no_error():
    command = f'{sys.executable} -m bpdebug trace batch --format json | head -c 10; echo "${{PIPESTATUS[@]}}"'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout == '{"format":0 0\n'


@pytest.mark.deep
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_a_message():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bpdebug", "trace", "batch"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (2, "bpdebug: cannot write: No space left on device\n")


def test_a_terminal_without_unicode_still_gets_the_text():
    done = process("trace", "two_layer", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "dw2 = dz2 @ a1.T" in done.stdout


def test_from_another_folder_and_as_a_module(tmp_path):
    done = process("trace", "two_layer", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def outside(tmp_path) -> str:
    """Write a scenario whose weights are not in its folder."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "w.csv").write_text("1,2\n")
    path = tmp_path / "inner" / "net.toml"
    path.write_text(
        'title = "Net"\nlayout = "columns"\ninputs.a0 = [[1.0], [2.0]]\ngradient.da1 = [[1.0]]\n'
        '[[layers]]\nkind = "dense"\nw = { file = "../w.csv" }\n'
    )
    return str(path)


@pytest.mark.parametrize(
    "words", [("trace",), ("check",), ("open",), ("run", "--command", "step")], ids=lambda words: words[0]
)
def test_a_file_outside_the_folder_is_read_where_that_is_allowed(bpdebug, app, outside, words):
    assert bpdebug(*words, outside) == (
        2,
        "",
        f"{outside}: layers[0].w: ../w.csv: not in the scenario's folder: found a path that leads out of it,"
        " expected a file in it (--allow-outside lets it be read)\n",
    )
    assert bpdebug(*words, outside, "--allow-outside")[0] == 0
    assert len(app.opened) == (words == ("open",))


def test_the_picker_allows_nothing_outside(bpdebug, app):
    assert bpdebug("open", "--allow-outside") == (
        2,
        "",
        "bpdebug: --allow-outside is for one scenario: found no SCENARIO\n",
    )
