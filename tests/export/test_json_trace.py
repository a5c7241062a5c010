"""The JSON trace: strict, exact, and in the agreed form."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpdebug.engine.program.trace import Trace, run
from bpdebug.export.json_trace import PIECE, _value
from bpdebug.export.traces import TRACE_FORMATS
from bpdebug.sources.scenario import load_scenario

WORDS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def strict(text: str):
    def refuse(constant: str):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def array(value, dtype: str, shape):
    def number(entry):
        if isinstance(entry, list):
            return [number(part) for part in entry]
        return WORDS[entry] if isinstance(entry, str) else entry

    return np.array(number(value), dtype=dtype).reshape(shape)


def document(name: str):
    scenario = load_scenario(name)
    trace = run(scenario.program, scenario.values)
    return trace, strict("".join(TRACE_FORMATS["json"](scenario, trace)))


def test_the_agreed_form():
    trace, found = document("two_layer")
    assert list(found) == ["format", "version", "scenario", "inputs", "steps"]
    assert (found["format"], found["version"]) == ("bpdebug-trace", 1)
    assert found["scenario"] == {
        "title": "Two dense layers: ReLU, then sigmoid",
        "layout": "columns",
        "dtype": "float64",
    }
    assert list(found["inputs"]) == ["a0", "w1", "b1", "w2", "b2", "da2"]
    assert found["inputs"]["da2"] == {"shape": [2, 1], "value": trace.values["da2"].tolist()}
    keys = ["index", "phase", "layer", "role", "name", "statement", "rule", "shape", "value"]
    assert all(list(step) == keys for step in found["steps"])
    assert found["steps"][0] == {
        "index": 1,
        "phase": "forward",
        "layer": 1,
        "role": "z",
        "name": "z1",
        "statement": "z1 = w1 @ a0 + b1",
        "rule": "z₁ = w₁ · a₀ + b₁",
        "shape": [4, 1],
        "value": trace.values["z1"].tolist(),
    }
    assert [(step["index"], step["role"], step["name"]) for step in found["steps"][4:]] == [
        (5, "dz", "dz2"),
        (6, "dw", "dw2"),
        (7, "db", "db2"),
        (8, "d_prev", "da1"),
        (9, "dz", "dz1"),
        (10, "dw", "dw1"),
        (11, "db", "db1"),
        (12, "d_prev", "da0"),
    ]
    assert found["steps"][5]["rule"] == "∂L/∂w₂ = ∂L/∂z₂ · ∂z₂/∂w₂ = ∂L/∂z₂ · a₁ᵀ"


@pytest.mark.parametrize("name", ["batch", "forward_pass", "hidden_delta"])
def test_every_value_comes_back_bit_for_bit(name):
    trace, found = document(name)
    for step, recorded in zip(found["steps"], trace.steps, strict=True):
        value = array(step["value"], "float64", step["shape"])
        assert value.tobytes() == recorded.value.tobytes()


@given(data=st.data(), dtype=st.sampled_from(["float64", "float32", "float16"]))
def test_any_number_of_any_dtype_comes_back(data, dtype):
    shapes = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    value = data.draw(arrays.arrays(dtype, shapes))
    back = array(strict("".join(_value(value))), dtype, value.shape)
    np.testing.assert_array_equal(back, value)
    np.testing.assert_array_equal(np.signbit(back[value == 0]), np.signbit(value[value == 0]))


def test_a_long_row_is_written_in_pieces():
    value = np.arange(2.0 * PIECE + 1)
    pieces = list(_value(value))
    assert len(pieces) > 3
    assert strict("".join(pieces)) == value.tolist()


def test_what_is_not_a_number_is_a_word():
    value = np.array([[np.nan, np.inf, -np.inf, 0.5]])
    assert strict("".join(_value(value))) == [["NaN", "Infinity", "-Infinity", 0.5]]


def test_a_title_may_hold_quotes(tmp_path):
    path = tmp_path / "quotes.toml"
    path.write_text("""
title = 'say "δ"'
layout = "columns"
inputs = { a0 = [[nan]] }
layers = [{ kind = "dense", w = [[1.0]] }]
""")
    scenario = load_scenario(path)
    found = strict("".join(TRACE_FORMATS["json"](scenario, run(scenario.program, scenario.values))))
    assert found["scenario"]["title"] == 'say "δ"'
    assert found["steps"][0]["value"] == [["NaN"]]


def test_a_program_without_layers_can_be_exported():
    scenario = load_scenario("forward_pass")
    bare = Trace(type(scenario.program)(scenario.program.inputs, scenario.program.statements), run(
        scenario.program, scenario.values
    ).values)  # fmt: skip
    for exporter in TRACE_FORMATS.values():
        assert "z1 = w1 @ a0 + b1" in "".join(exporter(scenario, bare))
