"""Whatever its arguments and options are, a function has a result or says why not: nothing else is raised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.functions import FUNCTIONS, Sample
from bpdebug.engine.language.nodes import Call, Name, Option, places
from bpdebug.engine.language.option_values import is_like
from bpdebug.engine.language.provenance.origins import origin_of
from bpdebug.engine.language.shapes import options_of, shape_of
from bpdebug.errors import ShapeError
from tests.tiers import examples, few

SHAPES = st.lists(st.integers(0, 3) | st.integers(1, 3), max_size=4).map(tuple)
NUMBERS = st.integers(-3, 4)
BOUNDS = st.none() | st.integers(-2, 3)
SUBSCRIPTS = st.text("ijk,->", max_size=8)
OPTIONS = (
    NUMBERS
    | st.booleans()
    | st.none()
    | st.floats(-2, 2)
    | st.lists(NUMBERS, max_size=4).map(tuple)
    | st.lists(st.tuples(BOUNDS, BOUNDS) | NUMBERS, max_size=3).map(tuple)
    | SUBSCRIPTS
)
"""What a scenario can write in the place of an option, if it is of the kind of its default."""


@st.composite
def near(draw: st.DrawFn, sample: Sample) -> list[tuple[int, ...]]:
    """Draw the shapes of a sample, with one extent more or less."""
    shapes = [list(np.shape(argument)) for argument in sample.arguments]
    shape = draw(st.sampled_from(shapes))
    if shape:
        shape[draw(st.integers(0, len(shape) - 1))] = draw(st.integers(0, 4))
    return list(map(tuple, shapes))


@st.composite
def calls(draw: st.DrawFn, name: str) -> tuple[Call, dict[str, np.ndarray]]:
    """Draw a call with arguments of random shapes, often the same ones, and random options."""
    function = FUNCTIONS[name]
    count = draw(st.integers(1, 3)) if function.variadic else function.arity
    sample = draw(st.sampled_from(function.samples))
    shapes = draw(st.lists(SHAPES, min_size=1, max_size=count) | near(sample))
    values = {
        place: np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape) % 5 - 1
        for place, shape in zip(places(count), (shapes * count)[:count], strict=True)
    }
    options: dict[str, Option] = dict(draw(st.sampled_from([sample.options, {}])))
    for option, default in function.options.items():
        if draw(st.booleans()):
            options[option] = draw(OPTIONS.filter(lambda value, default=default: is_like(value, default)))
    return Call(name, tuple(map(Name, values)), tuple(options.items())), values


@pytest.mark.parametrize("name", few(FUNCTIONS, 60))
@examples(12)
@given(data=st.data())
def test_a_misfit_is_a_declared_error(name: str, data: st.DataObject) -> None:
    call, values = data.draw(calls(name))
    function, options = FUNCTIONS[name], options_of(call)
    shapes = {place: value.shape for place, value in values.items()}
    try:
        expected = shape_of(call, shapes)
    except ShapeError:
        return
    with np.errstate(all="ignore"):
        result = np.asarray(function.numpy(*values.values(), **options))
    assert result.shape == expected
    operands = [("",) * len(shape) for shape in shapes.values()]
    assert len(function.form.axes_of(operands, tuple(shapes.values()), options)) == result.ndim
    if result.size:
        origin_of("result", call, tuple(n // 2 for n in result.shape), result, values)
