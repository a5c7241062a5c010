"""`bpdebug check` in a terminal: what it asks before it writes, how a search is stopped; and its patches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.tiers import deep
from tests.two_layers import TWO_LAYERS

PATIENCE = 120
"""Seconds after which what has not appeared will not appear."""
PYTHON = ("-m", "bpdebug", "check")
NET = TWO_LAYERS
RIGHT = NET.replace("(1 - h)", "(1 - h ** 2)")
QUESTION = r"write the corrections to net.py\? \[y/N\]:"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script with a fault, in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("net.py")
    path.write_text(NET, encoding="utf-8")
    return path


@contextmanager
def checked(*words: str) -> Iterator[pexpect.spawn]:
    """Run a check in a terminal."""
    process = pexpect.spawn(sys.executable, [*PYTHON, *words], timeout=PATIENCE, encoding="utf-8")
    process.setwinsize(40, 160)
    try:
        yield process
    finally:
        process.close(force=True)


def end(process: pexpect.spawn) -> tuple[str, int | None]:
    """Wait for the end; return what was written last, and the exit status."""
    process.expect(pexpect.EOF)
    process.close(force=True)  # within bounds, where a mere wait has none
    return process.before, process.exitstatus


@pytest.mark.deep
def test_yes_writes_the_correction_and_keeps_what_was_there(script: Path) -> None:
    with checked("net.py", "--fix") as process:
        process.expect(QUESTION)
        assert script.read_text(encoding="utf-8") == NET
        process.sendline("y")
        said, status = end(process)
    assert "written; what was there is in net.py.orig" in said
    assert status == 1
    assert script.read_text(encoding="utf-8") == RIGHT
    assert Path("net.py.orig").read_text(encoding="utf-8") == NET


@pytest.mark.deep
@pytest.mark.parametrize("answer", ["\x03", "n\n", "\n", "\x04"], ids=("Ctrl+C", "n", "Enter", "Ctrl+D"))
def test_anything_else_writes_nothing(script: Path, answer: str) -> None:
    with checked("net.py", "--fix") as process:
        process.expect(QUESTION)
        process.send(answer)
        said, status = end(process)
    assert "net.py is as it was" in said
    assert "Traceback" not in said
    assert status == 1
    assert script.read_text(encoding="utf-8") == NET
    assert not Path("net.py.orig").exists()


@pytest.mark.deep
def test_a_kept_file_is_not_replaced(script: Path) -> None:
    Path("net.py.orig").write_text("kept", encoding="utf-8")
    with checked("net.py", "--fix") as process:
        process.expect(QUESTION)
        process.sendline("y")
        said, status = end(process)
    assert "net.py.orig: exists already, and is not replaced; nothing was written" in said
    assert status == 2
    assert Path("net.py.orig").read_text(encoding="utf-8") == "kept"
    assert script.read_text(encoding="utf-8") == NET


@pytest.mark.deep
def test_what_has_been_edited_meanwhile_is_left_alone(script: Path) -> None:
    edited = f"{NET}print(cost)\n"
    with checked("net.py", "--fix") as process:
        process.expect(QUESTION)
        script.write_text(edited, encoding="utf-8")
        process.sendline("y")
        said, status = end(process)
    assert "net.py: has changed since it ran; nothing was written" in said
    assert status == 2
    assert script.read_text(encoding="utf-8") == edited


@pytest.mark.deep
def test_a_search_says_how_far_it_is_and_ctrl_c_keeps_what_it_has_found(script: Path) -> None:
    hopeless = NET.replace("h.T @ d_out", "np.sin(h * 3).T @ (d_out + np.cos(out) * y)")
    script.write_text(hopeless.replace("(1 - h)", "(np.sin(h) - h * 0.3)"), encoding="utf-8")
    with checked("net.py", "--seconds", "600") as process:
        process.expect(r"looking at line \d+, \d+ edits tried")
        process.sendintr()
        said, status = end(process)
    assert "loss: cost = " in said
    assert "2 of 2 gradients wrong: w1, w2." in said
    assert "The search was stopped: this is what had been found." in said
    assert "Traceback" not in said
    assert status == 1


def patch() -> None:
    """Apply what `--diff` prints with `patch -p0`."""
    diff = subprocess.run([sys.executable, *PYTHON, "net.py", "--diff"], capture_output=True, check=False)
    assert diff.returncode == 1
    subprocess.run(["patch", "-p0", "--fuzz=0"], input=diff.stdout, check=True, capture_output=True)


CODED = "# -*- coding: latin-1 -*-\n" + NET.replace("cost = ", "größe = cost = ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NET.encode(), RIGHT.encode()),
        deep(NET.rstrip().encode(), RIGHT.rstrip().encode()),
        deep(NET.replace("\n", "\r\n").encode(), RIGHT.replace("\n", "\r\n").encode()),
        deep(NET.replace("h = np", "\f\nh = np").encode(), RIGHT.replace("h = np", "\f\nh = np").encode()),
        deep(b"\xef\xbb\xbf" + NET.encode(), b"\xef\xbb\xbf" + RIGHT.encode()),
        deep(
            NET.replace("(1 - h)", "\n    (1 - h)").encode(),
            NET.replace("(1 - h)", "\n    (1 - h ** 2)").encode(),
        ),
    ],
    ids=("plain", "no newline at the end", "CR LF", "form feed", "byte order mark", "over two lines"),
)
def test_a_patch_mends_the_file_and_nothing_else(script: Path, before: bytes, after: bytes) -> None:
    script.write_bytes(before)
    patch()
    assert script.read_bytes() == after


@pytest.mark.deep
def test_an_imported_file_is_patched_too(script: Path) -> None:
    own = "def gradient(np, x, d_out, w2, h):\n    return x.T @ (d_out @ w2.T * (1 - h))\n"
    Path("layers").mkdir()
    Path("layers/dense.py").write_text(own, encoding="utf-8")
    call = NET.replace("x.T @ (d_out @ w2.T * (1 - h))", "gradient(np, x, d_out, w2, h)")
    script.write_text(f"from layers.dense import gradient\n{call}", encoding="utf-8")
    patch()
    assert Path("layers/dense.py").read_text(encoding="utf-8") == own.replace("(1 - h)", "(1 - h ** 2)")


@pytest.mark.deep
def test_the_encoding_of_a_file_is_kept(script: Path) -> None:
    script.write_bytes(CODED.encode("latin-1"))
    with checked("net.py", "--fix") as process:
        process.expect(QUESTION)
        process.sendline("y")
        end(process)
    assert script.read_bytes() == CODED.replace("(1 - h)", "(1 - h ** 2)").encode("latin-1")
    assert Path("net.py.orig").read_bytes() == CODED.encode("latin-1")
