"""Every file in `broken/` begins with the exact messages that it must get, in lines that start with `#:`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bpdebug.errors import ScenarioError
from bpdebug.sources.scenario import load_scenario, shipped_scenarios, summarise
from bpdebug.sources.scenario.reading import MAX_FILE_BYTES

FOLDER = Path(__file__).parent / "broken"
FILES = sorted(FOLDER.glob("*.toml"))


def messages(source: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(source)
    return str(caught.value).splitlines()


def test_there_are_broken_files():
    assert len(FILES) > 70


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_problem_is_reported_in_these_words(path, monkeypatch):
    monkeypatch.chdir(FOLDER)
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [f"{path.name}: {line.removeprefix('#: ')}" for line in lines if line.startswith("#: ")]
    assert messages(path.name) == expected


def test_a_summary_never_raises():
    assert [summarise(path).path for path in FILES] == FILES


def test_a_path_to_nothing(tmp_path):
    path = str(tmp_path / "none.toml")
    assert messages(path) == [
        f"{path}: no such file (`bpdebug list` shows the scenarios that are always there)"
    ]


def test_a_folder(tmp_path):
    assert messages(str(tmp_path)) == [f"{tmp_path}: found a folder, expected a TOML file"]


def test_a_pipe_does_not_hang(tmp_path):
    path = tmp_path / "pipe.toml"
    os.mkfifo(path)
    assert messages(str(path)) == [f"{path}: found a pipe or a device, expected a TOML file"]


def test_a_device_does_not_hang():
    assert messages("/dev/zero") == ["/dev/zero: found a pipe or a device, expected a TOML file"]


def test_not_utf8(tmp_path):
    path = tmp_path / "latin1.toml"
    path.write_bytes(b'title = "A"\nabout = "caf\xe9"\n')
    assert messages(str(path)) == [f"{path}: line 2: not UTF-8: found the byte 0xe9 (save it as UTF-8)"]


def test_200_megabytes_are_refused_unread(tmp_path):
    path = tmp_path / "large.toml"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    assert messages(str(path)) == [
        f"{path}: too large: found more than {MAX_FILE_BYTES:,} bytes,"
        " expected at most that (the limit file_bytes)"
        " (write large tensors as { random = ... })"
    ]


def test_an_unreadable_name(tmp_path):
    assert messages("a\0b.toml") == ["a\\x00b.toml: cannot be read: embedded null byte"]


def test_a_name_that_would_break_the_line(tmp_path):
    path = str(tmp_path / "a\nb.toml")
    assert len(messages(path)) == 1


def test_an_unknown_bare_name_lists_the_shipped_ones_and_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = ", ".join(path.stem for path in shipped_scenarios())
    assert messages("two_layr") == [
        f"two_layr: no such scenario: found neither a file nor a shipped one, expected {shipped}"
        " (did you mean two_layer?)"
    ]


def layers(count: int) -> str:
    head = 'title = "Deep"\nlayout = "columns"\n[inputs]\na0 = [[1.0]]\n'
    return head + '[[layers]]\nkind = "dense"\nw = [[1.0]]\n' * count


def test_too_many_layers(tmp_path):
    path = tmp_path / "deep.toml"
    path.write_text(layers(10_001))
    assert messages(str(path)) == [
        f"{path}: layers: wrong value: found a list of 10001, expected at most 10000 entries"
    ]


def test_thousands_of_problems_are_counted_and_not_repeated(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('title = "A"\nlayout = "columns"\n[inputs]\na0 = [' + '["x"], ' * 5000 + "]\n")
    found = messages(str(path))
    assert len(found) == len(set(found)) == 101
    assert found[0] == f"{path}: layers: missing key: found title, layout, inputs, expected also layers"
    assert found[-1].endswith("more problems")
