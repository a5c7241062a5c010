"""A suggested scenario has the sizes of the user's code, but for those that hide a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.suggestion import suggested_scenario
from bpdebug.verify.telling_apart import would_tell


def shapes(folder: Path, sizes: tuple[int, int, int], batch: int) -> tuple[dict[str, tuple[int, ...]], str]:
    first, middle, last = sizes
    random = '{{ random = "normal", shape = {}, seed = 4 }}'.format
    path = folder / "net.toml"
    path.write_text(
        f'layout = "rows"\n[inputs]\na0 = {random([batch, first])}\n'
        f'[[layers]]\nkind = "dense"\nactivation = "tanh"\nw = {random([middle, first])}\n'
        f'[[layers]]\nkind = "dense"\nw = {random([last, middle])}\n'
        f"[gradient]\nda2 = {random([batch, last])}\n"
    )
    case = load_scenario(path)
    path.write_text(suggested_scenario(case.program, "net"))
    return dict(load_scenario(path).program.shapes), would_tell(case.program, case.values)


@pytest.mark.parametrize("sizes", [(3, 4, 1), (8, 2, 9), (2, 7, 4)])
def test_sizes_that_differ_are_kept(tmp_path: Path, sizes: tuple[int, int, int]) -> None:
    found, told = shapes(tmp_path, sizes, 2)
    assert (found["w1"], found["w2"]) == ((sizes[1], sizes[0]), (sizes[2], sizes[1]))
    assert found["a0"][0] == 5
    assert told.startswith("a batch of 3 or more")


def test_of_equal_sizes_one_is_changed(tmp_path: Path) -> None:
    found, told = shapes(tmp_path, (4, 4, 2), 7)
    assert (found["w1"], found["w2"]) == ((3, 4), (2, 3))
    assert told.startswith("unequal sizes would; ")


def test_the_batch_is_no_size_of_a_parameter(tmp_path: Path) -> None:
    assert shapes(tmp_path, (5, 6, 2), 3)[0]["a0"] == (7, 5)


def test_a_large_batch_of_unequal_sizes_is_not_told_to_be_larger(tmp_path: Path) -> None:
    assert shapes(tmp_path, (3, 4, 2), 32)[1].startswith("other numbers would")
