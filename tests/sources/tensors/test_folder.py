"""A scenario reads files of its own folder, wherever paths and links point, unless it is allowed more."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from bpdebug.errors import ScenarioError
from bpdebug.sources.files import ScenarioFolder
from bpdebug.sources.problems import RefusalError
from bpdebug.sources.scenario import load_scenario, summarise
from bpdebug.sources.tensors import folder as folders
from bpdebug.sources.tensors import npy, reference
from tests.sources.tensors.conftest import write_scenario

ARRAY = np.arange(6.0).reshape(2, 3)
ALLOW = "(--allow-outside lets it be read)"
ABSOLUTE = f"found an absolute path, expected a path that begins in the scenario's folder {ALLOW}"
LEADS_OUT = f"found a path that leads out of it, expected a file in it {ALLOW}"
LINK = f"found a link that leads out of it, expected a file in it {ALLOW}"


@pytest.fixture
def outside(tmp_path_factory) -> Path:
    """Return a folder elsewhere, with an array in it."""
    folder = tmp_path_factory.mktemp("outside")
    np.save(folder / "w.npy", ARRAY)
    return folder


def refused(name: str, message: str) -> list[str]:
    return [f": {name}: not in the scenario's folder: {message}"]


def test_a_file_in_a_folder_below(tmp_path, load):
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    np.save(tmp_path / "sub" / "deep" / "w.npy", ARRAY)
    for name in ("sub/deep/w.npy", "./sub/deep/w.npy", "sub/../sub/deep/w.npy"):
        np.testing.assert_array_equal(load(f'{{ file = "{name}" }}'), ARRAY)


def test_the_folder_is_that_of_the_scenario_and_not_the_current_one(
    tmp_path, tmp_path_factory, load, monkeypatch
):
    np.save(tmp_path / "w.npy", ARRAY)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    np.testing.assert_array_equal(load('{ file = "w.npy" }'), ARRAY)


def test_links_that_stay_inside_are_followed(tmp_path, load):
    (tmp_path / "blobs").mkdir()
    np.save(tmp_path / "blobs" / "w.npy", ARRAY)
    (tmp_path / "blobs" / "w.npy").rename(tmp_path / "blobs" / "0123abcd")
    (tmp_path / "w.npy").symlink_to("blobs/0123abcd")  # as some caches of models are laid out
    np.testing.assert_array_equal(load('{ file = "w.npy" }'), ARRAY)


def test_a_scenario_in_a_folder_that_is_a_link(tmp_path, outside):
    write_scenario(outside / "test.toml", '{ file = "w.npy" }')
    (tmp_path / "link").symlink_to(outside)
    assert load_scenario(tmp_path / "link" / "test.toml").values["w1"].shape == (2, 3)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "//server/share/w.npy", "C:/w.npy", "c:w.npy", "\\\\server\\w.npy", "\\w.npy"]
)
def test_absolute_paths_of_every_system(messages, name):
    written = f"{{ file = '{name}' }}"
    shown = name.encode("unicode_escape").decode() if not name.isprintable() else name
    assert messages(written) == refused(shown, ABSOLUTE)


def test_a_path_that_leads_out(messages, tmp_path):
    np.save(tmp_path.parent / "w.npy", ARRAY)
    for name in ("../w.npy", "sub/../../w.npy", f"../{tmp_path.name}/../w.npy"):
        assert messages(f'{{ file = "{name}" }}') == refused(name, LEADS_OUT)


def test_a_neighbour_whose_name_begins_as_the_folder_does(messages, tmp_path):
    neighbour = tmp_path.with_name(f"{tmp_path.name}_too")
    neighbour.mkdir()
    np.save(neighbour / "w.npy", ARRAY)
    assert messages(f'{{ file = "../{neighbour.name}/w.npy" }}') == refused(
        f"../{neighbour.name}/w.npy", LEADS_OUT
    )


def test_links_that_lead_out(messages, tmp_path, outside):
    (tmp_path / "w.npy").symlink_to(outside / "w.npy")
    (tmp_path / "sub").symlink_to(outside)
    (tmp_path / "chain.npy").symlink_to("w.npy")
    for name in ("w.npy", "sub/w.npy", "chain.npy"):
        assert messages(f'{{ file = "{name}" }}') == refused(name, LINK)


def test_a_link_to_nothing_says_nothing_about_what_is_outside(messages, tmp_path, outside):
    (tmp_path / "w.npy").symlink_to(outside / "none.npy")
    assert messages('{ file = "w.npy" }') == refused("w.npy", LINK)


def test_what_is_allowed_outside(tmp_path, load, outside):
    (tmp_path / "w.npy").symlink_to(outside / "w.npy")
    for name in (outside / "w.npy", f"../{outside.name}/w.npy", "w.npy"):
        value = load(f'{{ file = "{name}" }}', allow_outside=True)
        np.testing.assert_array_equal(value, ARRAY)


def test_what_is_no_file(messages, tmp_path):
    (tmp_path / "folder.npy").mkdir()
    os.mkfifo("pipe.npy")
    (tmp_path / "loop.npy").symlink_to("loop.npy")
    np.save("file.npy", ARRAY)
    assert messages('{ file = "none.npy" }') == [": none.npy: no such file"]
    assert messages('{ file = "sub/none.npy" }') == [": sub/none.npy: no such file"]
    assert messages('{ file = "folder.npy" }') == [": folder.npy: found a folder, expected a file"]
    assert messages('{ file = "." }') == [": .: found a folder, expected a file"]
    assert messages('{ file = "pipe.npy" }') == [": pipe.npy: found a pipe or a device, expected a file"]
    assert messages('{ file = "/dev/zero" }', allow_outside=True) == [
        ": /dev/zero: found a pipe or a device, expected a file"
    ]
    assert messages('{ file = "loop.npy" }') == [
        ": loop.npy: cannot be read: Too many levels of symbolic links"
    ]
    assert messages('{ file = "file.npy/w.npy" }') == [": file.npy/w.npy: cannot be read: Not a directory"]
    assert messages('{ file = "a\\u0000b.npy" }') == [": a\\x00b.npy: cannot be read: embedded null byte"]


# What changes between looking and reading


@pytest.fixture
def found(tmp_path) -> tuple[ScenarioFolder, Path]:
    """Return a scenario's folder and a file in it that was looked at."""
    (tmp_path / "sub").mkdir()
    np.save(tmp_path / "sub" / "w.npy", ARRAY)
    folder = ScenarioFolder(Path(os.path.realpath(tmp_path)), allow_outside=False)
    return folder, folders.find(folder, "sub/w.npy")


