"""A mistake in the loop over time steps: found in the gradients of the parameters alone."""

from __future__ import annotations

import sys
from itertools import cycle

import numpy as np
import pytest

from bpdebug.engine.language.nodes import names
from bpdebug.verify.check import check
from bpdebug.verify.diagnosis import Bench
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.every_step import Loop
from bpdebug.verify.report import TensorReport
from tests.tiers import deep, few
from tests.verify.planted_layers import Array, Net, Values
from tests.verify.planted_sequences import recurrent

pytestmark = pytest.mark.usefixtures("unhurried")
PARAMETERS = ("dw_ih1", "dw_hh1", "db_ih1", "db_hh1")
STEPS = (4, 3, 2, 1)


def gradients(v: Values, of_input: dict[int, Array], of_state: dict[int, Array]) -> Values:
    """Add up the parameters' gradients over all steps, from those of the weighted sums."""
    return {
        "dw_ih1": sum(of_input[t].T @ v["a0"][:, t - 1] for t in STEPS),
        "dw_hh1": sum(of_state[t].T @ v[f"h1_t{t - 1}"] for t in STEPS),
        "db_ih1": sum(of_input[t].sum(axis=0) for t in STEPS),
        "db_hh1": sum(of_state[t].sum(axis=0) for t in STEPS),
    }


def rnn(v: Values, mistake: str = "") -> Values:
    dz, next_h = {}, 0.0
    for t in STEPS:
        dh = v["da1"][:, t - 1] + next_h
        slope = 1 - v[f"h1_t{t}"] ** 2
        dz[t] = {"no slope": dh, "divided": dh / slope}.get(mistake, dh * slope)
        next_h = dz[t] @ (v["w_hh1"].T if mistake == "not transposed" else v["w_hh1"])
        next_h = 0.0 if mistake == "truncated" else next_h
    return gradients(v, dz, dz)


def lstm(v: Values, mistake: str = "") -> Values:
    dz, next_h, next_c = {}, 0.0, 0.0
    for t in STEPS:
        i, f, g, o, squashed, before = (
            v[name] for name in (*(f"{gate}1_t{t}" for gate in "ifgo"), f"tanh_c1_t{t}", f"c1_t{t - 1}")
        )
        dh = v["da1"][:, t - 1] + next_h
        slope = 1.0 if mistake == "no slope of tanh(c)" else 1 - squashed**2
        dc = dh * o * slope + next_c
        di, df, dg = (dc * i if mistake == "input gate for candidate" else dc * g), dc * before, dc * i
        do = dh * (v[f"c1_t{t}"] if mistake == "cell for tanh(c)" else squashed)
        at_f = 1 / (1 + np.exp(-f))
        mistaken = {"no slope of f": 1.0, "f once more": at_f, "slope at f": at_f * (1 - at_f)}
        slope_of_f = mistaken.get(mistake, f * (1 - f))
        parts = [di * i * (1 - i), df * slope_of_f, dg * (1 - g**2), do * o * (1 - o)]
        dz[t] = np.concatenate([parts[1], parts[0], *parts[2:]] if mistake == "places" else parts, axis=1)
        next_h = 0.0 if mistake in ("truncated", "nothing carried") else dz[t] @ v["w_hh1"]
        next_c = 0.0 if mistake in ("next cell", "nothing carried") else dc * f
    return gradients(v, dz, dz)


def gru(v: Values, mistake: str = "") -> Values:
    of_input, of_state, next_h = {}, {}, 0.0
    for t in STEPS:
        r, z, n, before = (v[name] for name in (f"r1_t{t}", f"z1_t{t}", f"n1_t{t}", f"h1_t{t - 1}"))
        dh = v["da1"][:, t - 1] + next_h
        dz, dn = dh * (before - n), dh * (z if mistake == "other share" else 1 - z)
        d_new = dn if mistake == "no slope of n" else dn * (1 - n**2)
        dr = d_new * v[f"from_h1_t{t}"][:, 4:]
        gates = [dr * r * (1 - r), dz * z * (1 - z)]
        of_input[t] = np.concatenate([*gates, d_new], axis=1)
        of_state[t] = np.concatenate([*gates, d_new if mistake == "no reset" else d_new * r], axis=1)
        next_h = of_state[t] @ v["w_hh1"] + (0.0 if mistake == "kept share" else dh * z)
        next_h = 0.0 if mistake == "nothing carried" else next_h
    return gradients(v, of_input, of_state)


