"""A long sum as a table: it adds up, is in order, and fits its width."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.provenance.origins import Origin, origin_of
from bpdebug.present.sum_table import table_lines
from tests.examples import debugger_of


def product(length: int, seed: int) -> tuple[Origin, np.ndarray]:
    """Return the origin of an element of a product, and the terms of its sum."""
    random = np.random.default_rng(seed)
    values = {"u": random.normal(size=(1, length)), "v": random.normal(size=(length, 1))}
    result = values["u"] @ values["v"]
    origin = origin_of("p", parse("u @ v"), (0, 0), result, values, digits=17, tabulate=True)
    return origin, values["u"].ravel() * values["v"].ravel()


@given(st.integers(5, 60), st.integers(0, 2**32 - 1), st.integers(60, 400))
def test_the_products_add_up_to_the_total(length: int, seed: int, width: int) -> None:
    origin, terms = product(length, seed)
    (table,) = origin.tables
    lines = table_lines(table, 17, width)
    if not lines:
        return
    head, products = lines[0].split()[1:], re.findall(r"[-+.\de]+", lines[-1].split("total")[0])
    total = float(lines[-1].split("total")[1])
    np.testing.assert_allclose(sum(map(float, products)), total, atol=1e-12)
    np.testing.assert_allclose(total, terms.sum(), atol=1e-12)
    places = [int(place) for place in head if place != "rest"]
    assert places == sorted(places)
    assert all(len(line) <= width for line in lines)
    np.testing.assert_array_equal([float(number) for number in products[: len(places)]], terms[places])
    if "rest" in head:
        # What is left out is no larger than what is shown.
        left = np.delete(terms, places)
        assert np.abs(left).max() <= np.abs(terms[places]).min()
    else:
        assert places == list(range(length))


def test_the_equation_has_the_ends_of_the_sum_and_what_it_comes_to() -> None:
    origin, terms = product(5, 0)
    assert origin.symbols == "u[0,0]·v[0,0] + … + u[0,4]·v[4,0]"
    assert float(origin.numbers) == terms.sum()


def test_a_batch_of_seven() -> None:
    debugger = debugger_of("batch", 12)
    expression, values = debugger.statement.expression, debugger.trace.values
    origin = origin_of("dw2", expression, (1, 3), values["dw2"], values, tabulate=True)
    lines = table_lines(origin.tables[0], 4, 110)
    assert [line.split()[0] for line in lines] == ["k", "dz2", "a1", "="]
    assert lines[0].split() == ["k", *"0123456"]
    assert lines[-1].endswith(f"total {values['dw2'][1, 3]:.4g}")
    assert "rest" in table_lines(origin.tables[0], 4, 70)[0]
    assert " -0.02710  total" in table_lines(origin.tables[0], 4, 76)[-1]  # as many digits as all others
    assert table_lines(origin.tables[0], 4, 20) == []


def test_a_sum_without_factors() -> None:
    value = np.arange(6.0).reshape(1, 6)
    origin = origin_of("s", parse("sum(x, axis=1)"), (0,), value.sum(axis=1), {"x": value}, tabulate=True)
    assert table_lines(origin.tables[0], 4, 80) == [
        "k  0  1  2  3  4  5",
        "x  0  1  2  3  4  5  total 15",
    ]
