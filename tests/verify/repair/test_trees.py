"""The text of an edited expression means the edited tree, and keeps what was not edited."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.verify.repair.trees import Code, spots


def transposed(node: ast.expr) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load())


def times_y(node: ast.expr) -> ast.expr:
    return ast.BinOp(node, ast.Mult(), ast.Name("y", ast.Load()))


def negated(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), node)


Edit = Callable[[ast.expr], ast.expr]
EDITS: tuple[Edit, ...] = (transposed, times_y, negated)


@pytest.mark.parametrize(
    ("text", "part", "edit", "expected"),
    [
        ("w.T@ d", "d", transposed, "w.T@ d.T"),
        ("w.T@ d", "w.T@ d", times_y, "w.T@ d * y"),
        ("[f(v) for v in x[i]]", "x[i]", transposed, "[f(v) for v in x[i].T]"),
        ("a+b", "a+b", times_y, "(a+b) * y"),
        ("a+b", "b", times_y, "a+b * y"),
        ("x * (a  -  b)", "a  -  b", times_y, "x * ((a  -  b) * y)"),
        ("a ** b", "a", negated, "(-a) ** b"),
        ("np.dot(x,\n       d) / m", "x", transposed, "np.dot(x.T,\n       d) / m"),
        ("(a + b).sum(axis=0)", "a + b", transposed, "(a + b).T.sum(axis=0)"),
        ("(h ** 2).T", "h ** 2", lambda node: node.left, "h.T"),
        ("δ @ x", "x", transposed, "δ @ x.T"),
        ("f(x, k=d)", "d", negated, "f(x, k=-d)"),
    ],
)
def test_what_is_left_alone_stays_as_it_was_written(text: str, part: str, edit: Edit, expected: str) -> None:
    code = Code(text)
    spot = next(spot for spot in spots(code.tree) if code.segment(spot.node) == part)
    assert code.with_replaced(spot, edit(spot.node)) == expected


names = st.sampled_from(["a", "b", "w1", "δ"])
expressions = st.recursive(
    names,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "*", " @ ", " -", "**", " / "]), inner).map("".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("np.sum({}, axis=0)".format),
        inner.map("({})[1:, None]".format),
        st.tuples(inner, inner).map(lambda both: f"({both[0]} if {both[1]} else 0)"),
    ),
    max_leaves=6,
)


@given(expressions, st.sampled_from(EDITS), st.data())
def test_the_text_means_the_edited_tree(text: str, edit: Edit, data: st.DataObject) -> None:
    code = Code(text)
    spot = data.draw(st.sampled_from(list(spots(code.tree))))
    new = edit(spot.node)
    written = code.with_replaced(spot, new)
    assert ast.dump(ast.parse(f"({written})", mode="eval").body) == ast.dump(spot.rebuild(new))
