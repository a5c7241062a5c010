"""Planted mistakes: the tensor with the mistake is blamed, and the mistake is named."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

import bpdebug
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check, check_scenario
from bpdebug.verify.diagnosis import Bench, Explanations, explanations
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.report import Report, TensorReport
from tests.tiers import deep, few
from tests.verify.planted import ACTIVATIONS, Mistake, Network, gradients, mistakes, network, passes

SIZES = ((3, 4, 2), (4, 3, 5, 2), (6, 5, 4, 3))


def catalogue() -> list[tuple[Network, Mistake]]:
    found = []
    for number, (sizes, first, second) in enumerate(itertools.product(SIZES, ACTIVATIONS, ACTIVATIONS)):
        activations = tuple(itertools.islice(itertools.cycle((first, second)), len(sizes) - 1))
        net = network(sizes, activations, batch=5, seed=number)
        for layer in range(1, net.depth + 1):
            found += [(net, mistake) for mistake in mistakes(net, layer)]
    return found


def checked(net: Network, mistake: Mistake) -> Report:
    return check(net.program, net.values, gradients(net, passes(net, {mistake.tensor: mistake.wrong})))


def wrong(report: Report) -> list[TensorReport]:
    return [tensor for tensor in report.tensors if tensor.verdict == "wrong"]


@pytest.mark.parametrize(("one_in", "at_least"), [(251, 40), deep(17, 400)])
def test_the_true_edit_is_first_in_at_least_95_percent_of_cases(one_in: int, at_least: int) -> None:
    """A part of the catalogue in which every kind, size and activation has its turn."""
    cases = catalogue()[::one_in]
    missed = []
    for net, mistake in cases:
        found = wrong(checked(net, mistake))
        named = [tensor.name for tensor in found] == [mistake.tensor] and found[0].diagnoses
        if not named or found[0].diagnoses[0].formula not in mistake.formulas:
            missed.append((mistake.name, mistake.tensor, [tensor.diagnoses[:1] for tensor in found]))
    assert len(cases) > at_least
    assert len(missed) <= 0.05 * len(cases), missed[:5]


@pytest.mark.parametrize("dtype", few([np.float64, np.float32]))
@pytest.mark.parametrize("sizes", few(map(pytest.param, SIZES), 2))
def test_right_gradients_are_never_called_wrong(sizes: tuple[int, ...], dtype: type) -> None:
    """The user computes in their own precision, from numbers of that precision."""
    for seed, family in itertools.product(range(5), ACTIVATIONS):
        net = network(sizes, (family,) * (len(sizes) - 1), batch=5, seed=seed)
        mine = Network(net.activations, {k: v.astype(dtype) for k, v in net.values.items()}, net.program)
        report = check(net.program, mine.values, gradients(mine, passes(mine)))
        assert report.passed, [tensor for tensor in report.tensors if tensor.verdict != "right"]


def test_two_independent_mistakes_are_both_found() -> None:
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=3)
    values = passes(net, {"dw2": lambda v, r: 2 * r, "db1": lambda v, r: r / 5})
    report = check(net.program, net.values, gradients(net, values))
    assert [(tensor.name, tensor.diagnoses[0].formula) for tensor in wrong(report)] == [
        ("dw2", "2 * (dz2 @ a1.T)"),
        ("db1", "mean(dz1, axis=1, keepdims=True)"),
    ]


def test_what_follows_from_a_mistake_is_innocent() -> None:
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=3)
    values = passes(net, {"dz2": lambda v, r: v["da2"]})
    report = check(net.program, net.values, gradients(net, values))
    verdicts = {tensor.name: tensor.verdict for tensor in report.tensors}
    assert verdicts.pop("dz2") == "wrong"
    assert set(verdicts.values()) == {"innocent"}
    (dw1,) = (tensor for tensor in report.tensors if tensor.name == "dw1")
    assert "the fault came from dz2" in dw1.note


def test_a_mistake_in_a_tensor_that_was_not_given_is_told_there_once() -> None:
    """Users hand in dw and db; the derivative at a instead of z is in dz."""
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=4)
    values = passes(net, {"dz2": lambda v, r: v["da2"] * ACTIVATIONS["sigmoid"][1](v["a2"])})
    mine = {name: values[name] for name in ("dw2", "db2")}
    report = check(net.program, net.values, mine)
    formulas = {tensor.name: tensor.diagnoses[0].formula for tensor in wrong(report)}
    assert formulas == {"dz2": "da2 * sigmoid_prime(a2)"}
    (dz2,) = wrong(report)
    assert dz2.shows_in == ("dw2", "db2")


@pytest.mark.parametrize(
    ("name", "formula"), [("dw2", "{} @ a1.T"), ("db2", "sum({}, axis=1, keepdims=True)")]
)
def test_a_mistake_that_shows_in_one_tensor_is_told_there(name: str, formula: str) -> None:
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=4)
    values = passes(net, {"dz2": lambda v, r: v["da2"] * ACTIVATIONS["sigmoid"][1](v["a2"])})
    (found,) = wrong(check(net.program, net.values, {name: values[name]}))
    assert (found.name, found.diagnoses[0].formula) == (name, formula.format("da2 * sigmoid_prime(a2)"))


def test_a_batch_of_two_cannot_tell_m_from_2() -> None:
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=2, seed=5)
    values = passes(net, {"dw1": lambda v, r: 2 * r})
    (dw1,) = wrong(check(net.program, net.values, gradients(net, values)))
    assert dw1.ambiguous
    assert {"2 * (dz1 @ a0.T)", "m * (dz1 @ a0.T)"} <= {diagnosis.formula for diagnosis in dw1.diagnoses}


def test_one_over_m_at_the_parameters_is_a_convention() -> None:
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=6)
    right = passes(net)
    values = {
        name: 5 * value if not name.startswith(("dw", "db")) else value
        for name, value in gradients(net, right).items()
    }
    report = check(net.program, net.values, values)
    assert report.passed
    verdicts = {tensor.name: tensor.verdict for tensor in report.tensors}
    assert verdicts["dz1"] == verdicts["da0"] == "convention"
    assert verdicts["dw1"] == verdicts["db2"] == "right"


@pytest.mark.deep
def test_two_edits_together_are_found() -> None:
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=7)
    values = passes(net, {"dz1": lambda v, r: v["da1"] * ACTIVATIONS["sigmoid"][1](v["a1"])})
    (dz1,) = wrong(check(net.program, net.values, gradients(net, values)))
    assert dz1.diagnoses[0].formula == "da1 * sigmoid_prime(a1)"


@pytest.mark.usefixtures("little_tried")
def test_an_error_that_no_edit_explains_is_described() -> None:
    net = network((3, 4, 2), ("relu", "sigmoid"), batch=5, seed=8)

    def broken(v: dict[str, np.ndarray], right: np.ndarray) -> np.ndarray:
        changed = right.copy()
        changed[1] = [0.3, -0.7, 1.1, 0.2, 2.9]
        return changed

    (dz1,) = wrong(check(net.program, net.values, gradients(net, passes(net, {"dz1": broken}))))
    assert dz1.diagnoses == ()
    assert "only row 1 differs" in dz1.note
    assert "cosine" in dz1.note


def test_not_a_number_is_wrong_and_never_a_crash() -> None:
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=9)
    values = passes(net, {"dw2": lambda v, r: np.where(r > 0, np.nan, r)})
    (dw2,) = wrong(check(net.program, net.values, gradients(net, values)))
    assert dw2.max_relative_error == np.inf


@pytest.mark.parametrize(("given", "name"), few([("da2", "dw2"), ("a0", "dw1")]))
def test_what_is_infinite_on_both_sides_is_looked_for_as_any_other(given: str, name: str) -> None:
    net = network((3, 4, 2), ("identity", "identity"), batch=5, seed=9)
    net.values[given][0, 0] = np.inf
    with np.errstate(all="ignore"):
        values = passes(net, {name: lambda v, r: np.where(np.isinf(r), r, r + 1)})
    assert name in [one.name for one in wrong(check(net.program, net.values, gradients(net, values)))]


@pytest.mark.parametrize(
    ("share", "formula"),
    [
        (0, "dz1 @ a0.T"),
        (2, "dz1 @ a0.T + 0.1 * w1 + 0.1 * w1"),
        (1 / 5, "dz1 @ a0.T + 0.1 * w1 - 0.08 * w1"),
    ],
    ids=["missing", "doubled", "divided by m"],
)
def test_a_penalty_that_is_missing_doubled_or_divided_by_m(share: float, formula: str) -> None:
    """The right gradient holds the term of a penalty; the user's holds another share of it."""
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=10)
    penalised = tuple(
        replace(statement, expression=parse("dz1 @ a0.T + 0.1 * w1"))
        if statement.name == "dw1"
        else statement
        for statement in net.program.statements
    )
    program = replace(net.program, statements=penalised)
    values = passes(net, {"dw1": lambda v, r: r + share * 0.1 * v["w1"]})
    (dw1,) = wrong(check(program, net.values, gradients(net, values)))
    assert dw1.name == "dw1"
    assert dw1.diagnoses[0].formula == formula


