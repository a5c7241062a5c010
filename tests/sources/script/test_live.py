"""Code that runs already is recorded: it does what it did, and its case is the same whatever comes later."""

from __future__ import annotations

import gc
import importlib.util
from pathlib import Path
from textwrap import dedent
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

import bpdebug
from bpdebug.errors import ScriptError
from tests.sources.script.running_twice import exact

NET = """
import numpy as np
import bpdebug

rng = np.random.default_rng(3)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))


def squared(t):
    return t ** 2


class Layer:
    def __init__(self, inside, outside):
        self.w, self.b = rng.normal(size=(inside, outside)), np.zeros(outside)

    def __call__(self, x):
        self.x, self.out = x, np.tanh(x @ self.w + self.b)
        return self.out

    def backward(self, d):
        d = d * (1 - squared(self.out))
        self.dw, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.w.T


class Net:
    def __init__(self):
        self.layers = [Layer(3, 4), Layer(4, 2)]

    def train(self, x, y, steps=3):
        losses = []
        for _ in range(steps):
            out = x
            for layer in self.layers:
                out = layer(out)
            losses.append(np.mean((out - y) ** 2))
            d = 2 * (out - y) / out.size
            for layer in reversed(self.layers):
                d = layer.backward(d)
            for layer in self.layers:
                layer.w -= 0.1 * layer.dw
                layer.b = layer.b - 0.1 * layer.db
        return losses

    recorded = bpdebug.record(train)
"""


