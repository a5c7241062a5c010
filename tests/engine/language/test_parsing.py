"""What the parser reads, and that it refuses all else with the place."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.evaluation import INFIX, evaluate
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.engine.language.parsing import COMPARISONS, CONNECTIVES, MAX_DEPTH, MAX_LENGTH, parse
from bpdebug.engine.language.printing import numpy_text
from bpdebug.errors import ExpressionError

REFUSED = [
    # text, column, a part of the message
    ("", 1, "not an expression"),
    ("x + * y", 5, "not an expression"),
    ("x = 1", 3, "not an expression"),
    ("x; y", 2, "not an expression"),
    ("x\ny", 1, "not an expression"),
    ("  x $ y", 5, "not an expression"),
    ("x\0", 1, "null"),
    ("\ud800", 1, "not an expression"),
    ("−x", 1, "invalid character"),
    ("2 × x", 3, "invalid character"),
    ("x₁", 2, "invalid character"),
    ("siɡmoid(x)", 1, "did you mean 'sigmoid'"),
    ("sigmoyd(x)", 1, "did you mean 'sigmoid'"),
    ("1 + print(x)", 5, "unknown function 'print'"),
    ("__import__('os')", 1, "unknown function '__import__'"),
    ("eval('1')", 1, "unknown function 'eval'"),
    ("x.shape", 1, "attribute .shape"),
    ("a + x.__class__", 5, "attribute .__class__"),
    ("x.T.base", 1, "attribute .base"),
    ("x.T()", 1, "only functions of the table"),
    ("sum(x)(y)", 1, "only functions of the table"),
    ("(lambda: x)()", 1, "only functions of the table"),
    ("lambda: 1", 1, "a lambda"),
    ("[x for x in y]", 1, "a list comprehension"),
    ("sum(x for x in y)", 4, "GeneratorExp"),
    ("{x: y}", 1, "Dict"),
    ("(x, y)", 1, "Tuple"),
    ("f'{x}'", 1, "JoinedStr"),
    ("(x := 1)", 2, "NamedExpr"),
    ("x if y else z", 1, "IfExp"),
    ("await x", 1, "Await"),
    ("(yield)", 2, "Yield"),
    ("+x", 1, "operator UAdd"),
    ("x[::2]", 5, "a slice has no step"),
    ("x[y]", 3, "an index is a whole number"),
    ("x[0, True]", 6, "an index is a whole number"),
    ("x[...]", 3, "an index is a whole number"),
    ("x[None]", 3, "an index is a whole number"),
    ("x[[0, 1]]", 3, "an index is a whole number"),
    ("x[1.0]", 3, "an index is a whole number"),
    ("x[0:y]", 5, "an index is a whole number"),
    ("x is y", 1, "comparison Is "),
    ("x in y", 1, "comparison In "),
    ("sum(x, axis=((0, 1),))", 13, "is not a value for axis"),
    ("placed(x, y, index=0)", 20, "is not a value for index"),
    ("placed(x, y, index=t_[0])", 20, "the value of an option is a literal"),
    ("placed(x, y, index=s_[z])", 23, "an index is a whole number"),
    ("sum(x, axis=s_[0:1])", 13, "is not a value for axis"),
    ("~x", 1, "operator Invert"),
    ("x // y", 1, "operator FloorDiv"),
    ("a + x % y", 5, "operator Mod"),
    ("x << y", 1, "operator LShift"),
    ("'a'", 1, "not a number"),
    ("b'a'", 1, "not a number"),
    ("True", 1, "not a number"),
    ("None", 1, "not a number"),
    ("...", 1, "not a number"),
    ("2j", 1, "not a number"),
    ("x + 1e999", 5, "too large"),
    ("9" * 400, 1, "too large"),
    ("sum()", 1, "takes 1 argument: found 0"),
    ("sum(x, y)", 1, "takes 1 argument: found 2"),
    ("maximum(x)", 1, "takes 2 arguments: found 1"),
    ("sum(x=x)", 1, "takes 1 argument: found 0"),
    ("sequence()", 1, "takes 1 argument or more: found 0"),
    ("sum(*x)", 5, "Starred"),
    ("sum(x, **y)", 8, "unknown option"),
    ("sum(x, axes=1)", 8, "unknown option 'axes' of sum"),
    ("sum(x, __class__=1)", 8, "unknown option '__class__'"),
    ("exp(x, axis=1)", 8, "it has none"),
    ("sum(x, axis=y)", 13, "is a literal"),
    ("sum(x, axis=print(1))", 13, "is a literal"),
    ("sum(x, axis=9**9**9)", 13, "is a literal"),
    ("sum(x, axis='a')", 13, "found 'a'"),
    ("sum(x, axis=(0, 'a'))", 13, "found (0, 'a')"),
    ("sum(x, axis=[0])", 13, "found [0]"),
    ("sum(x, axis=0, axis=1)", 16, "axis"),
    ("ä + foo.bar", 5, "attribute .bar"),
    ("1or x", 1, "not an expression"),
]


@pytest.mark.parametrize(("text", "column", "message"), REFUSED, ids=[ascii(row[0])[:24] for row in REFUSED])
def test_refused_with_a_reason_and_the_column(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert str(caught.value).endswith(f"(column {caught.value.column})")
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 250 + "x" + ")" * 250, "nested"),
        ("-" * 3000 + "x", "nested"),
        ("-" * 10_000 + "x", f"at most {MAX_LENGTH} characters"),
        ("exp(" * 300 + "x" + ")" * 300, "nested"),
        ("exp(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1), f"nests at most {MAX_DEPTH} deep"),
        ("+".join("x" * 1500), f"nests at most {MAX_DEPTH} deep"),
    ],
    ids=["parentheses", "minuses", "length", "calls", "depth", "terms"],
)
def test_size_is_limited(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        parse(text)
    assert 1 <= caught.value.column <= len(text)


@given(st.text(max_size=40) | st.text("xy()[].*+-@=:,'\"\\ \n\0T019e", max_size=40))
def test_any_text_is_read_or_refused_without_a_warning(text: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with contextlib.suppress(ExpressionError):
            parse.__wrapped__(text)
    assert not caught


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x", Name("x")),
        ("  x  ", Name("x")),
        ("-3", Number(-3)),
        ("-x ** 2", Call("negative", (Call("power", (Name("x"), Number(2))),))),
        ("x ** -1", Call("power", (Name("x"), Number(-1)))),
        ("x @ y.T", Call("matmul", (Name("x"), Call("transpose", (Name("y"),))))),
        ("x - y - 1", Call("subtract", (Call("subtract", (Name("x"), Name("y"))), Number(1)))),
        (
            "sum(x, keepdims=True, axis=-1)",
            Call("sum", (Name("x"),), (("axis", -1), ("keepdims", True))),
        ),
        ("sum(x, axis=(0, 2))", Call("sum", (Name("x"),), (("axis", (0, 2)),))),
        ("x[0]", Call("subscript", (Name("x"),), (("index", (0,)),))),
        ("x[0, -1:, :3]", Call("subscript", (Name("x"),), (("index", (0, (-1, None), (None, 3))),))),
        ("x >= 1", Call("greater_equal", (Name("x"), Number(1)))),
        (
            "0 < x < 1",
            Call("logical_and", (Call("less", (Number(0), Name("x"))), Call("less", (Name("x"), Number(1))))),
        ),
        ("not x == y", Call("logical_not", (Call("equal", (Name("x"), Name("y"))),))),
    ],
)
def test_read_as(text: str, tree: Expression) -> None:
    assert parse(text) == tree


NUMBERS = st.builds(
    Number, st.integers(-9, 9) | st.floats(-9, 9, allow_nan=False).map(lambda value: round(value, 3) + 0.0)
)
BY_THEMSELVES = ("negative", "subscript")
UNARY = [name for name, entry in FUNCTIONS.items() if entry.arity == 1 and name not in BY_THEMSELVES]
BINARY = [*INFIX, "maximum", *COMPARISONS.values(), *CONNECTIVES.values()]
BOUNDS = st.none() | st.integers(-3, 3)
INDICES = st.lists(st.integers(-3, 3) | st.tuples(BOUNDS, BOUNDS), max_size=3).map(tuple)


def negated(operand: Expression) -> Expression:
    """Return what the parser reads for a minus before an operand: a literal's sign is its own."""
    return Number(-operand.value) if isinstance(operand, Number) else Call("negative", (operand,))