@pytest.mark.parametrize("few", few([{"pairs": 400}, {"numbers": 4000}]))
def test_what_cannot_be_explained_takes_half_of_what_may_be_tried(few: dict[str, int]) -> None:
    left = Allowance(**few)
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=3)
    values = {**passes(net), **net.values}
    statement = next(entry for entry in net.program.statements if entry.name == "dw1")
    noise = np.random.default_rng(0).normal(size=net.program.shapes["dw1"])
    bench = Bench(net.program, left)
    pairs, numbers = left.pairs, left.numbers
    for _ in range(2):
        assert explanations(bench, statement, noise, values, [], 1e-8) == Explanations(())
        taken = pairs - left.pairs, numbers - left.numbers
        assert taken[0] <= pairs // 2 + 2
        assert taken[1] <= numbers // 2 + 1000  # the last pair may go beyond
        assert taken[0] >= pairs // 2 or taken[1] >= numbers // 2
        pairs, numbers = left.pairs, left.numbers


def test_a_search_ends_when_its_time_is_up() -> None:
    """The clock goes on by a second whenever it is read."""
    seconds = itertools.count()
    net = network((3, 4, 2), ("tanh", "sigmoid"), batch=5, seed=3)
    values = {**passes(net), **net.values}
    statement = next(entry for entry in net.program.statements if entry.name == "dw1")
    noise = np.random.default_rng(0).normal(size=net.program.shapes["dw1"])
    bench = Bench(net.program, Allowance(seconds=100, clock=lambda: float(next(seconds))))
    assert explanations(bench, statement, noise, values, [], 1e-8) == Explanations(())
    assert next(seconds) < 110