def module(folder: Path, text: str) -> ModuleType:
    path = folder / "net.py"
    path.write_text(dedent(text))
    spec = importlib.util.spec_from_file_location("net", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def hooked(made: ModuleType) -> list[str]:
    """The functions of a module that have hooks in their code."""
    return [
        one.__qualname__
        for one in gc.get_objects()
        if type(one) is FunctionType
        and one.__globals__ is vars(made)
        and any(name.startswith("__bp_") for name in one.__code__.co_names)
    ]


def state(net: Any) -> str:
    return exact([[layer.w, layer.b] for layer in net.layers])


def test_a_recorded_function_does_what_it_did(tmp_path: Path) -> None:
    plain, recorded = module(tmp_path, NET), module(tmp_path, NET)
    net, other = plain.Net(), recorded.Net()
    assert exact(net.train(plain.x, plain.y)) == exact(other.recorded(recorded.x, recorded.y))
    assert state(net) == state(other)
    assert hooked(recorded) == []


def test_one_iteration_is_recorded_with_the_names_that_were_there_before(tmp_path: Path) -> None:
    made = module(tmp_path, NET)
    net = made.Net()
    before = net.layers[0].w.copy()
    net.recorded(made.x, made.y)
    case = net.recorded.case
    names = {f"self.layers[{place}].{name}" for place in (0, 1) for name in "wb"}
    assert {"y", *names} <= case.program.inputs.keys()
    assert np.array_equal(case.values["self.layers[0].w"], before)
    report = bpdebug.check(case)
    assert report.passed
    assert len(report.verdicts) == 4


def test_what_happens_later_changes_nothing_in_the_case(tmp_path: Path) -> None:
    made = module(tmp_path, NET.replace("1 - squared(self.out)", "1 - self.out"))
    net = made.Net()
    net.recorded(made.x, made.y)
    net.train(made.x, made.y, steps=5)
    for layer in net.layers:
        for name in list(vars(layer)):
            setattr(layer, name, None)
    made.x[:], made.y[:] = 0, 0
    net.layers.clear()
    (finding,) = bpdebug.check(net.recorded.case).findings
    assert (finding.correction, finding.verified) == ("d * (1 - self.out ** 2)", True)
    assert finding.source.line == made.Layer.backward.__code__.co_firstlineno + 1


def test_the_case_is_that_of_the_last_call(tmp_path: Path) -> None:
    made = module(
        tmp_path,
        """
        import bpdebug

        @bpdebug.record
        def twice(x):
            '''Double.'''
            y = x * 2
            return y
        """,
    )
    assert (made.twice.__name__, made.twice.__doc__) == ("twice", "Double.")
    with pytest.raises(ScriptError, match="nothing was recorded yet"):
        made.twice.case  # noqa: B018
    made.twice(np.ones(2))
    made.twice(np.arange(3.0))
    assert made.twice.case.values["x"].tolist() == [0, 1, 2]
    assert "y = x * 2" in bpdebug.trace(made.twice.case)


def test_an_exception_goes_through_and_what_came_before_is_kept(tmp_path: Path) -> None:
    made = module(
        tmp_path,
        """
        import bpdebug

        @bpdebug.record
        def broken(x):
            y = x * 2
            return y @ x[:, None, None, 5]
        """,
    )
    with pytest.raises(IndexError):
        made.broken(np.ones(2))
    assert "IndexError" in made.broken.case.script.ended
    assert [one.name for one in made.broken.case.program.statements] == ["y"]
    assert hooked(made) == []


BLOCKS = """
import numpy as np
import bpdebug

def scaled(w, k):
    return w * k

def train(w, x, y, recording):
    count, seen = 0, []
    total = lambda: count
    with recording() as recorded:
        for step in range(4):
            out = x @ w
            loss = np.mean((out - y) ** 2)
            d = scaled(out - y, 2 / out.size)
            w = w - 0.1 * x.T @ d
            count += 1
            seen = [s for s in seen if w.size] + [loss]
        del out
    return w, count, total(), seen, sorted(locals()), recorded
"""


def test_the_body_of_a_block_runs_once_and_leaves_what_it_left(tmp_path: Path) -> None:
    import contextlib

    made = module(tmp_path, BLOCKS)
    rng = np.random.default_rng(0)
    w, x, y = rng.normal(size=(3, 2)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    *plain, _ = made.train(w, x, y, contextlib.nullcontext)
    *recorded, result = made.train(w, x, y, bpdebug.recording)
    assert exact(plain) == exact(recorded)
    report = bpdebug.check(result.case)
    assert report.passed
    assert list(report.verdicts) == ["w"]
    assert hooked(made) == []


@pytest.mark.deep
def test_a_block_at_the_top_of_a_file_and_in_a_class(tmp_path: Path) -> None:
    made = module(
        tmp_path,
        """
        import bpdebug, numpy as np

        a = np.ones(3)
        for turn in range(2):
            with bpdebug.recording() as recorded:
                b = a * 2
        assert b.tolist() == [2, 2, 2]

        class Holder:
            with bpdebug.recording() as inner:
                c = a * 3

            def __init__(self):
                self.__secret = a
                with bpdebug.recording() as self.recorded:
                    self.__secret = self.__secret * 5
        """,
    )
    assert [one.name for one in made.recorded.case.program.statements] == ["b"]
    assert [one.name for one in made.Holder.inner.case.program.statements] == ["c"]
    holder = made.Holder()
    assert holder._Holder__secret.tolist() == [5, 5, 5]
    assert [one.name for one in holder.recorded.case.program.statements] == ["self.__secret"]


def test_a_block_that_raises(tmp_path: Path) -> None:
    made = module(
        tmp_path,
        """
        import bpdebug, numpy as np

        kept = []

        def run():
            with bpdebug.recording() as recorded:
                kept.append(recorded)
                z = np.ones(2) * 2
                z[7] = 1
        """,
    )
    with pytest.raises(IndexError) as raised:
        made.run()
    assert [entry.name for entry in raised.traceback][-1] == "run"
    assert raised.traceback[-1].lineno + 1 == made.run.__code__.co_firstlineno + 4


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("with bpdebug.recording() as r:\n        return 1", "net.py:4: .* has a `return` that leaves it"),
        ("with bpdebug.recording() as r: x = 1.5", "its body stands on its own line"),
        ("with bpdebug.recording() as r, open(__file__):\n        x = 1", "it stands beside another item"),
        ("for i in [1]:\n     with bpdebug.recording():\n        break", "has a `break` that leaves it"),
        ("exec('with bpdebug.recording():\\n  x = 1.5')", "its source cannot be read"),
        ("bpdebug.record(len)", "expected a function of Python's"),
        ("@bpdebug.record\n    def g():\n        yield 1", "a generator runs after its call has returned"),
    ],
)
def test_where_it_is_not_possible_the_message_says_why(tmp_path: Path, body: str, message: str) -> None:
    made = module(tmp_path, f"import bpdebug\n\ndef run():\n    {body}\n")
    with pytest.raises(ScriptError, match=message):
        made.run()


def test_within_a_recording_another_only_runs(tmp_path: Path) -> None:
    made = module(
        tmp_path,
        """
        import bpdebug

        @bpdebug.record
        def inner(x):
            return x * 2

        @bpdebug.record
        def outer(x):
            with bpdebug.recording():
                y = inner(x)
            return y + 1
        """,
    )
    assert made.outer(np.ones(2)).tolist() == [3, 3]
    assert [one.source.line for one in made.outer.case.program.statements] == [6, 11, 12]
