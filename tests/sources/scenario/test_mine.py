"""What a sound `[mine]` becomes; the unsound ones are among the broken files."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.parsing import parse
from bpdebug.errors import ScenarioError
from bpdebug.sources.scenario import load_scenario, shipped_scenarios

TWO_LAYER = next(path for path in shipped_scenarios() if path.stem == "two_layer").read_text()


@pytest.fixture
def load(tmp_path):
    def load(mine: str, text: str = TWO_LAYER):
        path = tmp_path / "test.toml"
        path.write_text(f"{text}\n[mine]\n{mine}\n", encoding="utf-8")
        return load_scenario(path)

    return load


def test_without_the_table_nothing_is_mine():
    assert load_scenario("two_layer").mine == {}


def test_numbers_are_read_only_float64_whatever_the_dtype_of_the_file(load):
    text = TWO_LAYER.replace('dtype = "float64"', 'dtype = "float16"')
    scenario = load("db1 = [[70000], [nan], [-inf], [0.1]]", text)
    value = scenario.mine["db1"]
    np.testing.assert_array_equal(value, [[70000.0], [np.nan], [-np.inf], [0.1]])
    assert (scenario.dtype, value.dtype, value.flags.writeable) == ("float16", np.float64, False)


@pytest.mark.parametrize(
    ("numbers", "shape"),
    [("0.5", ()), ("[1, 2]", (2,)), ("[[1, 2], [3, 4]]", (2, 2)), ("[[[1]]]", (1, 1, 1))],
)
def test_any_shape_is_kept(load, numbers, shape):
    assert load(f"db1 = {numbers}").mine["db1"].shape == shape


def test_text_is_a_formula(load):
    scenario = load('dz1 = "da1 * relu_prime(a1)"\nw1 = "w1 - 0.1 * dw1"\ndb1 = "sum(dz1)"')
    assert scenario.mine == {
        "dz1": parse("da1 * relu_prime(a1)"),
        "w1": parse("w1 - 0.1 * dw1"),
        "db1": parse("sum(dz1)"),
    }
    with pytest.raises(TypeError):
        scenario.mine["dz1"] = parse("da1")


def test_every_tensor_of_the_program_can_be_given_and_read(load):
    names = load_scenario("two_layer").program.shapes
    scenario = load("\n".join(f'{name} = "{name} * 2"' for name in names))
    assert scenario.mine == {name: parse(f"{name} * 2") for name in names}


def test_of_hundreds_of_known_names_a_few_are_listed(load):
    deep = 'title = "Deep"\nlayout = "columns"\n[inputs]\na0 = [[1.0]]\n'
    deep += '[[layers]]\nkind = "dense"\nw = [[1.0]]\n' * 100 + "[gradient]\nda100 = [[1.0]]\n"
    with pytest.raises(ScenarioError) as caught:
        load('dw7x = "dw1"', deep)
    assert "expected one of da100, dz100, dw100, da99, " in str(caught.value)
    assert " and 572 more (did you mean dw7?)" in str(caught.value)


@given(
    name=st.sampled_from(["dw1", "dz1", "q", "''", '"a b"']),
    value=st.text(max_size=30)
    | st.sampled_from(["dz1 @ a0.T", "dz1 * w1", "sum(dz9)", "a0 + " * 300 + "a0"]),
    quote=st.sampled_from(["'", '"', ""]),
)
def test_any_entry(load, name, value, quote):
    with suppress(ScenarioError):
        assert load(f"{name} = {quote}{value}{quote}").mine.keys() == {"dw1" if name == "dw1" else "dz1"}
