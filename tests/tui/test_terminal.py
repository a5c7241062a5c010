"""The app in a real terminal: what the user sees, and what the terminal is left with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pexpect
import pyte
import pytest

from tests.tiers import deep

ROOT = Path(__file__).parents[2]
SEED = json.loads((ROOT / "tests/data/seed_values.json").read_text())["two_layer"]
LARGE, SMALL = (160, 48), (80, 24)
at_both_sizes = pytest.mark.parametrize("size", [LARGE, SMALL], ids=("160x48", "80x24"))
PATIENCE = 120.0
"""Seconds after which what has not appeared will not appear, however busy the machine is."""
QUIET = 0.5
"""Seconds after which what is drawn in parts is whole."""
OURS = ("NO_COLOR", "COLORTERM", "TERM", "COLUMNS", "LINES")
"""What a terminal says of itself: these tests are one of their own, whatever they run in."""
PLAIN = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
MODES = {
    "alternate screen": "1049",
    "mouse": "1000",
    "mouse movement": "1003",
    "mouse coordinates": "1006",
    "bracketed paste": "2004",
    "focus reports": "1004",
}
"""The private modes that an app may set, all of which must be off afterwards."""


@dataclass
class Terminal:
    """A process in a terminal, and the screen as it draws it."""

    process: pexpect.spawn
    screen: pyte.Screen
    written: bytearray = field(default_factory=bytearray)
    ended: bool = False

    def __post_init__(self) -> None:
        self.stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def read(self, quiet: float = 0.05) -> None:
        """Draw what the process has written, and what it writes until it is quiet for so many seconds."""
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            try:
                data = self.process.read_nonblocking(65536, timeout=quiet)
            except pexpect.TIMEOUT:
                return
            except pexpect.EOF:
                self.ended = True
                return
            self.written += data
            self.stream.feed(data)

    def until(self, pattern: str) -> str:
        """Wait until the screen shows something; return the screen."""
        return self.until_it(lambda text: re.search(pattern, text), pattern)

    def until_it(self, shows: Callable[[str], object], wanted: str) -> str:
        """Wait until the screen shows all of something, which may be drawn in parts; return the screen."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.read()
            if shows(self.text):
                return self.text
            assert not self.ended, f"ended before it showed {wanted}:\n{self.text}"
        raise AssertionError(f"never showed {wanted}:\n{self.text}")

    def whole(self) -> str:
        """Return the screen when nothing more is drawn: a layer that comes into sight is drawn in parts."""
        self.read(QUIET)
        return self.text

    def steady(self) -> str:
        """Return the screen when it stays as it is: at the start there may be a pause between two layouts."""
        before, after = "", self.whole()
        while before != after:
            before, after = after, self.whole()
        return after

    def command(self, line: str) -> None:
        """Type a command into the open command line."""
        self.process.send(line)
        self.until(rf":{re.escape(line)}\s*\Z")
        self.process.send("\r")

    def leave(self, keys: str = "q") -> None:
        """Press q and read to the end."""
        self.process.send(keys)
        deadline = time.monotonic() + PATIENCE
        while not self.ended:
            assert time.monotonic() < deadline, f"q does not end it:\n{self.text}"
            self.read()
        self.process.close()


@contextmanager
def bpdebug(
    size: tuple[int, int], variables: dict[str, str] | None = None, folder: Path = ROOT
) -> Iterator[Terminal]:
    """Start the app on a scenario, in a terminal of a size and in a folder."""
    columns, rows = size
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    process = pexpect.spawn(
        sys.executable,
        ["-m", "bpdebug", str(ROOT / "scenarios/two_layer.toml")],
        cwd=str(folder),
        env={**kept, **(PLAIN if variables is None else variables)},
        dimensions=(rows, columns),
    )
    try:
        yield Terminal(process, pyte.Screen(columns, rows))
    finally:
        process.close(force=True)


def assert_left_clean(terminal: Terminal) -> None:
    """The process ended well, and has undone what it did to the terminal."""
    assert (terminal.process.exitstatus, terminal.process.signalstatus) == (0, None)
    assert_undone(terminal)