def with_option(operand: Expression, axis: int | None, keepdims: bool) -> Expression:
    return Call("sum", (operand,), (("axis", axis), ("keepdims", keepdims)))


def grow(trees: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return (
        st.builds(lambda name, x: Call(name, (x,)), st.sampled_from(UNARY), trees)
        | st.builds(lambda name, x, y: Call(name, (x, y)), st.sampled_from(BINARY), trees, trees)
        | st.builds(lambda index, x: Call("subscript", (x,), (("index", index),)), INDICES, trees)
        | st.builds(with_option, trees, st.sampled_from([None, 0, -1]), st.booleans())
        | st.builds(negated, trees)
    )


TREES = st.recursive(st.sampled_from([Name("x"), Name("y"), Name("dw1")]) | NUMBERS, grow, max_leaves=12)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["Unix", "old Mac", "Windows"])
def test_a_column_is_counted_from_the_start_of_the_text(end: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(f"({end}é + x.size)")
    assert caught.value.column == len(f"({end}é + ") + 1


@pytest.mark.parametrize("text", ["(2).T", "(-0.0) ** x", "(-2) ** x", "(x ** y) ** -2", "x - (y - 1)"])
def test_literals_and_parentheses_survive_printing(text: str) -> None:
    assert parse(numpy_text(parse(text))) == parse(text)


@given(TREES)
def test_printed_text_parses_back_to_the_same_tree(tree: Expression) -> None:
    assert parse(numpy_text(tree)) == tree


def grow_square(trees: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Operators alone, on square matrices: Python can then evaluate the text itself."""
    return (
        st.builds(
            lambda name, x, y: Call(name, (x, y)),
            st.sampled_from(["add", "subtract", "multiply", "divide", "power", "matmul"]),
            trees,
            trees,
        )
        | st.builds(lambda x: Call("negative", (x,)), trees)
        | st.builds(lambda x: Call("transpose", (x,)), trees)
        | st.builds(lambda name, x: Call(name, (x,)), st.sampled_from(["exp", "tanh", "abs"]), trees)
    )


SQUARE_TREES = st.recursive(st.sampled_from([Name("x"), Name("y"), Name("v")]), grow_square, max_leaves=10)


@given(SQUARE_TREES)
def test_printed_text_means_the_same_to_python(tree: Expression) -> None:
    generator = np.random.default_rng(0)
    values = {name: generator.uniform(0.5, 1.5, (3, 3)) for name in ("x", "y", "v")}
    functions = {"exp": np.exp, "tanh": np.tanh, "abs": np.abs}
    with np.errstate(all="ignore"):
        wanted = eval(numpy_text(tree), {"__builtins__": {}, **functions}, values)
    np.testing.assert_array_equal(evaluate(tree, values), wanted)


def test_literals_are_folded_in_float64_and_in_bounded_time() -> None:
    assert evaluate(parse("x * 9 ** 9 ** 9"), {"x": np.array([2.0])}) == np.inf
    assert evaluate(parse("x + 2 ** -1"), {"x": np.array([2.0])}) == 2.5
    assert np.isnan(evaluate(parse("x + (0 - 1) ** 0.5"), {"x": np.array([2.0])}))
    assert evaluate(parse("x + 1 / 0"), {"x": np.array([2.0])}) == np.inf


def test_deepest_expression_runs() -> None:
    deep = "(" * (MAX_DEPTH - 1) + "x" + " * 1)" * (MAX_DEPTH - 1)
    assert evaluate(parse(deep), {"x": np.array([3.0])}) == 3
    assert evaluate(parse("exp(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH), {"x": np.array([1.0])}) == np.inf
