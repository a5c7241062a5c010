"""The program as source code, line by line."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.present.listing import Listing, fitted
from bpdebug.sources.scenario import load_scenario
from tests.examples import example


def test_headings_and_statements() -> None:
    listing = Listing(example("two_layer").program)
    assert [(line.kind, line.position, listing.text(line)) for line in listing.lines] == [
        ("phase", 1, "forward"),
        ("layer", 1, "1 dense relu"),
        ("statement", 1, "z1 = w1 @ a0 + b1"),
        ("statement", 2, "a1 = relu(z1)"),
        ("layer", 3, "2 dense sigmoid"),
        ("statement", 3, "z2 = w2 @ a1 + b2"),
        ("statement", 4, "a2 = sigmoid(z2)"),
        ("phase", 5, "backward"),
        ("layer", 5, "2 dense sigmoid"),
        ("statement", 5, "dz2 = da2 * sigmoid_prime(z2)"),
        ("statement", 6, "dw2 = dz2 @ a1.T"),
        ("statement", 7, "db2 = sum(dz2, axis=1, keepdims=True)"),
        ("statement", 8, "da1 = w2.T @ dz2"),
        ("layer", 9, "1 dense relu"),
        ("statement", 9, "dz1 = da1 * relu_prime(z1)"),
        ("statement", 10, "dw1 = dz1 @ a0.T"),
        ("statement", 11, "db1 = sum(dz1, axis=1, keepdims=True)"),
        ("statement", 12, "da0 = w1.T @ dz1"),
    ]


def test_time_steps_have_headings() -> None:
    listing = Listing(load_scenario("lstm_step").program)
    headings = [listing.text(line) for line in listing.lines if line.kind != "statement"]
    steps = ["time step 3", "time step 2", "time step 1"]
    assert headings == [
        *("forward", "1 lstm", *reversed(steps), "all time steps", "2 dense identity"),
        *("backward", "2 dense identity", "1 lstm", *steps, "all time steps"),
    ]
    under = {listing.text(line): line.position for line in listing.lines if line.kind == "step"}
    assert listing.program.statements[under["time step 2"] - 1].name == "dh1_t2_via_a1"


def test_each_statement_has_its_shape() -> None:
    listing = Listing(example("two_layer").program)
    shapes = [listing.shape(line) for line in listing.lines if line.kind == "statement"]
    assert shapes == ["4×1", "4×1", "2×1", "2×1", "2×1", "2×4", "2×1", "4×1", "4×1", "4×3", "4×1", "3×1"]


def test_line_numbers_lead_to_the_statements() -> None:
    listing = Listing(example("batch").program)
    assert list(listing.line_numbers) == list(range(1, len(listing.program.statements) + 1))
    for position, number in listing.line_numbers.items():
        assert (listing.lines[number].kind, listing.lines[number].position) == ("statement", position)


def test_a_forward_only_program_has_one_phase() -> None:
    listing = Listing(example("forward_pass").program)
    assert [listing.text(line) for line in listing.lines if line.kind == "phase"] == ["forward"]


@given(st.text("ab =@", max_size=50), st.text("4×1", min_size=1, max_size=8), st.integers(2, 60))
def test_a_line_is_as_wide_as_asked(text: str, tail: str, more: int) -> None:
    width = len(tail) + more
    line = fitted(text, tail, width)
    assert len(line) == width
    assert line.endswith(f" {tail}")
    shown = line[: more - 1]
    assert shown.rstrip() == text.rstrip() or (shown.endswith("…") and text.startswith(shown[:-1]))


@pytest.mark.parametrize(
    ("text", "start", "direction", "found"),
    [
        ("dw2", 0, 1, "dw2 = dz2 @ a1.T"),
        ("DW2", 0, 1, None),
        ("relu", 0, 1, "1 dense relu"),
        ("relu", 2, 1, "a1 = relu(z1)"),
        ("w1", 0, -1, "da0 = w1.T @ dz1"),
        ("backward", 0, 1, "backward"),
        ("Backward", 0, 1, None),
        ("z1 = w1", 5, 1, "z1 = w1 @ a0 + b1"),
        ("nothing of this", 0, 1, None),
    ],
)
def test_find(text: str, start: int, direction: Literal[1, -1], found: str | None) -> None:
    listing = Listing(example("two_layer").program)
    number = listing.find(text, start, direction)
    assert (None if number is None else listing.text(listing.lines[number])) == found
