"""Conditions: what may be asked, what is refused in which words, and the numbers that explain a stop."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.debug.conditions import evidence, is_truth, read_condition, read_expression
from bpdebug.engine.language.cost import MAX_NUMBERS, MAX_PRODUCTS
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.nearest import MAX_COMPARED, suggestion
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import MAX_DEPTH, MAX_LENGTH, parse
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.program.program import Program
from bpdebug.errors import BpdebugError, ExpressionError, ShapeError

VALUES = {
    "m": np.array([[1.0, -2.0, 0.0], [4.0, np.nan, -6.0]]),
    "n": np.array([[1.0, -2.0, 0.0], [4.0, 5.0, -6.0]]),
    "column": np.array([[10.0], [20.0]]),
    "row": np.array([[0.5, 2.5, -1.5]]),
    "one": np.array(3.0),
    "cube": np.arange(8.0).reshape(2, 2, 2),
}
PROGRAM = Program({name: value.shape for name, value in VALUES.items()}, ())


def reasons(text: str) -> list[str]:
    condition = read_condition(text, PROGRAM)
    assert np.all(evaluate(condition, VALUES)), "the condition of this test is not true"
    return list(evidence(condition, VALUES))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Two numbers that are compared; a literal needs no explanation.
        ("one > 2", ["one = 3"]),
        ("2 < one", ["one = 3"]),
        ("n[1,1] >= n[0,0]", ["n[1,1] = 5", "n[0,0] = 1"]),
        ("n[-1,-1] != 0", ["n[-1,-1] = -6"]),
        ("one == 3", ["one = 3"]),
        ("norm(row) > 1", ["norm(row) = 2.95804"]),
        ("sum(n * row) < 1e9", ["sum(n * row) = 19"]),
        ("sum(n > 0) > 2", ["sum(n > 0) = 3"]),
        # A number by itself is true unless it is 0; NaN is true, as in NumPy.
        ("one", ["one = 3"]),
        ("m[1,1]", ["m[1,1] = NaN"]),
        # Chains, and, or, not: what decides is said, and nothing else.
        ("0 < one < 5", ["one = 3"]),
        ("0 < one < n[1,1]", ["one = 3", "n[1,1] = 5"]),
        ("one > 2 and norm(row) > 1", ["one = 3", "norm(row) = 2.95804"]),
        ("one > 2 or norm(row) > 100", ["one = 3"]),
        ("one > 100 or norm(row) > 1", ["norm(row) = 2.95804"]),
        ("one > 2 or one < 9 and n[0,0] == 1", ["one = 3", "n[0,0] = 1"]),
        ("not one > 5", ["one = 3"]),
        ("not (one > 5 or n[0,0] > 5)", ["one = 3", "n[0,0] = 1"]),
        ("not (one > 5 and n[0,0] < 5)", ["one = 3"]),
        ("not not one", ["one = 3"]),
        # One element decides an any: the first in order, and how many there are.
        ("any(n > 3)", ["n[1,0] = 4 (2 of 6)"]),
        ("any(isnan(m))", ["m[1,1] = NaN (1 of 6)"]),
        ("any(m)", ["m[0,0] = 1 (5 of 6)"]),
        ("any(one > 2)", ["one = 3"]),
        ("any(isinf(1 / n))", ["(1 / n)[0,2] = inf (1 of 6)"]),
        ("any(n[1] > 3)", ["n[1][0] = 4 (2 of 3)"]),
        ("any(cube > 6)", ["cube[1,1,1] = 7 (1 of 8)"]),
        ("any(n > column)", None),
        ("any(n + column > 24)", ["(n + column)[1,1] = 25 (1 of 6)"]),
        ("any(n < row)", ["n[0,1] = -2", "row[0,1] = 2.5 (2 of 6)"]),
        ("any(column > row)", ["column[0,0] = 10", "row[0,0] = 0.5 (6 of 6)"]),
        ("any(n > 3 and column > 15)", ["n[1,0] = 4", "column[1,0] = 20 (2 of 6)"]),
        ("any(not n)", ["n[0,2] = 0 (1 of 6)"]),
        ("any(n.T < -5)", ["n.T[2,1] = -6 (1 of 6)"]),
        ("any(n > 3, axis=(0, 1))", ["n[1,0] = 4 (2 of 6)"]),
        # What holds of all elements is said as such; one element suffices to refute it.
        ("all(n > -7)", ["all(n > -7) is true"]),
        ("not all(n > 0)", ["n[0,1] = -2 (3 of 6)"]),
        ("not any(n > 7)", ["any(n > 7) is false"]),
        # Quantifiers within quantifiers.
        ("any(all(n > -3, axis=1))", ["all(n > -3, axis=1)[0] is true (1 of 2)"]),
        ("all(any(n > 0, axis=1))", ["all(any(n > 0, axis=1)) is true"]),
        ("not all(any(n > 3, axis=1))", ["any(n > 3, axis=1)[0] is false (1 of 2)"]),
        ("any(n > 3) and not any(isnan(n))", ["n[1,0] = 4 (2 of 6)", "any(isnan(n)) is false"]),
        # A literal that is true by itself leaves nothing to say but that.
        ("any(n > 1000 or 1)", ["any(n > 1000 or 1) is true"]),
        # NaN compares as nothing but unequal.
        ("not m[1,1] > 0", ["m[1,1] = NaN"]),
        ("m[1,1] != m[1,1]", ["m[1,1] = NaN"]),
    ],
)
def test_the_numbers_that_made_it_true(text: str, expected: list[str] | None) -> None:
    if expected is None:
        assert not evaluate(read_condition(text, PROGRAM), VALUES)
    else:
        assert reasons(text) == expected


ATOMS = [
    "one > 2",
    "one < 2",
    "any(n > 3)",
    "all(n > 3)",
    "any(n * row > column, axis=(0, 1))",
    "any(all(n > row, axis=0))",
    "norm(m)",
    "n[0,2]",
    "0 < n[0,0] < one",
    "1",
    "0",
    "any(isnan(m) or 1)",
    "max(cube[1]) > 5",
]
CONDITIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or", "<", "!="]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        )
        | inner.map(lambda text: f"not ({text})")
    ),
    max_leaves=8,
)


@given(text=CONDITIONS)
def test_every_line_of_evidence_is_true(text: str) -> None:
    expression = parse(text)
    if not np.all(evaluate(expression, VALUES)):
        return
    for line in evidence(expression, VALUES):
        said, joint, number = re.sub(r" \(\d+ of \d+\)$", "", line).rpartition(" = ")
        if joint:
            found = float(evaluate(parse(said), VALUES))
            assert number == ("NaN" if np.isnan(found) else f"{found:.6g}"), line
        else:
            said, _, truth = number.rpartition(" is ")
            assert bool(evaluate(parse(said), VALUES)) == (truth == "true"), line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n > 3", "a condition is one truth: n > 3 has shape (2, 3); write any(...) or all(...) round it"),
        (" row ", "a condition is one truth: row has shape (1, 3); write any(...) or all(...) round it"),
        (
            "any(n > 3, axis=0)",
            "a condition is one truth: any(n > 3, axis=0) has shape (3,);"
            " write any(...) or all(...) round it",
        ),
        (
            "any(n > 3, keepdims=True)",
            "a condition is one truth: any(n > 3, keepdims=True) has shape (1, 1);"
            " write any(...) or all(...) round it",
        ),
        ("1 > 0", "1 > 0 reads no tensor: it is true everywhere or nowhere"),
        ("9**9**9", "9**9**9 reads no tensor: it is true everywhere or nowhere"),
        ("norm(nn) > 1", "there is no tensor 'nn', did you mean 'n'?"),
        ("norm(colum) > 1", "there is no tensor 'colum', did you mean 'column'?"),
        ("norm(zzzz) > 1", "there is no tensor 'zzzz'"),
        ("nrm(n) > 1", "unknown function 'nrm', did you mean 'norm'? (column 1)"),
        ("", "not an expression: invalid syntax (column 1)"),
        ("one is 3", "the comparison Is is not part of the tensor language (column 1)"),
        ("one in n", "the comparison In is not part of the tensor language (column 1)"),
        ("n[2,0] > 0", "[2,0] does not exist in shape (2, 3)"),
        ("n[0,0,0] > 0", "[0,0,0] has 3 indices for shape (2, 3)"),
        ("n[0:0] > 0", "[0:0] takes nothing of axis 0 of shape (2, 3)"),
        ("n[::2] > 0", "a slice has no step in the tensor language (column 5)"),
        ("n[one] > 0", "an index is a whole number or a slice, as in dw1[0, 1:3] (column 3)"),
        ("n[True] > 0", "an index is a whole number or a slice, as in dw1[0, 1:3] (column 3)"),
        ("sum(n, axis=2) > 0", "axis 2 does not exist in shape (2, 3)"),
        ("3[0] > 0", "[0] has 1 indices for shape ()"),
        ("softmax(3) > 0", "axis -1 does not exist in shape ()"),
        ("n @ n > 0", "inner sizes differ: (2, 3) @ (2, 3), 3 columns against 2 rows"),
    ],
)
def test_refused_with_these_words(text: str, message: str) -> None:
    with pytest.raises(BpdebugError) as caught:
        read_condition(text, PROGRAM)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["3[0]", "sum(3, axis=0)", "softmax(3)", "1 + 3[0]", "n + 3[0]"])
def test_literals_have_a_shape_too(text: str) -> None:
    with pytest.raises(ShapeError):
        read_expression(text, PROGRAM)


def test_what_is_read_as_true_or_false() -> None:
    assert [is_truth(parse(text)) for text in ("n > 1", "not n", "any(n)", "isnan(n)")] == [True] * 4
    assert not any(is_truth(parse(text)) for text in ("n", "1", "norm(n)", "sum(n > 1)", "n[0,0]"))


HOSTILE = {
    "brackets without end": "(" * 3990,
    "signs without end": "-" * 3990 + "n",
    "nots without end": "not " * 900 + "one",
    "attributes without end": "n" + ".T" * 1900,
    "indices without end": "n" + "[0]" * 1300,
    "calls without end": "abs(" * 190 + "n" + ")" * 190,
    "a long chain": "<".join(["one"] * 900),
    "a long and": " and ".join(["one"] * 500),
    "powers without end": "**".join(["9"] * 1000),
    "a number without end": "9" * 3990,
    "a hexadecimal number without end": f"n[0x{'f' * 3900}]",
    "an axis without end": f"sum(n, axis=0x{'f' * 3900})",
    "an axis in a list": f"sum(n, axis=[0x{'f' * 3900}])",
    "an option beyond float64": f"leaky_relu(n, slope=1{'0' * 400})",
    "an index beyond all": "n[99999999999999999999]",
    "a bound beyond all": "n[99999999999999999999:]",
    "an option of an operator": "n @ n.T(axis=1)",
    "an option twice": "sum(n, axis=1, axis=1)",
    "an option that is text": "sum(n, axis='x')",
    "an option that is computed": "sum(n, axis=9**9**9)",
    "an option from a mapping": "sum(n, **{})",
    "a list of arguments": "sum(*n)",
    "code": "__import__('os').system('true')",
    "an attribute": "n.__class__",
    "a format": "f'{n}'",
    "a lambda": "(lambda: 0)()",
    "a walrus": "(n := 3)",
    "a comprehension": "[n for n in n]",
    "a NUL": "n\0",
    "an escape": "n \x1b[2J",
    "a lone surrogate": "n\udcff",
    "a line too long": "n + " * 5000 + "n",
}


def alternating(depth: int) -> str:
    """Nest `and` in `or` in `and`, each with many operands: few brackets, and a deep tree."""
    text = "one"
    for level in range(depth):
        joint = " and " if level % 2 else " or "
        text = f"({text}){joint}{joint.join(['one'] * 60)}"
    return text


HOSTILE["chains in chains"] = alternating(8)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_expression_is_refused(text: str) -> None:
    with pytest.raises((ExpressionError, ShapeError)) as caught:
        read_expression(text, PROGRAM)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 5000


@pytest.mark.parametrize("text", ["9**9**9", "(-8)**0.5", "1/0", "-1/0", "0/0", "2**1024 > 1"])
def test_arithmetic_on_literals_ends_at_once(text: str) -> None:
    assert np.shape(evaluate(read_expression(text, PROGRAM), VALUES)) == ()


def test_the_deepest_expression_that_is_read_can_be_used() -> None:
    for text in (
        "abs(" * (MAX_DEPTH - 1) + "one" + ")" * (MAX_DEPTH - 1),
        " and ".join(["one"] * (MAX_DEPTH - 1)),
    ):
        condition = read_condition(text, PROGRAM)
        assert np.all(evaluate(condition, VALUES))
        assert evidence(condition, VALUES)
        assert parse(numpy_text(condition)) == condition


SQUARE = 2**10
LARGE = Program({"s": (SQUARE, SQUARE), "tall": (2**12, SQUARE), "row": (1, 2**20), "column": (2**20, 1)}, ())


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("column * row", MAX_NUMBERS),
        ("column @ row", MAX_NUMBERS),
        ("any(column > row)", MAX_NUMBERS),
        ("sum(isnan(column - row))", MAX_NUMBERS),
        (" @ ".join(["s"] * 100), MAX_PRODUCTS),
        # What is written twice is computed twice.
        (" + ".join(["s @ s"] * 20), MAX_PRODUCTS),
        (" + ".join(["tall"] * 40), MAX_NUMBERS),
    ],
)
def test_what_would_be_too_large_is_refused_before_it_runs(text: str, limit: int) -> None:
    with pytest.raises(BpdebugError, match=f"^too l.*, at most {limit:,} are allowed$"):
        read_expression(text, LARGE)


def test_what_is_just_small_enough_is_not_refused() -> None:
    most = MAX_NUMBERS // (2**12 * SQUARE)
    read_expression(" + ".join(["tall"] * (most + 1)), LARGE)
    with pytest.raises(BpdebugError):
        read_expression(" + ".join(["tall"] * (most + 2)), LARGE)
    read_expression("(s @ s) @ column[0:1024]", LARGE)


def test_a_wrong_name_is_compared_with_so_many_known_ones_and_no_more() -> None:
    known = [f"q{number}" for number in range(MAX_COMPARED)]
    assert suggestion("abd", ["abc", *known]) == ", did you mean 'abc'?"
    assert suggestion("abd", [*known, "abc"]) == ""


def test_a_length_at_the_limit() -> None:
    read_expression("one".ljust(MAX_LENGTH), PROGRAM)
    with pytest.raises(
        ExpressionError, match=rf"at most {MAX_LENGTH} characters \(.*\): found {MAX_LENGTH + 1} "
    ):
        read_expression("one".ljust(MAX_LENGTH + 1), PROGRAM)


def test_a_statement_has_nothing_to_do_with_it() -> None:
    program = Program({"x": (2,)}, (Statement("y", parse("x * 2")),))
    assert read_condition("any(y > x)", program) == parse("any(y > x)")