LOOPS = {"rnn": (rnn, 1), "lstm": (lstm, 4), "gru": (gru, 3)}
OF_O = "placed(do1_t4 * sigmoid_prime(z1_t4[:,6:8]), z1_t4, index=s_[:,6:8])"
OF_G = "placed(dg1_t4 * tanh_prime(z1_t4[:,4:6]), z1_t4, index=s_[:,4:6])"
OF_F = "placed(df1_t4 * sigmoid_prime(z1_t4[:,2:4]), z1_t4, index=s_[:,2:4])"
OF_I = "placed(di1_t4 * sigmoid_prime(z1_t4[:,0:2]), z1_t4, index=s_[:,0:2])"
WITHOUT_SLOPE = f"{OF_O} + {OF_G} + placed(df1_t4, z1_t4, index=s_[:,2:4]) + {OF_I}"
AGAIN, AT_OUTPUT = (
    f"{OF_O} + {OF_G} + placed(df1_t4 * {slope}(f1_t4), z1_t4, index=s_[:,2:4]) + {OF_I}"
    for slope in ("sigmoid", "sigmoid_prime")
)
EXCHANGED = " + ".join(
    [OF_O, OF_G, OF_F.replace("s_[:,2:4]", "s_[:,0:2]"), OF_I.replace("s_[:,0:2]", "s_[:,2:4]")]
)
WITHOUT_RESET = (
    "placed(dpre_n1_t4, from_h1_t4, index=s_[:,4:6]) + placed(dpre_rz1_t4, from_h1_t4, index=s_[:,0:4])"
)
MISTAKES = [
    ("rnn", "no slope", {"dz1_t4 = dh1_t4"}),
    ("rnn", "divided", {"dz1_t4 = dh1_t4 / tanh_prime(z1_t4)"}),
    ("rnn", "truncated", {"dh1_t3 = da1[:,2]"}),
    ("rnn", "not transposed", {"dh1_t3 = da1[:,2] + dz1_t4 @ w_hh1.T"}),
    ("lstm", "next cell", {"dc1_t3 = dtanh_c1_t3 * tanh_prime(c1_t3)"}),
    ("lstm", "no slope of tanh(c)", {"dc1_t4 = dtanh_c1_t4"}),
    ("lstm", "truncated", {"dh1_t3 = da1[:,2]"}),
    ("lstm", "cell for tanh(c)", {"do1_t4 = dh1_t4 * c1_t4"}),
    ("lstm", "input gate for candidate", {"di1_t4 = dc1_t4 * i1_t4"}),
    ("lstm", "no slope of f", {f"dz1_t4 = {WITHOUT_SLOPE}"}),
    ("lstm", "f once more", {f"dz1_t4 = {AGAIN}"}),
    ("lstm", "slope at f", {f"dz1_t4 = {AT_OUTPUT}"}),
    ("lstm", "nothing carried", {"dh1_t3 = da1[:,2]"}),
    ("lstm", "places", {f"dz1_t4 = {EXCHANGED}"}),
    ("gru", "no reset", {f"dfrom_h1_t4 = {WITHOUT_RESET}"}),
    ("gru", "other share", {"dn1_t4 = dh1_t4 * z1_t4"}),
    ("gru", "no slope of n", {"dpre_n1_t4 = dn1_t4"}),
    ("gru", "nothing carried", {"dh1_t3 = da1[:,2]"}),
    ("gru", "kept share", {"dh1_t3 = da1[:,2] + dfrom_h1_t4 @ w_hh1"}),
]


def wrong(net: Net, mine: Values) -> list[TensorReport]:
    report = check(net.program, {name: net.values[name] for name in net.program.inputs}, mine)
    return [tensor for tensor in report.tensors if tensor.verdict != "right"]


@pytest.mark.parametrize("kind", LOOPS)
def test_the_loops_are_right_without_a_mistake(kind: str) -> None:
    loop, gates = LOOPS[kind]
    net = recurrent(kind, gates, seed=0)
    for name, value in loop(net.values).items():
        np.testing.assert_allclose(value, net.values[name], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("kind", "mistake", "formulas"), few(MISTAKES))