def test_a_file_that_becomes_a_link_is_not_followed(found, outside):
    folder, path = found
    path.unlink()
    path.symlink_to(outside / "w.npy")
    with pytest.raises(RefusalError, match="cannot be read"), folders.opened_in(folder, path):
        pass


def test_a_folder_that_becomes_a_link_is_not_followed(found, outside):
    folder, path = found
    shutil.rmtree(path.parent)
    path.parent.symlink_to(outside)
    assert path.read_bytes()  # it would lead outside
    with pytest.raises(RefusalError, match="cannot be read"), folders.opened_in(folder, path):
        pass


def test_a_file_that_becomes_a_pipe_is_not_waited_for(found, monkeypatch):
    folder, path = found
    regular = os.stat(path)
    path.unlink()
    os.mkfifo(path)
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda name, **how: regular if name == path else real(name, **how))
    with pytest.raises(RefusalError, match="a pipe"), folders.opened_in(folder, path):
        pass


@pytest.mark.parametrize("allow_outside", [False, True])
def test_a_file_that_is_written_between_looking_and_reading(tmp_path, allow_outside):
    np.save(tmp_path / "w.npy", ARRAY)
    folder = ScenarioFolder(Path(os.path.realpath(tmp_path)), allow_outside)
    tensor = reference.read_reference({"file": "w.npy"}, folder)
    np.testing.assert_array_equal(tensor.array(), ARRAY)
    for change in (
        lambda: np.save(tmp_path / "w.npy", np.ones((400, 300))),
        lambda: os.truncate(tmp_path / "w.npy", 100),
        lambda: os.replace(shutil.copy(tmp_path / "w.npy", tmp_path / "other"), tmp_path / "w.npy"),
    ):
        change()
        with pytest.raises(RefusalError, match=r"^w.npy: has changed since it was looked at$"):
            tensor.array()


def test_a_change_is_a_problem_of_the_scenario(tmp_path, monkeypatch):
    np.save(tmp_path / "w.npy", ARRAY)
    write_scenario(tmp_path / "test.toml", '{ file = "w.npy" }')
    looked = npy.read_header

    def look_and_change(*arguments):
        header = looked(*arguments)
        os.truncate(tmp_path / "w.npy", 100)
        return header

    monkeypatch.setattr(npy, "read_header", look_and_change)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "test.toml")
    (problem,) = caught.value.problems
    assert problem.key_path == "layers[0].w"
    assert problem.message == "w.npy: has changed since it was looked at"
    assert problem.hint == "load the scenario again"


def test_what_a_scenario_has_read_stays_when_the_file_is_written(tmp_path):
    np.save(tmp_path / "w.npy", ARRAY)
    write_scenario(tmp_path / "test.toml", '{ file = "w.npy" }', more='[mine]\nw1 = { file = "w.npy" }')
    scenario = load_scenario(tmp_path / "test.toml")
    with (tmp_path / "w.npy").open("r+b") as file:
        file.write(bytes(1000))
    np.testing.assert_array_equal(scenario.values["w1"], ARRAY)
    np.testing.assert_array_equal(scenario.mine["w1"], ARRAY)


def test_a_summary_opens_no_tensor_file(tmp_path):
    write_scenario(tmp_path / "test.toml", '{ file = "../none.npy" }')
    assert summarise(tmp_path / "test.toml").problems == ()
    write_scenario(tmp_path / "test.toml", "{ file = 3 }")
    assert [problem.key_path for problem in summarise(tmp_path / "test.toml").problems] == [
        "layers[0].w.file"
    ]
