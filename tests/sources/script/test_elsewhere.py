"""A script recorded in another process: what comes back, and what a script can do there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.errors import BpdebugError, Interrupted
from bpdebug.sources.script import record_script
from bpdebug.sources.script.case import case_of
from bpdebug.sources.script.elsewhere import recorded_with

TEXT = """\
import os, sys
import numpy as np
from layers import scaled
os.write(1, b"past the streams of Python")
rate = float(sys.argv[1])
w, x = np.ones((2, 3)), np.arange(3.0)
out = scaled(w @ x)
d = out - 1
w -= rate * np.outer(d, x)
"""
LAYERS = """\
def scaled(z):
    return z * 2.0
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text(TEXT, encoding="utf-8")
    (tmp_path / "layers.py").write_text(LAYERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_other_texts_run_with_the_same_arguments() -> None:
    recording = record_script("net.py", ("0.5",))
    layers = next(site.place.file for site in recording.sites if site.place.file.endswith("layers.py"))
    changed = {"net.py": TEXT.replace("out - 1", "2 * (out - 1)"), layers: LAYERS.replace("2.0", "3.0")}
    case = recorded_with(recording, changed, lambda: True)
    here = case_of(recording)
    assert case.script is not None
    assert case.script.is_corrected
    assert case.script.recorded is None
    assert [one.source.code for one in case.program.statements if one.name == "d"] == ["d = 2 * (out - 1)"]
    assert "return z * 3.0" in case.script.files["layers.py"]
    assert case.program.shapes == here.program.shapes
    np.testing.assert_array_equal(case.values["x"], here.values["x"])
    assert Path("layers.py").read_text(encoding="utf-8") == LAYERS


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("text", "said"),
    [("import os; os._exit(3)", "it ended before it was recorded"), ("x = (", "not Python")],
)
def test_what_cannot_be_recorded_is_said(text: str, said: str) -> None:
    recording = record_script("net.py", ("0.5",))
    with pytest.raises(BpdebugError, match=said):
        recorded_with(recording, {"net.py": text}, lambda: True)


@pytest.mark.usefixtures("folder")
def test_what_is_not_wanted_any_more_is_ended() -> None:
    recording = record_script("net.py", ("0.5",))
    wanted = iter([True, True])
    with pytest.raises(Interrupted):
        recorded_with(recording, {"net.py": "while True: pass"}, lambda: next(wanted, False))
