"""What an expression may do, and which names it reads, is seen in its text."""

from __future__ import annotations

import pytest

from bpdebug.sources.script.evaluation import _compiled, may_call


@pytest.mark.parametrize(
    "text", ["f(x)", "f (x)", "x.sum()", "f[0](x)", "f(x)(y)", "(lambda: x)()", "x[f(0)]"]
)
def test_what_may_call_something(text: str) -> None:
    assert may_call(text)


@pytest.mark.parametrize("text", ["x", "(x + y) * z", "x * (y - (z + 1))", "x[(0, 1)]", "-(x)", "x[1:].T"])
def test_what_only_encloses(text: str) -> None:
    assert not may_call(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x.T @ y", {"x": {"T"}, "y": set()}),
        ("T * x.T", {"T": set(), "x": {"T"}}),
        ("self.w @ self.x + f(1e5)", {"self": {"w", "x"}, "f": set()}),
        ("self.w + g(self)", {"self": set(), "g": set()}),
        ("[a.b for a in rows]", {"rows": set()}),
        ("ﬁne * 2", {"fine": set()}),  # Python reads a ligature as its letters
    ],
)
def test_the_names_that_are_read(text: str, names: dict[str, set[str]]) -> None:
    assert {name: {*read} for name, read in _compiled(text, "")[1]} == names
