"""Sound files: the shipped scenarios, the seeds' numbers, dtypes, random tensors, names and limits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.trace import run
from bpdebug.errors import ScenarioError
from bpdebug.sources.scenario import load_scenario, shipped_scenarios, summarise
from tests.tiers import deep

SEEDS = json.loads((Path(__file__).parents[2] / "data" / "seed_values.json").read_text())
SEED_TENSORS = [(scenario, name) for scenario, tensors in SEEDS.items() for name in tensors]

TEMPLATE = """
title = "Test"
layout = "columns"
dtype = "{dtype}"
[inputs]
a0 = {a0}
[[layers]]
kind = "dense"
w = {w}
"""


@pytest.fixture
def load(tmp_path):
    def load(text: str):
        path = tmp_path / "test.toml"
        path.write_text(text)
        return load_scenario(path)

    return load


def network(a0="[[1.0], [2.0]]", w="[[3.0, 4.0]]", dtype="float64", more=""):
    return TEMPLATE.format(a0=a0, w=w, dtype=dtype) + more


TAUGHT = {
    "adam",
    "attention",
    "batch",
    "batch_norm",
    "conv_by_hand",
    "conventions",
    "dead_relu",
    "embedding",
    "exploding",
    "find_the_bug",
    "find_the_conv_bug",
    "lstm_step",
    "max_pool_overlap",
    "mnist_mlp",
    "resnet_block",
    "rows",
    "segmentation",
    "softmax_cross_entropy",
    "transformer_block",
    "vanishing",
    "xor",
}


def test_the_scenarios_that_are_shipped():
    assert {path.stem for path in shipped_scenarios()} == {*SEEDS, *TAUGHT}


@pytest.mark.parametrize(("name", "tensor"), SEED_TENSORS)
def test_the_seeds_numbers_come_out(name, tensor):
    scenario = load_scenario(name)
    value = run(scenario.program, scenario.values).values[tensor]
    np.testing.assert_allclose(value, SEEDS[name][tensor], rtol=1e-12, atol=0)


@pytest.mark.parametrize("path", shipped_scenarios(), ids=lambda path: path.stem)
def test_every_shipped_scenario_teaches_and_stays_finite(path):
    scenario = load_scenario(path.stem)
    trace = run(scenario.program, scenario.values)
    assert scenario.name == path.stem
    assert 2 <= scenario.about.count(". ") + 1 <= 6
    computed = trace.values.keys() - scenario.program.masks
    assert all(np.isfinite(trace.values[name]).all() for name in computed)
    assert trace.values.keys() >= {statement.name for statement in scenario.program.statements}


def test_the_batch_is_the_general_case():
    scenario = load_scenario("batch")
    trace = run(scenario.program, scenario.values)
    shapes = [trace.values[name].shape for name in ("a0", "a1", "a2", "a3")]
    assert shapes == [(3, 7), (5, 7), (4, 7), (2, 7)]
    for name, value in trace.values.items():
        if name not in ("a3",):
            assert (value > 0).any(), name
    assert (trace.values["z2"] < 0).any()
    assert (trace.values["z2"] > 0).any()


def test_what_a_scenario_holds():
    scenario = load_scenario("two_layer")
    assert scenario.source == "two_layer"
    assert scenario.title == "Two dense layers: ReLU, then sigmoid"
    assert (scenario.layout, scenario.dtype) == ("columns", "float64")
    assert scenario.values.keys() == scenario.program.inputs.keys()
    assert scenario.program.seed == "a2"


def test_values_are_read_only():
    scenario = load_scenario("two_layer")
    with pytest.raises(ValueError, match="read-only"):
        scenario.values["w1"][0, 0] = 1.0
    with pytest.raises(TypeError):
        scenario.values["w1"] = np.zeros((1, 1))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_values_have_the_dtype_of_the_file(load, dtype):
    scenario = load(network(dtype=dtype, a0='{ random = "normal", shape = [2, 3], seed = 1 }'))
    trace = run(scenario.program, scenario.values)
    assert {str(value.dtype) for value in trace.values.values()} == {dtype}


def test_nan_and_infinity_are_values(load):
    scenario = load(network(a0="[[nan], [-inf]]", dtype="float16"))
    assert np.isnan(scenario.values["a0"][0, 0])
    assert np.isneginf(scenario.values["a0"][1, 0])


def test_integers_are_numbers(load):
    assert load(network(w="[[3, 0x10]]")).values["w1"].tolist() == [[3.0, 16.0]]


def test_random_numbers_are_those_of_numpys_default_generator(load):
    tensor = '{{ random = "{}", shape = [2, 3], seed = 42, scale = 0.5 }}'
    uniform = load(network(a0=tensor.format("uniform"))).values["a0"]
    normal = load(network(a0=tensor.format("normal"))).values["a0"]
    np.testing.assert_array_equal(uniform, np.random.default_rng(42).uniform(-0.5, 0.5, (2, 3)))
    np.testing.assert_array_equal(normal, np.random.default_rng(42).normal(0, 0.5, (2, 3)))


def test_the_scale_of_random_numbers_is_one_by_default(load):
    value = load(network(a0='{ random = "normal", shape = [2, 3], seed = 7 }')).values["a0"]
    np.testing.assert_array_equal(value, np.random.default_rng(7).normal(0, 1, (2, 3)))


def test_without_a_gradient_there_is_no_backward_pass(load):
    program = load(network()).program
    assert [statement.name for statement in program.statements] == ["z1", "a1"]
    assert program.seed == ""


def test_a_bias_gradient_is_a_sum_even_where_the_batch_is_one():
    program = load_scenario("two_layer").program
    texts = [statement_text(statement) for statement in program.statements]
    assert "db2 = sum(dz2, axis=1, keepdims=True)" in texts


def test_without_a_bias_there_is_no_bias_gradient(load):
    program = load(network(more="[gradient]\nda1 = [[1.0]]\n")).program
    assert [statement.role for statement in program.statements] == ["z", "a", "dz", "dw", "d_prev"]


def test_a_layer_can_have_a_name(load):
    program = load(network(more='name = "hidden"\n')).program
    assert program.blocks[0].title == "hidden: dense identity"


def test_text_is_on_one_line_and_cannot_move_the_cursor(load):
    text = network().replace('"Test"', '"Te\\u001b[2Jst"\nabout = """\none\ntwo"""')
    scenario = load(text)
    assert scenario.title == "Te\\x1b[2Jst"
    assert scenario.about == "one two"


def test_a_file_may_begin_with_a_byte_order_mark_and_have_windows_lines(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + network().replace("\n", "\r\n").encode())
    assert load_scenario(path).title == "Test"


def test_a_shipped_name_wins_over_a_file_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("two_layer").write_text(network())
    assert load_scenario("two_layer").title.startswith("Two dense")
    assert load_scenario("./two_layer").title == "Test"


def test_a_file_needs_no_suffix(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine").write_text(network())
    assert load_scenario("mine").title == "Test"


@pytest.mark.parametrize("count", [1000, deep(10_000)])
def test_thousands_of_layers_work(load, count):
    layered = network(
        a0="[[1.0]]", w="[[1.0]]", more='[[layers]]\nkind = "dense"\nw = [[1.0]]\n' * (count - 1)
    )
    assert len(load(layered).program.statements) == 2 * count


def test_a_layer_of_4096_by_4096_is_not_too_large(load, monkeypatch):
    monkeypatch.setattr(
        "bpdebug.sources.scenario.tensors.RandomTensor.array", lambda self: np.zeros(self.shape, "f2")
    )
    square = '{ random = "normal", shape = [4096, 4096], seed = 1 }'
    column = '{ random = "normal", shape = [4096, 1], seed = 1 }'
    layers = f'[[layers]]\nkind = "dense"\nw = {square}\n[gradient]\nda2 = {column}\n'
    assert load(network(a0=column, w=square, dtype="float16", more=layers)).program.shapes["dw2"] == (
        4096,
        4096,
    )


def test_nothing_is_allocated_for_what_is_refused(load, monkeypatch):
    def array(self):
        raise AssertionError("values were made")

    monkeypatch.setattr("bpdebug.sources.scenario.tensors.RandomTensor.array", array)
    large = '{{ random = "normal", shape = [{}, {}], seed = 1 }}'
    with pytest.raises(ScenarioError, match="z1 = w1 @ a0"):
        load(network(a0=large.format(1, 100_000), w=large.format(100_000, 1)))


def test_a_summary_tells_what_a_list_shows():
    (path,) = (path for path in shipped_scenarios() if path.stem == "two_layer")
    summary = summarise(path)
    assert summary.title == "Two dense layers: ReLU, then sigmoid"
    assert summary.layers == "dense relu → dense sigmoid"
    assert summary.about.startswith("The forward pass")
    assert summary.problems == ()


def test_a_summary_of_a_broken_file_tells_its_problems(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text('title = "Half"\nlayers = [{ kind = "dens" }]\n')
    summary = summarise(path)
    assert (summary.title, summary.layers) == ("Half", "?")
    assert len(summary.problems) == 3


def test_without_a_title_a_file_has_its_name(tmp_path):
    path = tmp_path / "nameless.toml"
    path.write_text(network().replace("title", "about", 1))
    assert load_scenario(path).title == "nameless"
