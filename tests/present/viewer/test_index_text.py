"""Indices as people type them, and what is said of those that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.errors import BpdebugError
from bpdebug.present.viewer.index_text import parse_index


@pytest.mark.parametrize(
    "text",
    [
        "3,17",
        "3, 17",
        "[3, 17]",
        "[3,17]",
        "(3, 17)",
        " 3 17 ",
        "w2[3, 17]",
        "w2 [ 3 , 17 ]",
        "-1,-3",
        "3,17,",
        "03,017",
    ],
)
def test_an_index(text: str) -> None:
    assert parse_index(text, (4, 20), "w2") == (3, 17)


def test_one_axis_and_many() -> None:
    assert parse_index("7", (9,)) == (7,)
    assert parse_index("[7]", (9,)) == (7,)
    assert parse_index("0, 1, 2, 3", (4, 4, 4, 4)) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found '', expected the index of an element, such as 2, 10"),
        ("abc", "found 'abc'"),
        ("3;17", "expected the index of an element"),
        ("3.0, 1", "expected the index of an element"),
        ("3, 1e1", "expected the index of an element"),
        ("[3, 17", "expected the index of an element"),
        ("3, 17)", "expected the index of an element"),
        ("٣, 1", "expected the index of an element"),
        ("3,,17", "expected the index of an element"),
        (":, 3", "expected the index of an element"),
        ("w9[3, 17]", "expected the index of an element"),
        ("9" * 50, "expected the index of an element"),
        ("[red]3[/]", "expected the index of an element"),
        ("3", "found 1 number, expected 2 numbers, one for each axis of 4×20, such as 2, 10"),
        ("1, 2, 3", "found 3 numbers, expected 2 numbers"),
        ("4, 1", "axis 0 has no index 4, only 0 to 3"),
        ("-5, 1", "axis 0 has no index -5, only 0 to 3"),
        ("4, 20", "axis 0 has no index 4, only 0 to 3; axis 1 has no index 20, only 0 to 19"),
    ],
)
def test_what_is_no_index(text: str, said: str) -> None:
    with pytest.raises(BpdebugError) as raised:
        parse_index(text, (4, 20), "w2")
    assert said in str(raised.value)


def test_where_there_is_nowhere_to_go() -> None:
    with pytest.raises(BpdebugError, match="axis 0 is empty"):
        parse_index("0, 0", (0, 3))
    with pytest.raises(BpdebugError, match="has no axes"):
        parse_index("0", ())


@given(st.text(max_size=30))
def test_any_text_is_an_index_or_an_error(text: str) -> None:
    try:
        row, column = parse_index(text, (4, 20), "w2")
    except BpdebugError:
        return
    assert 0 <= row < 4
    assert 0 <= column < 20
