"""A script runs as Python runs it, and whatever ends it, what was recorded until then is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bpdebug.errors import ScriptError
from bpdebug.sources.script import Recording, RecordingOptions, record_script
from bpdebug.sources.script.case import case_of
from tests.tiers import few

TRAINING = """
import numpy as np
rng = np.random.default_rng(0)
x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
w = rng.normal(size=(3, 2))

def forward(x):
    return x @ w

for step in range(4):
    out = forward(x)
    loss = np.mean((out - y) ** 2)
    dw = x.T @ (2 * (out - y) / out.size)
    w = w - 0.1 * dw
    print("step", step)
"""


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)

    def run(text: str, *arguments: str, **options: object) -> Recording:
        (tmp_path / "net.py").write_text(text)
        return record_script("net.py", arguments, RecordingOptions(**options))  # type: ignore[arg-type]

    return run


def lines(recording: Recording) -> list[int]:
    return [instance.site.line for instance in recording.instances]


def test_an_iteration_ends_where_the_next_one_begins(record) -> None:
    recording = record(TRAINING)
    assert recording.ending.kind == "stopped"
    assert recording.output == "step 0\n"
    assert [update.slot for update in recording.updates] == ["w"]
    assert lines(recording)[-5:] == [8, 11, 12, 13, 14]


def test_a_later_iteration_begins_with_what_the_first_has_left(record) -> None:
    recording = record(TRAINING, iteration=3)
    assert recording.output == "step 0\nstep 1\nstep 2\n"
    assert lines(recording) == [8, 11, 12, 13, 14]
    first = record(TRAINING)
    assert recording.updates[0].old.value.tolist() != first.updates[0].old.value.tolist()


def test_where_there_are_fewer_iterations_the_last_is_recorded_and_that_is_said(record) -> None:
    assert (record(TRAINING, iteration=4).iteration, record(TRAINING, iteration=4).messages) == (4, ())
    recording = record(TRAINING, iteration=9)
    assert recording.iteration == 4
    assert recording.messages == ("iteration 9 was not reached: this is iteration 4, the last",)


def test_until_a_line_that_line_is_not_carried_out(record) -> None:
    recording = record(TRAINING, until=13)
    assert recording.ending.message == "line 13 is reached"
    assert lines(recording)[-1] == 12
    assert not recording.updates


def test_of_one_function_only_its_first_call_is_recorded(record) -> None:
    recording = record(TRAINING, function="forward")
    assert lines(recording) == [8]
    assert recording.output == ""
    assert recording.ending.message == "forward has returned"


def test_of_one_function_everything_that_it_calls_is_seen_and_nothing_before(record) -> None:
    text = TRAINING.replace("for step in range(4):\n", "def train(step):\n    global w\n") + (
        "unseen = forward.__code__.co_names\ntrain(0)\n"
    )
    recording = record(text.replace("train(0)", "print(*unseen)\ntrain(0)"), function="train")
    assert lines(recording) == [8, 12, 13, 14, 15]
    assert recording.output == "w\nstep 0\n"
    assert [update.slot for update in recording.updates] == ["w"]


def test_an_endless_loop_is_ended_by_the_clock(record) -> None:
    recording = record("a = 1.5 * 2\nwhile True:\n    pass\n", seconds=0.3)
    assert (recording.ending.kind, recording.ending.message) == ("timed out", "0.3 seconds are over")
    assert lines(recording) == [1]


def test_a_stop_is_not_swallowed(record) -> None:
    caught = TRAINING.replace(
        "    out = forward(x)", "    try:\n        out = forward(x)\n    except:\n        pass"
    )
    recording = record(caught)
    assert recording.ending.kind == "stopped"
    assert recording.output == "step 0\n"


def test_an_exception_is_shown_as_python_shows_it(record, tmp_path: Path) -> None:
    text = TRAINING.replace('print("step", step)', "1 / (step - 0)")
    recording = record(text)
    assert (recording.ending.kind, recording.ending.line) == ("raised", 15)
    assert recording.ending.message == "ZeroDivisionError: division by zero"
    plain = subprocess.run(
        [sys.executable, "net.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    own = [line.replace(f"{tmp_path}/", "") for line in plain.stderr.splitlines() if "^" not in line]
    assert [line for line in recording.ending.traceback.splitlines() if "^" not in line] == own
    assert case_of(recording).program.statements


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x = 1.5 * 2\nraise SystemExit(3)", "exited"),
        ("x = 1.5 * 2\nimport sys; sys.exit()", "exited"),
        ("x = 1.5 * 2\nraise KeyboardInterrupt", "interrupted"),
        ("x = 1.5 * 2\ny = float(input('rate? '))", "asked"),
        ("x = 1.5 * 2\nimport no_such_module", "raised"),
        ("x = 1.5 * 2\n", "finished"),
    ],
)
def test_whatever_ends_a_script_what_was_recorded_is_there(
    record, text: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    recording = record(text)
    assert recording.ending.kind == kind
    assert [instance.result.value for instance in recording.instances] == [3.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (1,\ny = 2\n", "net.py:1: not Python: '(' was never closed"),
        ("x = '\0'\n", "net.py: not Python: source code string cannot contain null bytes"),
        (None, "net.py: no such file"),
    ],
)
def test_what_is_no_script_is_said_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "net.py").write_text(text)
    with pytest.raises(ScriptError) as raised:
        record_script("net.py")
    assert str(raised.value).startswith(message)


@pytest.mark.skipif(os.name != "posix", reason="has devices")
def test_what_never_ends_is_no_script(tmp_path: Path) -> None:
    (tmp_path / "net.py").symlink_to("/dev/zero")
    (tmp_path / "folder.py").mkdir()
    for name, found in (("net.py", "a pipe or a device"), ("folder.py", "a folder"), ("a\0.py", "")):
        with pytest.raises(ScriptError, match=f"{found}, expected a Python script" if found else "cannot be"):
            record_script(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("print('hello')\n", "net.py: nothing was computed with tensors"),
        ("import no_such_module\n", "net.py:1: the script raised an exception before anything was computed"),
        ("n = input()\n", "net.py:1: the script asks for an input"),
    ],
)
def test_nothing_to_step_through_is_an_error_that_says_why(
    record, text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ScriptError) as raised:
        case_of(record(text))
    assert str(raised.value).startswith(message)


def test_the_script_is_main_with_its_arguments_and_folder(record, tmp_path: Path) -> None:
    before = dict(sys.modules), sys.argv[:], sys.path[:]
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "__init__.py").write_text("from .dense import Dense\n")
    (tmp_path / "layers" / "dense.py").write_text(
        "class Dense:\n"
        "    def __init__(self, w): self.w = w\n"
        "    def __call__(self, x):\n"
        "        return self.w * x\n"
    )
    recording = record(
        "import os, sys\n"
        "from layers import Dense\n"
        "print(__name__, __file__, sys.argv, os.getcwd() == sys.path[0], sys.modules['__main__'].__file__)\n"
        "print(Dense.__module__, Dense(2.0)(1.5))\n",
        "--rate",
        "0.1",
    )
    assert recording.output == ("__main__ net.py ['net.py', '--rate', '0.1'] True net.py\nlayers.dense 3.0\n")
    (instance,) = (one for one in recording.instances if one.site.role == "return")
    assert instance.site.place.file.endswith("dense.py")
    assert instance.frame.site.function == "Dense.__call__"
    assert instance.frame.caller == ("net.py", 4)
    assert (dict(sys.modules), sys.argv, sys.path) == before
    assert not list(tmp_path.rglob("*.pyc"))


def test_what_lies_in_a_folder_that_the_script_puts_on_the_path_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "first").mkdir()
    (tmp_path / "parts" / "dense.py").write_text("def product(x, w):\n    return x @ w\n")
    text = TRAINING.replace("x @ w\n", "product(x, w)\n", 1)
    (tmp_path / "first" / "net.py").write_text(
        f'import os, sys\nsys.path.append(os.pardir + "/parts")\nfrom dense import product\n{text}'
    )
    monkeypatch.chdir(tmp_path / "first")
    recording = record_script("net.py", (), RecordingOptions())
    assert [update.slot for update in recording.updates] == ["w"]


def test_what_lies_in_a_folder_of_the_path_that_the_script_lies_in_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project that is installed as it stands, and its examples; what lies beside it is a library."""
    text = TRAINING.replace("x @ w\n", "product(x, w)\n", 1)
    for folder in ("project/parts", "project/examples", "library"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "project" / "parts" / "dense.py").write_text(
        "def product(x, w):\n    return twice(x @ w) / 2\n"
    )
    (tmp_path / "library" / "doubling.py").write_text("def twice(x):\n    return x * 2\n")
    script = tmp_path / "project" / "examples" / "net.py"
    script.write_text(
        f"import parts.dense\nfrom doubling import twice\nparts.dense.twice = twice\n{text}".replace(
            "product(x", "parts.dense.product(x"
        )
    )
    monkeypatch.syspath_prepend(tmp_path / "project")
    monkeypatch.syspath_prepend(tmp_path / "library")
    recording = record_script(script)
    files = {Path(one.site.place.file).name for one in recording.instances}
    assert files == {"net.py", "dense.py"}
    assert {Path(instance.site.place.file).name for instance in recording.instances} == {"net.py", "dense.py"}


