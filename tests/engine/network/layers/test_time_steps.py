"""The time step in a role and in a name."""

from __future__ import annotations

import pytest

from bpdebug.engine.language.nodes import Name, Statement
from bpdebug.engine.network.layers.time_steps import at_step, name_in_layer, step_in, step_of, without_step


@pytest.mark.parametrize(
    ("role", "step", "stem", "name"),
    [
        ("h_t3", 3, "h", "h12_t3"),
        ("tanh_c_t10", 10, "tanh_c", "tanh_c12_t10"),
        ("h_t0", 0, "h", "h12_t0"),
        ("w", None, "w", "w12"),
        ("a_prev2", None, "a_prev2", "a_prev212"),
        ("x_total", None, "x_total", "x_total12"),
    ],
)
def test_roles_with_and_without_a_step(role: str, step: int | None, stem: str, name: str) -> None:
    assert (step_in(role), without_step(role), name_in_layer(role, 12)) == (step, stem, name)
    assert step is None or at_step(stem, step) == role


@pytest.mark.parametrize(
    ("name", "of", "through", "step"),
    [
        ("h1_t2", "", (), 2),
        ("dh1_t2", "h1_t2", ("a1", "z1_t3"), 2),
        ("dc1_t2_via_c1_t3", "c1_t2", ("c1_t3",), 2),
        ("dw1_via_z1_t3", "w1", ("z1_t3",), None),
        ("dz1_t3_inner", "", ("z1_t3",), 3),
        ("a1", "", (), None),
    ],
)
def test_what_a_statement_is_about(name: str, of: str, through: tuple[str, ...], step: int | None) -> None:
    assert step_of(Statement(name, Name("x"), of=of, through=through)) == step