def assert_undone(terminal: Terminal) -> None:
    """What it did to the terminal is undone, and nothing is said that only we would read."""
    output = terminal.written.decode(errors="replace")
    assert "Traceback" not in output
    for name, mode in MODES.items():
        changes = re.findall(rf"\x1b\[\?{mode}([hl])", output)
        assert not changes or changes[-1] == "l", f"{name} is left on"
    assert re.findall(r"\x1b\[\?25([hl])", output)[-1] == "h", "the cursor is left hidden"
    assert re.findall(r"\x1b\[\?1049([hl])", output) == ["h", "l"]


def shows_step(text: str, position: int, name: str) -> bool:
    """Whether all of a step is drawn: its number, its result's first element, and how that came to be."""
    if f"step {position}/12" not in text or f"{name}[0,0] = " not in text:
        return False
    if name not in SEED:
        return True
    first = float(np.ravel(SEED[name])[0])
    chosen = [float(number) for number in re.findall(r"▸\s*(-?\d+\.\d+)", text)]
    return chosen == [pytest.approx(first, rel=2e-3)] and f"{first:.4g}" in text


@pytest.mark.deep
@pytest.mark.parametrize("size", [LARGE, deep(SMALL)], ids=("160x48", "80x24"))
def test_to_the_end_and_back(size: tuple[int, int]) -> None:
    names = ["z1", "a1", "z2", "a2", "dz2", "dw2", "db2", "da1", "dz1", "dw1", "db1", "da0"]
    assert len(set(names) & set(SEED)) >= 6
    with bpdebug(size) as terminal:
        # The first frame comes before anybody knows how much room the panels have.
        terminal.until_it(lambda text: "step 0/12" in text and " da1 " in text, "step 0, da1")
        seen = {0: terminal.steady()}
        assert "w1 @ a0" in seen[0]
        for position, name in enumerate(names, start=1):
            terminal.process.send("n")
            shows = partial(shows_step, position=position, name=name)
            terminal.until_it(shows, f"step {position}, {name}")
            seen[position] = terminal.whole()
        for position in range(11, -1, -1):
            terminal.process.send("p")
            terminal.until_it(seen[position].__eq__, f"step {position} as it was")
        terminal.leave()
        assert_left_clean(terminal)


@pytest.mark.deep
@pytest.mark.parametrize(
    "variables",
    [{**PLAIN, "NO_COLOR": "1"}, {"TERM": "xterm-16color"}],
    ids=("no colour", "16 colours"),
)
def test_readable_without_colours(variables: dict[str, str]) -> None:
    with bpdebug((160, 48), variables) as terminal:
        terminal.until(r"step 0/12")
        terminal.process.send("fnn")
        text = terminal.until(r"step 6/12")
        for words in ("▶ dw2 = dz2 @ a1.T", "written", "read", "incoming", "not computed yet", "▸0.00278"):
            assert words in text
        assert re.search(r"\[0\.670\d?\]", text)
        terminal.leave()
        assert_left_clean(terminal)
        output = terminal.written.decode()
        if "NO_COLOR" in variables:
            colours = re.findall(r"\x1b\[[0-9;]*m", output)
            rgb = [re.match(r"\x1b\[.*?38;2;(\d+);(\d+);(\d+)", colour) for colour in colours]
            assert all(len(set(match.groups())) == 1 for match in rgb if match), "a colour that is not grey"
        else:
            assert not re.search(r"\x1b\[[0-9;]*[34]8;2;", output), "more colours than the terminal has"


@pytest.mark.deep
def test_the_window_changes_its_size() -> None:
    with bpdebug((160, 48)) as terminal:
        terminal.until(r"step 0/12")
        terminal.process.send("fnn")
        terminal.until(r"step 6/12")
        for columns, rows in ((80, 24), (60, 12), (160, 48)):
            terminal.screen.resize(rows, columns)
            terminal.screen.reset()
            terminal.process.setwinsize(rows, columns)
            text = terminal.until(rf"step 6/12 *\n(.*\n){{{rows - 2}}} *n next")
            assert "dw2" in text
        terminal.until(r"▶ dw2 = dz2 @ a1\.T")
        terminal.leave()
        assert_left_clean(terminal)