def test_parts_of_gradients_are_spoken_of_where_the_user_has_them() -> None:
    scenario = load_scenario("lstm_step")
    values = run(scenario.program, scenario.values).values
    without = check_scenario(scenario, {"dw_ih1": values["dw_ih1"]})
    assert not [tensor.name for tensor in without.tensors if "_via_" in tensor.name]
    given = check_scenario(scenario, {"dc1_t2_via_c1_t3": values["dc1_t2_via_c1_t3"]})
    named = [(tensor.name, tensor.verdict) for tensor in given.tensors if "_via_" in tensor.name]
    assert named == [("dc1_t2_via_c1_t3", "right")]


SLOPES_OF_TANH = [
    (lambda z, a: 1 - a**2, None),
    (lambda z, a: 1 / np.cosh(z) ** 2, None),
    (lambda z, a: (1 - a**2) ** 2, "da1 * tanh_prime(z1) * tanh_prime(z1)"),
    (lambda z, a: 1 - a, "da1 * (1 - a1)"),
    (lambda z, a: 1 - z**2, "da1 * (1 - z1 ** 2)"),
    (lambda z, a: 1 - np.tanh(a) ** 2, "da1 * tanh_prime(a1)"),
]


@pytest.mark.parametrize(("slope", "formula"), few(SLOPES_OF_TANH, 3))
def test_what_no_numbers_can_separate_is_one_formula(slope, formula: str | None) -> None:
    """The slope of tanh is told from z or from a: one formula, in right code and around every mistake."""
    random = np.random.default_rng(2)
    x, y = random.normal(size=(8, 3)), random.normal(size=(8, 1))
    w1, b1, w2 = random.normal(size=(3, 4)), random.normal(size=(1, 4)), random.normal(size=(4, 1))
    z1 = x @ w1 + b1
    a1 = np.tanh(z1)
    mine = {"dz1": 2 * (a1 @ w2 - y) / 8 @ w2.T * slope(z1, a1)}
    layers = [("tanh", w1, b1), ("identity", w2, np.zeros((1, 1)))]
    report = bpdebug.check_network(x, layers, loss="mse", target=y, mine=mine)
    (dz1,) = (tensor for tensor in report.tensors if tensor.verdict != "not given")
    assert [diagnosis.formula for diagnosis in dz1.diagnoses] == ([formula] if formula else [])
    assert not dz1.ambiguous