def test_cells_that_are_no_python_or_raise_are_left_out(tmp_path: Path) -> None:
    cells = [
        ("markdown", "# title"),
        ("code", "%matplotlib inline\nimport numpy as np\nw = np.ones(3)"),
        ("code", "this is no python"),
        ("code", ["a = w * 2\n", "b = a[7]\n"]),
        ("code", "%%bash\nls"),
        ("code", "c = w * 3\nw?"),
    ]
    notebook = tmp_path / "net.ipynb"
    notebook.write_text(json.dumps({"cells": [{"cell_type": kind, "source": text} for kind, text in cells]}))
    recording = record_script(notebook)
    assert [instance.names for instance in recording.instances] == [("w",), ("a",), ("c",)]
    assert len(recording.messages) == 2
    assert "cell 2 was left out: not Python" in recording.messages[0]
    assert "IndexError" in recording.messages[1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("net.ipynb", "[" * 100_000, "not a notebook: RecursionError"),
        ("net.ipynb", '{"cells": [{"cell_type": "code", "source": 3}]}', "not a notebook: TypeError"),
        ("net.ipynb", '{"cells": [{"cell_type": "code", "source": [1]}]}', "not a notebook: TypeError"),
        ("net.py", "# coding: rot13\nx = 1\n", "not Python: 'rot13' is not a text encoding"),
    ],
)
def test_what_is_no_code_is_refused_in_words(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ScriptError, match=said):
        record_script(tmp_path / name)