@pytest.mark.deep
def test_the_mouse_reaches_a_line() -> None:
    with bpdebug((160, 48)) as terminal:
        text = terminal.until(r"step 0/12")
        row = next(number for number, line in enumerate(text.splitlines()) if "dw2 = " in line)
        for event in "Mm":
            terminal.process.send(f"\x1b[<0;10;{row + 1}{event}")
        assert "written" in terminal.until(r"step 6/12")
        terminal.leave()
        assert_left_clean(terminal)


@pytest.mark.deep
@at_both_sizes
def test_a_whole_session_and_its_replay(size: tuple[int, int], tmp_path: Path) -> None:
    norm = float(np.linalg.norm(SEED["dw1"]))
    with bpdebug(size, folder=tmp_path) as terminal:
        terminal.until(r"step 0/12")
        terminal.process.send("n:")
        terminal.until(r"step 1/12(.*\n)+ :\s*\Z")
        terminal.command("break norm(dw1) > 0.001")
        terminal.until(r"breakpoint 1 norm\(dw1\) > 0\.001")
        terminal.process.send("\x1b")
        terminal.until(r"n next")
        terminal.process.send("c")
        text = terminal.until(r"step 10/12")
        reason = re.search(r"breakpoint 1, norm\(dw1\) > 0\.001: norm\(dw1\) = (\S+)", terminal.until("= 0"))
        assert reason, text
        assert float(reason[1]) == pytest.approx(norm, rel=1e-4)
        terminal.process.send(":")
        terminal.until(r"\n :\s*\Z")
        terminal.command("print norm(dw1)")
        shown = re.search(r"norm\(dw1\) = (\S+) ", terminal.until(r"\n norm\(dw1\) = \S+ +\n"))
        assert shown
        assert float(shown[1]) == pytest.approx(norm, rel=1e-7)
        terminal.command("set w1[0,1] = 0.9")
        assert "changed: w1, z1, a1" in terminal.until("what if: w1 set")
        terminal.command("print norm(dw1)")
        other = re.search(r"norm\(dw1\) = (\S+) ", terminal.until(r"\n norm\(dw1\) = \S+ +\n"))
        assert other
        assert float(other[1]) != pytest.approx(norm, rel=1e-3)
        terminal.process.send("\x1b")
        terminal.until("n next")
        terminal.process.send("r")
        terminal.until(r"step 0/12(.*\n)+ no breakpoint before the start")
        terminal.process.send("R")
        terminal.until("dropped: w1")
        assert "what if" not in terminal.text
        terminal.process.send(":")
        terminal.until(r"\n :\s*\Z")
        terminal.command("save session.txt")
        terminal.until("saved 8 commands in session.txt")
        terminal.process.send("quit")
        terminal.leave("\r")
        assert_left_clean(terminal)
    replay = subprocess.run(
        [sys.executable, "-m", "bpdebug", "run", "two_layer", "--script", "session.txt"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (replay.returncode, replay.stderr) == (0, "")
    assert reason[0] in replay.stdout
    assert [line for line in replay.stdout.splitlines() if line.startswith("norm(dw1) = ")] == [
        shown[0].strip(),
        other[0].strip(),
    ]
    assert "0/12 at the start" in replay.stdout
    assert replay.stdout.splitlines()[-1] == "dropped: w1"


@pytest.mark.deep
def test_a_network_that_does_not_fit_together_ends_with_its_problems(tmp_path: Path) -> None:
    """The first frame comes before the numbers are read; what is wrong with them is said after it."""
    path = tmp_path / "misfit.toml"
    path.write_text(
        'title = "t"\nlayout = "columns"\ninputs.a0 = [[1.0], [2.0]]\n'
        '[[layers]]\nkind = "dense"\nw = [[1.0, 2.0, 3.0]]\n',
        encoding="utf-8",
    )
    child = pexpect.spawn(
        sys.executable, ["-m", "bpdebug", str(path)], dimensions=(24, 100), timeout=PATIENCE
    )
    child.expect_exact("layers[0].w: ")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2
    assert b"Traceback" not in child.before


@pytest.mark.deep
@at_both_sizes
def test_a_newcomer_can_type_at_once(size: tuple[int, int], tmp_path: Path) -> None:
    """The very first start: the welcome covers no number and no statement; the first key closes it."""
    with bpdebug(size, {**PLAIN, "XDG_STATE_HOME": str(tmp_path)}) as terminal:
        text = terminal.until(r"Every tensor has its gradient below it(.|\n)*0\.5987")
        assert "w1 @ a0" in text
        terminal.process.send("nnn")
        assert "Every tensor" not in terminal.until(r"step 2/12(.|\n)*▸0\.670")
        terminal.leave()
        assert_left_clean(terminal)
    with bpdebug(size, {**PLAIN, "XDG_STATE_HOME": str(tmp_path)}) as terminal:
        assert "Every tensor" not in terminal.until(r"The forward pass runs through both layers")
        terminal.leave()


COMMAND = ":watch norm(dz2)"


@pytest.mark.deep
@at_both_sizes
@pytest.mark.parametrize(
    "sent", [f"{COMMAND}\r", f"\x1b[200~{COMMAND}\n\x1b[201~"], ids=("one write", "pasted")
)
def test_a_command_that_is_sent_at_once(size: tuple[int, int], sent: str, tmp_path: Path) -> None:
    with bpdebug(size, folder=tmp_path) as terminal:
        terminal.until(r"step 0/12")
        terminal.process.send(sent)
        terminal.until(r"watch 1 norm\(dz2\)")
        terminal.process.send("\x1b")
        terminal.until(r"n next")
        terminal.process.send("gdw2\r")
        terminal.until(r"step 6/12")
        terminal.process.send("W")
        terminal.until(r"1 norm\(dz2\) +\d\.\d+")
        terminal.leave()
        assert_left_clean(terminal)


@pytest.mark.deep
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(name: str) -> None:
    number = getattr(signal, name)
    with bpdebug(LARGE) as terminal:
        terminal.until(r"step 0/12(.|\n)*n next")
        terminal.process.kill(number)
        deadline = time.monotonic() + PATIENCE
        while not terminal.ended:
            assert time.monotonic() < deadline
            terminal.read()
        terminal.process.close()
        assert (terminal.process.exitstatus, terminal.process.signalstatus) == (128 + number, None)
        assert_undone(terminal)


@pytest.mark.deep
@pytest.mark.parametrize("is_key", [True, False])
def test_it_is_put_aside_and_comes_back(is_key: bool) -> None:
    """As Ctrl+Z, or what stops a process, and `fg` do it."""
    with bpdebug(LARGE) as terminal:
        terminal.until(r"step 0/12(.|\n)*n next")
        if is_key:
            terminal.process.send("\x1a")
        else:
            terminal.process.kill(signal.SIGTSTP)
        terminal.until_it(lambda text: b"\x1b[?1049l" in terminal.written, "the screen of before")
        terminal.process.kill(signal.SIGCONT)
        terminal.until(r"step 0/12(.|\n)*n next")
        terminal.process.send("n")
        terminal.until(r"step 1/12")
        terminal.leave()
        assert re.findall(rb"\x1b\[\?1049([hl])", terminal.written) == [b"h", b"l", b"h", b"l"]


@pytest.mark.deep
def test_going_on_where_it_was_not_put_aside_begins_nothing_anew() -> None:
    """As what limits a process does it, with SIGSTOP, which nothing can answer, and SIGCONT."""
    with bpdebug(LARGE) as terminal:
        terminal.until(r"step 0/12(.|\n)*n next")
        before = termios.tcgetattr(terminal.process.ptyproc.fd)
        terminal.process.kill(signal.SIGSTOP)
        terminal.process.kill(signal.SIGCONT)
        terminal.process.send("n")
        terminal.until(r"step 1/12")
        assert termios.tcgetattr(terminal.process.ptyproc.fd) == before
        terminal.leave()
        assert_left_clean(terminal)


@pytest.mark.deep
def test_a_terminal_that_is_closed_ends_it() -> None:
    with bpdebug(LARGE) as terminal:
        terminal.until(r"step 0/12(.|\n)*n next")
        terminal.process.ptyproc.fileobj.close()
        deadline = time.monotonic() + PATIENCE
        while terminal.process.isalive():
            assert time.monotonic() < deadline
