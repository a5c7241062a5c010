"""What is known is not found out again: edits that give the same numbers, and those of a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MethodType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bpdebug.verify.repair import line_edits
from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.judged_once import JudgedOnce
from bpdebug.verify.repair.replay import fixed
from bpdebug.verify.repair.trying import Trial

NET = """\
import numpy as np

rng = np.random.default_rng(2)
x, t, w = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))
for step in range(3):
    y = np.tanh(x @ w)
    loss = np.sum((y - t) ** 2)
    dy = 2 * (y - t)
    dw = x.T @ (dy * (1 - y))
    w -= 0.1 * dw
"""


def test_what_gives_the_same_numbers_is_judged_once() -> None:
    judged: list[Any] = []

    def verdicts(value_of: Any, replaced: Mapping[int, Any]) -> dict[str, Any]:
        judged.append(value_of(0))
        return {"w": "right"}

    nodes: list[Any] = [0, 1]
    replay: Any = SimpleNamespace(
        recording=SimpleNamespace(nodes=nodes), run=lambda replaced: lambda node: replaced[node](None)
    )
    once = JudgedOnce(replay)
    values = [np.ones(2), np.full(2, 1.0), np.ones(2, np.float32), np.ones((1, 2)), np.array([1, 1 + 1e-15])]
    trials = [Trial({}, verdicts, frozenset()) for _ in range(2)]
    for trial in trials:
        for value in values:
            assert once(trial, {0: fixed(value)}) == {"w": "right"}
    assert len(judged) == 2 * (len(values) - 1)
    once(trials[0], {0: fixed(values[0]), 1: fixed(values[0])})
    assert len(judged) == 2 * (len(values) - 1) + 1


def test_an_edit_of_a_line_is_evaluated_once_on_what_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated, value_at = [], line_edits.value_at

    def counted(recording: Any, instance: Any, text: str, value_of: Any, *looked_up: Any) -> Any:
        if isinstance(value_of, MethodType):
            evaluated.append((instance, text))
        return value_at(recording, instance, text, value_of, *looked_up)

    monkeypatch.setattr(line_edits, "value_at", counted)
    (tmp_path / "net.py").write_text(NET)
    (finding,) = check_script(tmp_path / "net.py", seconds=60).findings
    assert finding.source.line == 9
    assert len(evaluated) == len(set(evaluated)) > 50