@pytest.mark.parametrize(
    "line",
    [
        "sys.stdout.close()",
        "sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')",
        "sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding='utf-8')",
    ],
)
def test_what_was_written_stays_where_a_script_closes_or_wraps_its_output(line: str, record) -> None:
    assert record(f"import io, sys\nprint('begun')\n{line}\n{TRAINING}").output.startswith("begun")


@pytest.mark.parametrize("most", few(range(500, 504)), ids="whichever operation is the last: {}".format)
def test_what_comes_before_the_first_update_is_forgotten_where_it_is_too_much(
    record, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("bpdebug.sources.script.recording.MOST_NODES", most)
    loop = "a = 0.5\nfor i in range(2000):\n    a = a * 0.5 + 1.0\n    a += i\n    b = a\n"
    recording = record(loop + TRAINING)
    assert recording.ending.kind == "stopped"
    assert len(recording.nodes) < most
    assert [update.slot for update in recording.updates] == ["w"]
    assert "only the last of them were kept" in recording.messages[0]


def test_each_thread_has_calls_of_its_own(record) -> None:
    recording = record(
        """
import threading
import numpy as np
x, parts, both = np.arange(4.0), {}, threading.Barrier(2)
def twice(value):
    both.wait()
    return value * 2
def part(number):
    parts[number] = twice(x[number:]) + number
threads = [threading.Thread(target=part, args=(number,)) for number in range(2)]
for one in threads:
    one.start()
for one in threads:
    one.join()
total = parts[0].sum() + parts[1].sum()
"""
    )
    calls = [frame for frame in recording.frames if frame.site is not None]
    inner = [frame for frame in calls if frame.site.function == "twice"]
    assert [frame.depth for frame in calls if frame.site.function == "part"] == [1, 1]
    assert [frame.parent.site.function for frame in inner] == ["part", "part"]
    assert inner[0].parent is not inner[1].parent
    assert {frame.caller[1] for frame in calls} == {8, 9}


def test_a_step_of_several_names_at_once_is_one_step_of_each(record) -> None:
    text = TRAINING.replace("w = w - 0.1 * dw", "w, c = w - 0.1 * dw, c - 0.1 * dw.sum()")
    assert text != TRAINING
    recording = record(text)
    assert [update.slot for update in recording.updates][:1] == ["w"]
    assert len({update.new.id for update in recording.updates}) == len(recording.updates)
