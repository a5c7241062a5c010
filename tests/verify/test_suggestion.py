"""A suggested scenario has the sizes of the user's code, but for those that hide a mistake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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


def test_images_with_channels_last_are_suggested_so(tmp_path: Path) -> None:
    random = '{{ random = "normal", shape = {}, seed = 4 }}'.format
    path = tmp_path / "net.toml"
    path.write_text(
        f'title = \'"images"\'\nlayout = "rows"\n[inputs]\naxes = "nhwc"\na0 = {random([2, 5, 4, 3])}\n'
        f'[[layers]]\nkind = "conv2d"\nw = {random([2, 3, 3, 6])}\n'
        f'[loss]\nkind = "cross_entropy"\ntarget = {np.eye(6)[[[[0, 1]] * 4] * 2].tolist()}\naxis = 1\n'
    )
    case = load_scenario(path)
    path.write_text(suggested_scenario(case.program, case.title, case.images))
    again = load_scenario(path)
    assert "shape = [5, 5, 4, 3]" in path.read_text()
    assert again.images == "nhwc"
    assert again.program.shapes["w1"] == case.program.shapes["w1"]
    assert again.program.shapes["a1"] == (5, 6, 4, 2)
