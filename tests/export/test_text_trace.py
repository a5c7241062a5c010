"""The text trace: every step with its layer, statement, shape, rule and numbers."""

from __future__ import annotations

from bpdebug.engine.program.trace import run
from bpdebug.export.traces import TRACE_FORMATS
from bpdebug.sources.scenario import load_scenario


def text(source) -> str:
    scenario = load_scenario(source)
    return "".join(TRACE_FORMATS["text"](scenario, run(scenario.program, scenario.values)))


FORWARD = """\
The forward pass of one sigmoid layer
No gradient comes in, so the program ends with the output of the layer. Step into z1 to see it
built: first the weighted sums w1 @ a0, then the biases on top. Its values are used again in
hidden_delta, where the gradient runs back through the same layer.
layout columns, dtype float64

given
  a0  2×1
      [[0.5]
       [0.2]]
  w1  2×2
      [[0.1 0.3]
       [0.2 0.4]]
  b1  2×1
      [[0.1]
       [0.1]]

forward
  1  layer 1 dense sigmoid  z1 = w1 @ a0 + b1  2×1  z₁ = w₁ · a₀ + b₁
      [[0.21]
       [0.28]]
  2  layer 1 dense sigmoid  a1 = sigmoid(z1)   2×1  a₁ = σ(z₁)
      [[0.552308]
       [0.569546]]
"""


def test_a_whole_trace():
    assert text("forward_pass") == FORWARD


def test_every_step_of_both_passes_is_there_in_order():
    found = text("two_layer")
    names = [
        "\nforward\n",
        "z1 =",
        "a1 =",
        "z2 =",
        "a2 =",
        "\nbackward\n",
        "dz2 =",
        "dw2 =",
        "db2 =",
        "da1 =",
        "da0 =",
    ]
    places = [found.index(name) for name in names]
    assert places == sorted(places)


def test_rules_stand_under_each_other():
    lines = [line for line in text("two_layer").splitlines() if " = " in line and "layer " in line]
    assert len({line.index("×") for line in lines}) == 1


def test_a_large_tensor_is_abbreviated(tmp_path):
    path = tmp_path / "large.toml"
    path.write_text("""
title = "Large"
layout = "columns"
inputs = { a0 = { random = "normal", shape = [300, 300], seed = 1 } }
layers = [{ kind = "dense", w = { random = "normal", shape = [300, 300], seed = 2 } }]
""")
    found = text(path)
    assert "..." in found
    assert len(found) < 10_000
    assert max(map(len, found.splitlines())) <= 110


def test_nan_and_infinity_are_shown(tmp_path):
    path = tmp_path / "nan.toml"
    path.write_text("""
title = "Not numbers"
layout = "columns"
inputs = { a0 = [[nan], [inf]] }
layers = [{ kind = "dense", w = [[1.0, 0.0], [0.0, 1.0]] }]
""")
    found = text(path)
    assert "nan" in found
    assert "inf" in found


def test_a_long_sum_widens_no_other_line(tmp_path):
    lines = [f"h{k} = x * {k}" for k in range(100)] + [f"y = {' + '.join(f'h{k}' for k in range(100))}"]
    path = tmp_path / "sum.toml"
    path.write_text('program = """\n' + "\n".join(lines) + '\n"""\ninputs = { x = [1.0] }\n')
    widths = sorted(map(len, text(path).splitlines()))
    assert widths[-2] < 100 < 400 < widths[-1]
