"""A handful of screens as pictures; `pytest --snapshot-update` draws them anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import LARGE, SIZES, Session, open_app

at_both_sizes = pytest.mark.parametrize("size", SIZES, ids=("160x48", "80x24"))
Picture = Callable[[Session], None]


@at_both_sizes
async def test_start(size: tuple[int, int], picture: Picture) -> None:
    async with open_app("two_layer", size) as session:
        picture(session)


@at_both_sizes
async def test_mid_backward(size: tuple[int, int], picture: Picture) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("f", "n", "n")
        await session.focus("dw2")
        await session.press("right")
        picture(session)


@at_both_sizes
async def test_end(size: tuple[int, int], picture: Picture) -> None:
    async with open_app("batch", size) as session:
        await session.press("end")
        picture(session)


async def test_numbers_that_are_none(picture: Picture) -> None:
    async with open_app("not_finite", LARGE) as session:
        await session.press("end")
        picture(session)