def test_a_mistake_at_every_step_is_named(kind: str, mistake: str, formulas: set[str]) -> None:
    loop, gates = LOOPS[kind]
    net = recurrent(kind, gates, seed=1)
    mine = loop(net.values, mistake)
    reports = {tensor.name: tensor for tensor in wrong(net, mine)}
    (told,) = (tensor for tensor in reports.values() if tensor.verdict == "wrong")
    assert f"{told.name} = {told.diagnoses[0].formula}" in formulas
    assert {*told.shows_in} == {*PARAMETERS}
    assert {reports[name].verdict for name in PARAMETERS} == {"innocent"}
    assert "at each step" in told.diagnoses[0].edits[0]
    assert "at every step" in told.diagnoses[0].explanation


# Each mistake in one parameter: those of a network come in turn.
SHOWN = [(*mistake, name) for mistake, name in zip(MISTAKES, cycle(PARAMETERS), strict=False)]


@pytest.mark.parametrize(("kind", "mistake", "formulas", "name"), few(SHOWN))
def test_a_mistake_at_every_step_is_named_in_what_shows_it(
    kind: str, mistake: str, formulas: set[str], name: str
) -> None:
    loop, gates = LOOPS[kind]
    net = recurrent(kind, gates, seed=1)
    (tensor,) = (one for one in wrong(net, {name: loop(net.values, mistake)[name]}) if one.name == name)
    assert tensor.diagnoses, tensor.note
    formula, _, where = tensor.diagnoses[0].formula.partition(", with ")
    assert where in formulas
    assert tensor.diagnoses[0].fix.startswith(f"{formula}, with {where.partition(' = ')[0]} = ")


@pytest.mark.parametrize("seed", [1, deep(2)])
@pytest.mark.parametrize("kind", few(LOOPS))
def test_what_stands_in_a_step_reads_its_own_and_the_neighbours(kind: str, seed: int) -> None:
    net = recurrent(kind, LOOPS[kind][1], seed)
    bench = Bench(net.program, Allowance(clock=lambda: 0.0))
    statements = {statement.name: statement for statement in net.program.statements}
    loop = Loop(net.program, [statements["dw_hh1"]], PARAMETERS)
    values = bench.with_examples(net.values)
    scopes = {name: bench.scope(statements[name], values) for name in loop.kinds}
    time = net.program.index.time
    apart = {
        step - time(one.name)
        for one in loop.edits(scopes, bench.allowance)
        for step in map(time, names(one.edit.new))
        if step is not None
    }
    assert apart == {-1, 0, 1}


def test_formulas_that_differ_in_a_state_of_zeros_alone_are_the_same() -> None:
    """The first state is 0 in every run: no numbers separate it from its transpose."""
    random = np.random.default_rng(4)
    parameters = {"w_ih": random.normal(size=(3, 2)), "w_hh": random.normal(size=(3, 3))}
    net = Net([("rnn", {"output": "last"}, parameters)], random.normal(size=(3, 2, 2)), random)
    (found,) = (one for one in wrong(net, {"dw_hh1": 2 * net.values["dw_hh1"]}) if one.name == "dw_hh1")
    assert not found.ambiguous
    assert found.diagnoses[0].formula.startswith("2 * (")


@pytest.mark.deep
@pytest.mark.parametrize("mistake", ["truncated", "nothing carried"])
def test_a_mistake_at_each_of_many_steps_is_named(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A formula of forty steps is forty times as long: its steps are looked at before it."""
    monkeypatch.setattr(sys.modules[__name__], "STEPS", tuple(range(40, 0, -1)))
    random = np.random.default_rng(3)
    shapes = {"w_ih": (16, 3), "w_hh": (16, 4), "b_ih": (16,), "b_hh": (16,)}
    parameters = {name: random.normal(size=shape) / 2 for name, shape in shapes.items()}
    net = Net([("lstm", {}, parameters)], random.normal(size=(3, 40, 3)), random)
    (told,) = (one for one in wrong(net, lstm(net.values, mistake)) if one.verdict == "wrong")
    assert (told.name, told.diagnoses[0].formula) == ("dh1_t39", "da1[:,38]")
    assert {*told.shows_in} == {*PARAMETERS}
