"""The search finds the line and what should stand there; right and wrong is said by central differences."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from bpdebug.sources.script import Node, Recording, record_script
from bpdebug.sources.script.evaluation import callable_again
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.known import Meaning
from bpdebug.verify.repair.replay import Replaced, Replay, ancestors
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.suspects import suspects
from bpdebug.verify.repair.trying import Correction, Trial
from tests.tiers import few

SCRIPT = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.normal(size=(3, 5))
y = rng.normal(size=(2, 5))
w1, b1 = rng.normal(size=(4, 3)), rng.normal(size=(4, 1))
w2, b2 = rng.normal(size=(2, 4)), rng.normal(size=(2, 1))


def slope(h):
    return 1 - h ** 2


for epoch in range(3):
    z1 = w1 @ x + b1
    h = np.tanh(z1)
    out = w2 @ h + b2
    loss = 0.5 * np.sum((out - y) ** 2)
    d2 = out - y
    dw2 = d2 @ h.T
    db2 = d2.sum(axis=1, keepdims=True)
    d1 = (w2.T @ d2) * slope(h)
    dw1 = d1 @ x.T
    db1 = np.sum(d1, axis=1, keepdims=True)
    w1 -= 0.1 * dw1
    b1 -= 0.1 * db1
    w2 -= 0.1 * dw2
    b2 -= 0.1 * db2
"""
STEP = 1e-6


def named(recording: Recording, name: str) -> Node:
    """The node that a variable was first given."""
    return next(node for node in recording.nodes if name in node.names)


def trial(recording: Recording, replay: Replay, shift: float) -> Trial:
    """Values of the parameters moved by random numbers, and central differences there."""
    random = np.random.default_rng(7)
    parameters = {update.slot: update.old for update in recording.updates}
    moved = {node.id: node.value + shift * random.normal(size=node.shape) for node in parameters.values()}
    replaced = {number: lambda _, value=value: value for number, value in moved.items()}
    loss = named(recording, "loss")

    def slope(node: Node, place: tuple[int, ...]) -> float:
        def at(step: float) -> float:
            value = moved[node.id].copy()
            value[place] += step
            return float(replay.run({**replaced, node.id: lambda _: value})(loss))

        return (at(STEP) - at(-STEP)) / (2 * STEP)

    wanted = {
        name: np.array([slope(node, place) for place in np.ndindex(node.shape)]).reshape(node.shape)
        for name, node in parameters.items()
    }

    def verdicts(value_of: ValueOf, replaced: Replaced) -> dict[str, str]:
        def is_right(name: str) -> bool:
            own = value_of(named(recording, f"d{name}"))
            return np.shape(own) == wanted[name].shape and np.allclose(own, wanted[name], 1e-5, 1e-7)

        return {name: "right" if is_right(name) else "wrong" for name in parameters}

    return Trial(replaced, verdicts, frozenset(parameters))


def values_of_the_right_script(folder: Path) -> list[np.ndarray]:
    """The gradients by hand of the script as it should be, inner ones too; and the slope of tanh."""
    file = folder / "right.py"
    file.write_text(SCRIPT, encoding="utf-8")
    recording = record_script(file)
    gradients = [named(recording, name).value for name in ("d2", "dw2", "db2", "d1", "dw1", "db1")]
    return [*gradients, 1 - named(recording, "h").value ** 2]


def found(script: str, folder: Path, seconds: float = 60) -> list[Correction]:
    """The corrections of a script, the best first."""
    file = folder / "net.py"
    file.write_text(script, encoding="utf-8")
    recording = record_script(file)
    replay = Replay(recording, [update.new for update in recording.updates])
    trials = [trial(recording, replay, 0.0), trial(recording, replay, 0.3)]
    said = trials[0].verdicts(replay.recorded, {})
    gradients = {name: named(recording, f"d{name}") for name in said}
    right = [gradients[name] for name, verdict in said.items() if verdict == "right"]
    wrong = [gradients[name] for name, verdict in said.items() if verdict == "wrong"]
    forward, everything = ancestors([named(recording, "loss")]), {node.id for node in recording.nodes}
    lines = suspects(recording, wrong, right, forward, everything, set())

    with callable_again(recording):
        search = Search(recording, replay, trials, RightValues(folder), time.thread_time() + seconds)
        return search.corrections(lines, {})


class RightValues:
    """Knows a value if the right script has it."""

    def __init__(self, folder: Path) -> None:
        self.values = values_of_the_right_script(folder)

    def meaning(self, value: np.ndarray) -> Meaning:
        is_known = any(one.shape == np.shape(value) and np.allclose(one, value) for one in self.values)
        return "tensor" if is_known else ""

    parameters = ()
    gradients = MappingProxyType({})

    def exactly(self, node: Node, value: np.ndarray, gradients: Mapping[int, np.ndarray]) -> Iterator[int]:
        return iter([0] if self.meaning(value) else [])

    def is_named(self, node: Node) -> bool:
        return False

    def is_part(self, value: np.ndarray) -> bool:
        return False

    def is_single(self, name: str) -> bool:
        return False

    def shape_of(self, name: str) -> None:
        return None


def test_the_trial_itself_is_right(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(SCRIPT, encoding="utf-8")
    recording = record_script(file)
    replay = Replay(recording, [])
    for shift in (0.0, 0.3):
        one = trial(recording, replay, shift)
        assert set(one.verdicts(replay.run(one.replaced), {}).values()) == {"right"}


@pytest.mark.parametrize(
    ("right", "wrong", "correction"),
    few(
        [
            ("dw2 = d2 @ h.T", "dw2 = d2 @ h.T * 2", "d2 @ h.T"),
            ("(w2.T @ d2) * slope(h)", "(w2.T @ d2)", "w2.T @ d2 * slope(h)"),
            ("(w2.T @ d2) * slope(h)", "(w2.T @ d2) * slope(z1)", "(w2.T @ d2) * slope(h)"),
            ("return 1 - h ** 2", "return 1 - h", "1 - h ** 2"),
            ("db2 = d2.sum(axis=1,", "db2 = d2.mean(axis=1,", "d2.sum(axis=1, keepdims=True)"),
            ("d1 = (w2.T @ d2)", "d1 = -(w2.T @ d2)", "w2.T @ d2 * slope(h)"),
            ("dw1 = d1 @ x.T", "dw1 = (w2.T @ d2) @ x.T", "(w2.T @ d2 * slope(h)) @ x.T"),
        ],
        2,
    ),
)
def test_the_line_is_found_and_mended(right: str, wrong: str, correction: str, tmp_path: Path) -> None:
    script = SCRIPT.replace(right, wrong)
    line = next(
        number
        for number, (old, new) in enumerate(zip(SCRIPT.splitlines(), script.splitlines(), strict=True), 1)
        if old != new
    )
    best, *_ = found(script, tmp_path)
    assert (best.place.line, best.correction) == (line, correction)


def test_a_search_whose_time_is_up_finds_nothing(tmp_path: Path) -> None:
    script = SCRIPT.replace("dw2 = d2 @ h.T", "dw2 = d2 @ h.T * 2")
    assert found(script, tmp_path, seconds=0) == []
