"""Whatever is typed, there is an answer: an expression is read or refused, and a command ends no session."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bpdebug.commands.session import Session
from bpdebug.commands.table import COMMANDS, FAULT, execute
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Expression, Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.printing import math_text, numpy_text
from bpdebug.engine.program.program import infer_shapes, with_backward
from bpdebug.engine.program.trace import run
from bpdebug.errors import BpdebugError, DerivationError, ExpressionError
from tests.examples import example
from tests.fuzz.scratch import assert_printable

EXAMPLES = ("two_layer", "attention", "no_bias", "not_finite")
NUMBERS = ["0", "1", "-0", "--1", "2.5", "1e308", "-0.0", "9**9**9"]
OPTIONS = [
    "-1",
    "0",
    "3",
    "True",
    "None",
    "1.5",
    "()",
    "(0,)",
    "(0, 0)",
    "(-1, 1)",
    "(3, -1, -1)",
    "((1, 0),)",
    "((None, None),)",
    f"({'1, ' * 70})",
    "99999999999999999999",
    "(-99999999999999999999,)",
    "'ij,jk->ik'",
    "'->'",
    "''",
]
INDICES = ["", "0", "-1", "0, 0", ":", "5:1", "1:99", ":, 0", "()", "::0", "0:1:-1", "0, 0, 0, 0, 0", "True"]
OPERATORS = ["+", "-", "*", "/", "**", "@", "<", "==", "!=", "and", "or", "%", "in"]
JUNK = [
    "\r",
    "\n",
    "\x0c",
    "\u2028",
    "\x00",
    "\x1b[2J",
    "é",
    "  ",
    "(",
    ")",
    ",",
    ";",
    "'",
    "#",
    "\\",
    "lambda",
    "_",
]


@st.composite
def texts(draw: st.DrawFn, names: tuple[str, ...], depth: int = 3) -> str:
    """Draw an expression that looks like one of the language."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([*names, *names, *NUMBERS]))

    def inner() -> str:
        return draw(texts(names, depth - 1))

    kind = draw(st.integers(0, 5))
    if kind == 0:
        return f"{inner()} {draw(st.sampled_from(OPERATORS))} {inner()}"
    if kind == 1:
        return draw(st.sampled_from(["({}).T", "-({})", "not ({})", "({})", "({}).size"])).format(inner())
    if kind == 2:
        return f"({inner()})[{draw(st.sampled_from(INDICES))}]"
    function = FUNCTIONS[draw(st.sampled_from(sorted(FUNCTIONS)))]
    count = draw(st.integers(1, 3)) if function.variadic else function.arity
    arguments = [inner() for _ in range(count)]
    for option in function.options:
        if draw(st.booleans()):
            arguments.append(f"{option}={draw(st.sampled_from(OPTIONS))}")
    return f"{function.name}({', '.join(arguments)})"


@st.composite
def spoilt(draw: st.DrawFn, text: str) -> str:
    """Put something that does not belong there into a text, now and then."""
    if draw(st.integers(0, 4)):
        return text
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.sampled_from(JUNK)) + text[place + draw(st.integers(0, 2)) :]


SHAPES = {"x": (2, 3), "y": (3, 2), "s": (), "r": (1, 3), "e": (0, 3), "image": (1, 2, 4, 4)}
VALUES = {name: np.linspace(-1.0, 2.0, int(np.prod(shape))).reshape(shape) for name, shape in SHAPES.items()}


@given(st.data())
def test_an_expression(data: st.DataObject) -> None:
    """It is read as what it prints, has the value whose shape is foreseen, and is derived or says why not."""
    text = data.draw(texts(tuple(SHAPES)).flatmap(spoilt))
    try:
        tree = parse(text)
    except ExpressionError as error:
        column = error.column
        event(f"refused: {error.message[:20]}")
    else:
        column = 1
        is_read_and_computed(tree)
    assert 1 <= column <= max(1, len(text)) + 1


def is_read_and_computed(tree: Expression) -> None:
    """It is read again from what it prints, and all its readings agree."""
    printed = numpy_text(tree)
    assert repr(parse(printed)) == repr(tree), printed
    assert math_text(tree).isprintable()
    statement = Statement("out", tree)
    try:
        shapes = infer_shapes(SHAPES, (statement,))
    except BpdebugError:
        return
    assert np.shape(evaluate(tree, VALUES)) == shapes["out"]
    with suppress(DerivationError):
        program = with_backward(SHAPES, (statement,), "out")
        given = {"dout": np.ones(shapes["out"])}
        assert [step.value.shape for step in run(program, {**VALUES, **given}).steps] == [
            program.shapes[step.name] for step in program.statements
        ]


@cache
def session_on(name: str) -> Session:
    """A session that goes on from one example to the next, as a person's does."""
    return Session(example(name))


PLACES = [
    "3",
    "-1",
    "0",
    "99999999999999999999",
    "w1",
    "dw1[0,0]",
    "all",
    "end",
    "1 on",
    "norm(z1) > 0",
    "\t",
    "é",
]
WORDS = [name for name in COMMANDS if name not in ("quit", "save")]


@given(st.data())
def test_a_line(data: st.DataObject) -> None:
    session = session_on(data.draw(st.sampled_from(EXAMPLES)))
    names = tuple(session.debugger.program.shapes)[:8]
    for _ in range(data.draw(st.integers(1, 5))):
        word = data.draw(st.sampled_from(WORDS))
        rest = data.draw(st.sampled_from(PLACES) | texts(names).flatmap(spoilt))
        target = data.draw(st.sampled_from(names)) + data.draw(
            st.sampled_from(["", "[0]", "[0, 0]", "[0:1]", "[::0]"])
        )
        line = f"{word} {target} = {rest}" if word == "set" else f"{word} {rest}"
        answer = execute(session, line)
        assert not any(one.startswith(FAULT) for one in answer.lines), (line, answer.lines)
        assert_printable(answer.lines)


@pytest.mark.parametrize(
    "line",
    [
        "print reshape(1)",
        "watch concatenate(w1, w1, axis=())",
        "print w1[::0]",
        "set w1 = broadcast_like(1, 10)",
    ],
)
def test_a_line_that_once_ended_the_app(line: str) -> None:
    assert not execute(Session(example("two_layer")), line).lines[0].startswith(FAULT)
