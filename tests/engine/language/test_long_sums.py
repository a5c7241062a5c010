"""Sums of very many terms: what is shown of them, and that all of them count."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.long_sums import MOST_SHOWN, abbreviated
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.printing import chain_rule, math_text, numpy_text, shapes_text, shown_text
from bpdebug.engine.language.provenance.origins import origin_of

NAMES = [f"x{number}" for number in range(1, MOST_SHOWN + 2)]
LONG = parse(" + ".join(NAMES))
SHORT = parse(" + ".join(NAMES[:-1]))
VALUES = {name: np.array([float(number), 0.5]) for number, name in enumerate(NAMES)}


def test_of_a_long_sum_the_first_terms_and_the_last_are_shown() -> None:
    assert math_text(LONG) == "x₁ + x₂ + x₃ + … + x₄₁"
    assert shown_text(Statement("y", LONG)) == "y = x1 + x2 + x3 + … + x41"
    assert shapes_text(Statement("y", LONG), {"y": (2,), **dict.fromkeys(NAMES, (2,))}) == (
        "(2) = (2) + (2) + (2) + … + (2)"
    )


def test_a_sum_that_is_not_long_is_shown_as_it_is() -> None:
    assert abbreviated(SHORT) is SHORT
    assert math_text(SHORT).count("+") == MOST_SHOWN - 1


def test_a_long_sum_inside_is_shortened_too_and_what_is_text_for_a_program_is_not() -> None:
    inside = parse(f"2 * exp({numpy_text(LONG)})")
    assert numpy_text(abbreviated(inside)) == "2 * exp(x1 + x2 + x3 + … + x41)"
    assert parse(numpy_text(inside)) == inside


def test_so_is_the_chain_rule() -> None:
    statement = Statement("dw", LONG, "backward", of="w", through=tuple(NAMES))
    through, total = chain_rule(statement, {}).split(" = ")[1:]
    assert through == "∂L/∂x₁ · ∂x₁/∂w + ∂L/∂x₂ · ∂x₂/∂w + ∂L/∂x₃ · ∂x₃/∂w + … + ∂L/∂x₄₁ · ∂x₄₁/∂w"
    assert total == "x₁ + x₂ + x₃ + … + x₄₁"


def test_every_term_feeds_the_element_though_only_some_are_written() -> None:
    result = sum(VALUES.values())
    origin = origin_of("y", LONG, (0,), result, VALUES)
    assert [source.name for source in origin.sources] == NAMES
    assert str(origin) == "y[0] = x1[0] + x2[0] + x3[0] + … + x41[0] = 0 + 1 + 2 + … + 40 = 820"
