"""A handful of screens as pictures; `pytest --snapshot-update` draws them anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bpdebug.present.viewer.subject import Subject
from tests.examples import example
from tests.tui.conftest import LARGE, Session, at_both_sizes, open_app, open_viewer

Picture = Callable[[Session], None]


@at_both_sizes
async def test_start(size: tuple[int, int], picture: Picture) -> None:
    async with open_app("two_layer", size) as session:
        await session.settle()
        picture(session)


@pytest.mark.deep
@at_both_sizes
async def test_mid_backward(size: tuple[int, int], picture: Picture) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("f", "n", "n")
        await session.focus("dw2")
        await session.press("right")
        await session.settle()
        picture(session)


@pytest.mark.deep
@at_both_sizes
async def test_end(size: tuple[int, int], picture: Picture) -> None:
    async with open_app("batch", size) as session:
        await session.press("end")
        await session.settle()
        picture(session)


@pytest.mark.deep
async def test_numbers_that_are_none(picture: Picture) -> None:
    async with open_app("not_finite", LARGE) as session:
        await session.press("end")
        await session.settle()
        picture(session)


@pytest.mark.deep
@at_both_sizes
async def test_stopped_with_the_lists_open(size: tuple[int, int], picture: Picture) -> None:
    scenario = replace(
        example("two_layer"),
        breakpoints=("norm(dw2) > 0.01", "layer 2", "role dw"),
        watches=("norm(dz2)", "z2[0,0]", "norm(dw1)"),
    )
    async with open_app(scenario, size) as session:
        await session.press("B", "down", "space", "escape", "c", "c")
        await session.settle()
        picture(session)


@pytest.mark.deep
@at_both_sizes
async def test_what_if(size: tuple[int, int], picture: Picture) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("f", "n", "n", "colon", *"set z1[0,0] = 3", "enter")
        await session.settle()
        await session.settle()
        picture(session)


@at_both_sizes
async def test_tensor_viewer(size: tuple[int, int], picture: Picture) -> None:
    value = np.outer(np.sin(np.arange(300) / 9), np.cos(np.arange(200) / 17))
    mine = value.copy()
    mine[3, 4], mine[5, 2] = 0.5, np.nan
    async with open_viewer(Subject("dw3", value, mine=mine), size) as session:
        await session.press("d", "g", *"3, 4", "enter", "space", "down", "right")
        await session.settle()
        await session.settle()
        picture(session)


async def test_heat_map(picture: Picture) -> None:
    value = np.outer(np.sin(np.arange(300) / 9), np.cos(np.arange(200) / 17)).reshape(2, 150, 200)
    async with open_viewer(Subject("w3", value), LARGE) as session:
        await session.press("h", "h", "right_square_bracket", "down", "right")
        await session.settle()
        await session.settle()
        picture(session)
