"""What the Operation card says, and how it is laid out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.printing import statement_text
from bpdebug.present.equations import equation_lines
from bpdebug.present.operation_text import OperationText, operation_text
from bpdebug.sources.scenario import shipped_scenarios
from bpdebug.tui.widgets.operation_card import card_content
from tests.examples import debugger_of

SIDES = ("dw2[0,1]", "dz2[0,0]·a1[1,0]", "0.004141 · 1.589", "0.006582")


def test_at_the_start_it_says_what_the_scenario_is_about() -> None:
    text = operation_text(debugger_of("two_layer"), "Watch the sigmoid.", ())
    assert text == OperationText(why="Watch the sigmoid.")


def test_a_gradient() -> None:
    text = operation_text(debugger_of("two_layer", 6), "", SIDES)
    assert (text.code, text.mathematics) == ("dw2 = dz2 @ a1.T", "dw₂ = dz₂ · a₁ᵀ")
    assert text.shapes == "(2,4) = (2,1) @ (1,4)"
    assert text.rule == "∂L/∂w₂ = ∂L/∂z₂ · ∂z₂/∂w₂ = ∂L/∂z₂ · a₁ᵀ"
    assert "weight" in text.why
    assert text.arithmetic == SIDES


def test_a_forward_statement_has_no_chain_rule() -> None:
    text = operation_text(debugger_of("two_layer", 1), "", ())
    assert (text.code, text.shapes) == ("z1 = w1 @ a0 + b1", "(4,1) = (4,3) @ (3,1) + (4,1)")
    assert text.rule == ""
    assert text.why


def test_an_activation_is_explained_by_its_function() -> None:
    explanations = {operation_text(debugger_of(name, 2), "", ()).why for name in ("two_layer", "batch")}
    assert len(explanations) == 2


def test_inside_a_statement_it_describes_the_node() -> None:
    debugger = debugger_of("two_layer")
    debugger.into()
    text = operation_text(debugger, "", ())
    assert text.code == "w1 @ a0"
    assert "1 of 2" in text.shapes
    assert "z1 = w1 @ a0 + b1" in text.shapes
    assert "4×1" in text.rule


@pytest.mark.parametrize("path", shipped_scenarios(), ids=lambda path: path.stem)
def test_every_moment_of_every_scenario_is_described(path: object) -> None:
    debugger = debugger_of(path.stem)
    while debugger.can_move(1):
        debugger.into()
        text = operation_text(debugger, "", ())
        assert all((text.code, text.mathematics, text.shapes, text.why))
        statement = debugger.statement
        assert bool(text.rule) == (debugger.node is not None or statement.phase == "backward")
        if debugger.node is None:
            assert text.code == statement_text(statement)


@given(st.lists(st.text("ab·+ ", min_size=1, max_size=30), max_size=5), st.integers(1, 80))
def test_an_equation_breaks_before_its_equals_signs(sides: list[str], width: int) -> None:
    lines = equation_lines(sides, width)
    whole = " = ".join(sides)
    if len(whole) <= width:
        assert lines == ([whole] if sides else [])
    else:
        assert len(lines) >= max(1, len(sides) - 1)
        assert "".join(lines).replace(" ", "") == whole.replace(" ", "")


def test_a_long_equation_continues_under_its_first_equals_sign() -> None:
    first, *rest = equation_lines(SIDES, 40)
    assert first == "dw2[0,1] = dz2[0,0]·a1[1,0]"
    assert {line.index("=") for line in rest} == {first.index("=")}


@pytest.mark.parametrize("roomy", [True, False])
def test_the_card_says_all_of_it(roomy: bool) -> None:
    text = operation_text(debugger_of("two_layer", 6), "", SIDES)
    plain = card_content(text, 100, roomy).plain
    for part in (text.code, text.mathematics, text.shapes, text.rule, text.why, " = ".join(SIDES)):
        assert part in plain
    assert ("\n\n" in plain) == roomy


def test_what_does_not_apply_takes_no_line() -> None:
    assert card_content(OperationText(why="Just this."), 80, roomy=True).plain == "Just this."
    assert card_content(OperationText(), 80, roomy=True).plain == ""


TERMS = ("da5[0,0,0]", "dz6[0,0,0]·w6[0,0] + dz6[0,0,1]·w6[1,0]", "0.4424 · 0.5266 + (-0.9667) · 0.5069")


@pytest.mark.parametrize(
    ("sides", "width", "lines"),
    [
        (
            TERMS,
            40,
            [
                "da5[0,0,0] = dz6[0,0,0]·w6[0,0]",
                "             + dz6[0,0,1]·w6[1,0]",
                "           = 0.4424 · 0.5266",
                "             + (-0.9667) · 0.5069",
            ],
        ),
        (("d ·2[0]", "(a[0] + b[0])·c ·4[0]"), 25, ["d ·2[0] = (a[0] + b[0])", "         ·c ·4[0]"]),
        (("d", "longer_than_there_is_room_for[0]"), 20, ["d = longer_than_there_is_room_for[0]"]),
    ],
)
def test_a_long_side_breaks_before_an_operator(sides: tuple[str, ...], width: int, lines: list[str]) -> None:
    assert equation_lines(sides, width) == lines


def test_what_should_be_written_hangs_under_what_was() -> None:
    text = OperationText(
        code="z = x", verdict=("✗ wrong", "  yours      a * b * c * d", "  should be  a * b")
    )
    lines = card_content(text, 22, roomy=False).plain.splitlines()
    assert lines == ["z = x", "✗ wrong", "  yours      a * b * c", "             * d", "  should be  a * b"]
