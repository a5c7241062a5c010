"""The steps of each optimizer as text."""

from __future__ import annotations

from typing import Any

import pytest

from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.network.optimizers import OPTIMIZERS, Trained, update_of

W, B = Trained("w1", "dw1", "w", "dw", 1), Trained("b1", "db1", "b", "db", 1)
MOMENTS = [
    "m_w1_new = 0.9 * m_w1 + (1 - 0.9) * {g}",
    "v_w1_new = 0.999 * v_w1 + (1 - 0.999) * {g} ** 2",
    "m_w1_hat = m_w1_new / (1 - 0.9 ** t_new)",
    "v_w1_hat = v_w1_new / (1 - 0.999 ** t_new)",
    "w1_new = {w} - 0.1 * m_w1_hat / (sqrt(v_w1_hat) + 1e-08)",
]


def moments(gradient: str, parameter: str) -> list[str]:
    return [line.format(g=gradient, w=parameter) for line in MOMENTS]


@pytest.mark.parametrize(
    ("kind", "own", "lines"),
    [
        ("sgd", {}, ["w1_new = w1 - 0.1 * dw1"]),
        ("sgd", {"weight_decay": 0.5}, ["dw1_decayed = dw1 + 0.5 * w1", "w1_new = w1 - 0.1 * dw1_decayed"]),
        ("sgd", {"momentum": 0.9}, ["v_w1_new = 0.9 * v_w1 + dw1", "w1_new = w1 - 0.1 * v_w1_new"]),
        (
            "sgd",
            {"momentum": 0.9, "nesterov": True},
            [
                "v_w1_new = 0.9 * v_w1 + dw1",
                "dw1_ahead = dw1 + 0.9 * v_w1_new",
                "w1_new = w1 - 0.1 * dw1_ahead",
            ],
        ),
        ("adam", {}, ["t_new = t + 1", *moments("dw1", "w1")]),
        (
            "adam",
            {"weight_decay": 0.5},
            ["t_new = t + 1", "dw1_decayed = dw1 + 0.5 * w1", *moments("dw1_decayed", "w1")],
        ),
        (
            "adamw",
            {"weight_decay": 0.5},
            ["t_new = t + 1", "w1_decayed = w1 * (1 - 0.1 * 0.5)", *moments("dw1", "w1_decayed")],
        ),
        (
            "rmsprop",
            {},
            [
                "v_w1_new = 0.99 * v_w1 + (1 - 0.99) * dw1 ** 2",
                "w1_new = w1 - 0.1 * dw1 / (sqrt(v_w1_new) + 1e-08)",
            ],
        ),
        (
            "rmsprop",
            {"momentum": 0.5},
            [
                "v_w1_new = 0.99 * v_w1 + (1 - 0.99) * dw1 ** 2",
                "m_w1_new = 0.5 * m_w1 + dw1 / (sqrt(v_w1_new) + 1e-08)",
                "w1_new = w1 - 0.1 * m_w1_new",
            ],
        ),
    ],
)
def test_the_steps(kind: str, own: dict[str, Any], lines: list[str]) -> None:
    optimizer = OPTIMIZERS[kind]
    options = {one.name: one.default for one in optimizer.settings} | {"learning_rate": 0.1} | own
    update = update_of(optimizer, options, [W])
    assert [statement_text(statement) for statement in update.statements] == lines
    assert all(statement.of in ("w1", "") and statement.why for statement in update.statements)
    assert {f"{name}_new" for name in update.remembered} | {"w1_new"} == set(update.carried.values())


def test_gradients_are_clipped_before_the_rule() -> None:
    options = {one.name: one.default for one in OPTIMIZERS["sgd"].settings}
    update = update_of(OPTIMIZERS["sgd"], options, [W, B], clip_value=0.5, clip_norm=2.0)
    assert [statement_text(statement) for statement in update.statements] == [
        "gradient_norm = sqrt(norm(dw1) ** 2 + norm(db1) ** 2)",
        "clip_factor = minimum(2.0 / (gradient_norm + 1e-06), 1)",
        "dw1_clipped = dw1 * clip_factor",
        "dw1_clipped_bounded = minimum(maximum(dw1_clipped, -0.5), 0.5)",
        "w1_new = w1 - 0.001 * dw1_clipped_bounded",
        "db1_clipped = db1 * clip_factor",
        "db1_clipped_bounded = minimum(maximum(db1_clipped, -0.5), 0.5)",
        "b1_new = b1 - 0.001 * db1_clipped_bounded",
    ]
