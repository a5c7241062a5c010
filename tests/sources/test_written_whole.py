"""What is written is whole, or what was there stays: however a process ends, and however full a disk is."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bpdebug.errors import BpdebugError
from bpdebug.sources import files
from bpdebug.sources.capture.writing import save
from bpdebug.sources.files import written_whole
from tests.examples import example

KILLED = """
import os, signal, sys
from bpdebug.sources import files
if len(sys.argv) > 2:
    files.DESCRIPTORS = sys.argv[2]
with files.written_whole(sys.argv[1], is_new=False) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("is_nameless", [True, False])
def test_a_process_that_is_killed_leaves_the_old_file(is_nameless: bool, tmp_path: Path) -> None:
    path = tmp_path / "net.bpd"
    path.write_bytes(b"old")
    root = Path(__file__).parents[2]
    where = [] if is_nameless else ["/nowhere"]
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), *where], check=False, cwd=root)
    assert done.returncode == -9
    assert path.read_bytes() == b"old"
    assert not is_nameless or not sys.platform.startswith("linux") or os.listdir(tmp_path) == ["net.bpd"]


def test_what_a_killed_process_of_the_same_number_left_is_in_nobodys_way(tmp_path: Path) -> None:
    left = tmp_path / f".net.bpd.{os.getpid()}"
    left.symlink_to("elsewhere")
    with written_whole(tmp_path / "net.bpd") as file:
        file.write(b"new")
    assert os.listdir(tmp_path) == ["net.bpd"]


@contextmanager
def full_disk(most: int) -> Iterator[None]:
    """A limit on the size of files stands for the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "net.bpd"
    path.write_bytes(b"old")
    with full_disk(1000), pytest.raises(OSError, match="large"), written_whole(path, is_new=False) as file:
        file.write(b"n" * 100_000)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["net.bpd"]


@pytest.mark.parametrize("where", ["/proc/self/fd", "/nowhere"])
def test_what_is_new_has_the_permissions_of_any_file(where: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(files, "DESCRIPTORS", where)
    (tmp_path / "any").write_bytes(b"new")
    with written_whole(tmp_path / "new") as file:
        file.write(b"new")
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"new"}
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1


def test_a_link_and_permissions_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "net.py", tmp_path / "link.py"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    with written_whole(link, is_new=False) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_is_there_is_not_replaced_by_what_is_to_be_new(tmp_path: Path) -> None:
    path = tmp_path / "dangling.svg"
    path.symlink_to("nowhere")
    with pytest.raises(FileExistsError), written_whole(path) as file:
        file.write(b"new")
    assert os.listdir(tmp_path) == ["dangling.svg"]


def test_a_full_disk_leaves_both_files_of_a_capture(tmp_path: Path) -> None:
    """The text is longer than its tensors: these would be new beside what is old."""
    path = tmp_path / "net.bpd"
    save(example("two_layer"), path)
    files = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    with full_disk(1000), pytest.raises(BpdebugError, match="cannot be written"):
        save(example("rows"), path)
    assert {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)} == files
