"""Edits undo mistakes: what is one edit away from the right expression is among those of the wrong one."""

from __future__ import annotations

import ast

import pytest

from bpdebug.verify.repair import wording
from bpdebug.verify.repair.edits import edits
from bpdebug.verify.repair.rules.beside import renumbered, shift_between
from bpdebug.verify.repair.rules.forward import siblings
from bpdebug.verify.repair.rules.replacement import Scope
from bpdebug.verify.repair.trees import Code
from tests.tiers import deep, few

SHAPES: dict[str, tuple[int, ...]] = {
    "w2": (2, 4),
    "d2": (2, 5),
    "d1": (4, 5),
    "h": (4, 5),
    "z": (4, 5),
    "x": (3, 5),
    "b": (4, 1),
    "rate": (),
    "wide": (6, 7),
    "image": (2, 4, 5, 3),
}


def shape(node: ast.expr) -> tuple[int, ...] | None:
    """The shape of a name; of all else, something that is a matrix."""
    return SHAPES.get(ast.unparse(node), (4, 5))


SCOPE = Scope(
    SHAPES,
    ("m", "x.shape[1]"),
    ("slope",),
    (ast.parse("a[1:]", mode="eval").body.slice,),
    "np",
    ("axis", "keepdims"),
    (ast.parse("d1 @ h.T / m", mode="eval").body,),
    None,
    (0.1,),
    shape,
    divisors_forward=("(e - s)",),
    borders={"pad": 1},
)


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    few(
        [
            ("w2 @ d2", "w2.T @ d2", "not transposed"),
            ("d1.T @ x.T", "d1 @ x.T", "transposed"),
            ("(w2.T @ d2)", "(w2.T @ d2 * slope(z))", "derivative missing"),
            ("w2.T @ d2", "w2.T @ d2 * (1 - h ** 2)", "derivative missing"),
            ("w2.T @ d2", "w2.T @ d2 * np.where(z > 0, 1, 0.1)", "derivative missing"),
            ("w2.T @ d2 * (1 - h)", "w2.T @ d2 * (1 - h ** 2)", "square missing"),
            ("w2.T @ d2 * h * (1 - h)", "w2.T @ d2 * (1 - h)", "factor too many"),
            ("y - out", "out - y", "sign"),
            ("d1 @ x.T", "d1 @ x.T / m", "division missing"),
            ("d1 @ x.T * m", "d1 @ x.T / m", "divided"),
            ("d1 @ x.T", "d1 @ h.T / m", "written otherwise beside"),
            deep("slope(z)", "slope(z) * (1 - slope(z))", "derivative of its own"),
            ("d1.sum(axis=0)", "d1.sum(axis=1)", "axis"),
            ("np.mean(d1, axis=1)", "np.sum(d1, axis=1)", "mean for a sum"),
            ("d1[:, 0]", "np.sum(d1, axis=1)", "one for the sum"),
            ("x.dot(d1)", "d1.dot(x)", "operands exchanged"),
            ("np.dot(d1, x)", "np.outer(d1, x)", "outer product"),
            ("w2.T @ d1", "w2.T @ d2", "another tensor"),
            ("2 * d1", "3 * d1", "number"),
            ("h[t]", "h[t - 1]", "another index"),
            ("d1 * (h < 0)", "d1 * (h > 0)", "comparison"),
            ("slope(z)", "z", "function too many"),
            ("slope(h) * (1 - slope(h))", "h * (1 - h)", "function too many"),
            ("d1", "d1 + h", "term missing"),
            ("step(x, True)", "step(x, False)", "option"),
            ("h[:-1] @ x", "h[1:] @ x", "another slice"),
            ("np.maximum(0, d1)", "d1 * (h > 0)", "derivative of what is applied"),
            ("(h - 1) / (h + 1)", "1 - ((h - 1) / (h + 1)) ** 2", "derivative of its own"),
            ("d1 @ h", "d1 @ h + w2.T @ d2", "term missing"),
            ("d1 * w2", "d1 * w2[::-1, ::-1]", "not turned"),
            ("d1 * np.rot90(w2, 2)", "d1 * w2", "turned"),
            ("h[:, 2:] @ x", "h[:, :-2] @ x", "another slice"),
            ("d1 / m", "d1 / (e - s)", "another divisor"),
            ("wide[:4, :5]", "wide[pad:pad + 4, pad:pad + 5]", "another slice"),
            ("wide[:-2, :-2]", "wide[pad:-pad, pad:-pad]", "another slice"),
            ("wide[:4, :5]", "wide[1:1 + 4, 1:1 + 5]", "another slice"),
            ("image.sum(axis=(0, 1))", "image.sum(axis=(0, 3))", "axis"),
        ],
        4,
    ),
)
def test_the_right_expression_is_one_edit_away(wrong: str, right: str, kind: str) -> None:
    code = Code(wrong)
    found = {code.with_replaced(edit.spot, edit.replacement.new): edit for edit in edits(code.tree, SCOPE)}
    assert right in found, sorted(found)
    assert found[right].replacement.kind == kind


def test_every_kind_has_a_sentence() -> None:
    texts = ["-a * b + c @ d - e / f ** 2", "np.dot(a, b)", "a.dot(b)", "np.sum(a[0], axis=0)", "f(a, True)"]
    texts += ["f(a)", "a > b", "a[1:]", "a[i + 1]", "a.T", "a.transpose()", "x.mean(0)", "g(h, k=False)"]
    for text in texts:
        code = Code(text)
        for edit in edits(code.tree, SCOPE):
            assert wording.sentence(edit.replacement.kind, edit.replacement.part, code)


def test_no_edit_gives_the_same_expression_twice() -> None:
    tree = Code("w2.T @ d2 * h").tree
    found = [edit.text for edit in edits(tree, SCOPE)]
    assert len(found) == len(set(found))
    assert ast.dump(tree) not in found


def test_a_factor_is_an_element_of_another_container_whatever_the_texts_look_like() -> None:
    tensors = {"slope(unit['out'])": (), "layers[0]['w'][1]": (), "x[i]": (), "y[i]": ()}
    scope = SCOPE._replace(tensors=tensors)
    found = [one.part for one in siblings(ast.parse("x[i]", mode="eval").body, scope)]
    assert [ast.unparse(one) for one in found if one is not None] == ["layers[i]", "y[i]"]


@pytest.mark.parametrize(
    ("own", "other", "there", "here"),
    [
        ("dZ1", "dZ2", "(dZ3 @ W3.T) * (1 - A2**2)", "(dZ2 @ W2.T) * (1 - A1**2)"),
        deep("db3", "db1", "dZ1.sum(axis=0)", "dZ3.sum(axis=0)"),
    ],
)
def test_what_another_layer_has_is_renumbered_for_this_one(
    own: str, other: str, there: str, here: str
) -> None:
    shift = shift_between(own, other)
    assert shift is not None
    assert renumbered(there, shift) == here
    assert shift_between(own, other.replace("d", "D")) is None
