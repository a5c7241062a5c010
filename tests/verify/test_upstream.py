"""The user's values run through the program: who reads whose number, and when."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.language.parsing import parse
from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.upstream import evaluate_mine, own_value, upstream_values

BATCH = load_scenario("batch")
PROGRAM = BATCH.program
REFERENCE = run(PROGRAM, BATCH.values).values


def upstream(**mine):
    return upstream_values(PROGRAM, REFERENCE, mine)


def evaluated(**mine):
    formulas = {name: parse(value) if isinstance(value, str) else value for name, value in mine.items()}
    return evaluate_mine(PROGRAM, REFERENCE, formulas)


def changed(values):
    return {name for name, value in values.items() if value is not REFERENCE[name]}


def test_without_values_of_the_user_everything_is_the_reference():
    values = upstream()
    assert values.keys() == PROGRAM.shapes.keys()
    assert changed(values) == set()


def test_a_wrong_value_reaches_what_the_program_computes_from_it_and_nothing_else():
    wrong = REFERENCE["dz2"] * 2
    values = upstream(dz2=wrong)
    assert values["dz2"] is wrong
    assert changed(values) == {"dz2", "dw2", "db2", "da1", "dz1", "dw1", "db1", "da0"}
    np.testing.assert_array_equal(values["dw2"], wrong @ REFERENCE["a1"].T)
    np.testing.assert_array_equal(values["da0"], REFERENCE["w1"].T @ values["dz1"])


def test_a_given_value_stops_the_fault_of_an_earlier_one():
    values = upstream(dz3=REFERENCE["dz3"] * 2, dz2=REFERENCE["dz2"])
    assert changed(values) == {"dz3", "dw3", "db3", "da2"}


def test_forward_values_and_inputs_can_be_the_users_too():
    values = upstream(a1=REFERENCE["a1"] + 1, w3=REFERENCE["w3"] * 2)
    np.testing.assert_array_equal(values["z2"], REFERENCE["w2"] @ values["a1"] + REFERENCE["b2"])
    np.testing.assert_array_equal(values["da2"], values["w3"].T @ values["dz3"])
    assert "z1" not in changed(values)
    assert "b3" not in changed(values)


def test_a_value_of_another_shape_is_replaced_by_what_the_program_gives_there():
    wrong = REFERENCE["dz3"] * 2
    values = upstream(dz3=wrong, da2=np.ones((7, 4)))
    np.testing.assert_array_equal(values["da2"], REFERENCE["w3"].T @ wrong)


def test_what_is_recomputed_is_read_only():
    assert not upstream(dz3=REFERENCE["dz3"] * 2)["dw3"].flags.writeable
    assert not evaluated(dz3="da3 * 2")["dz3"].flags.writeable


def test_the_programs_own_value_is_computed_from_what_it_is_fed():
    values = upstream(dz1=REFERENCE["dz1"] + 1, dw1=REFERENCE["dw1"])
    own = own_value(PROGRAM, "dw1", values, REFERENCE)
    np.testing.assert_array_equal(own, (REFERENCE["dz1"] + 1) @ REFERENCE["a0"].T)
    assert own_value(PROGRAM, "dw2", values, REFERENCE) is REFERENCE["dw2"]
    assert own_value(PROGRAM, "w1", values, REFERENCE) is REFERENCE["w1"]


def test_a_formula_reads_the_array_that_the_user_gives():
    wrong = REFERENCE["dz2"] * 2
    mine = evaluated(dw2="dz2 @ a1.T", dz2=wrong)
    np.testing.assert_array_equal(mine["dw2"], wrong @ REFERENCE["a1"].T)
    assert mine["dz2"] is wrong
    assert list(mine) == ["dw2", "dz2"]


def test_a_formula_reads_what_an_earlier_formula_gave_in_whatever_order_they_are_written():
    mine = evaluated(dw1="dz1 @ a0.T", dz1="da1 * 3")
    np.testing.assert_array_equal(mine["dz1"], REFERENCE["da1"] * 3)
    np.testing.assert_array_equal(mine["dw1"], mine["dz1"] @ REFERENCE["a0"].T)


def test_a_formula_reads_what_the_program_computes_between_from_the_users_values():
    wrong = REFERENCE["dz3"] * 2
    mine = evaluated(dz3=wrong, dz2="da2")
    np.testing.assert_array_equal(mine["dz2"], REFERENCE["w3"].T @ wrong)


def test_a_formula_that_reads_its_own_name_reads_what_the_program_gives_there():
    wrong = REFERENCE["dz1"] + 1
    mine = evaluated(dz1=wrong, dw1="dw1 * 2")
    np.testing.assert_array_equal(mine["dw1"], wrong @ REFERENCE["a0"].T * 2)
    np.testing.assert_array_equal(evaluated(w1="w1 * 2")["w1"], REFERENCE["w1"] * 2)


@pytest.mark.parametrize("mine", [{}, {"dw1": REFERENCE["dw1"] * 5}])
def test_a_formula_that_reads_a_later_name_reads_the_users_array_else_the_reference(mine):
    value = evaluated(dz3="da3 * sum(dw1)", **mine)["dz3"]
    np.testing.assert_array_equal(value, REFERENCE["da3"] * np.sum({**REFERENCE, **mine}["dw1"]))


def test_a_later_array_of_another_shape_is_not_read():
    value = evaluated(dz3="da3 * sum(dw1)", dw1=np.ones(2))["dz3"]
    np.testing.assert_array_equal(value, REFERENCE["da3"] * np.sum(REFERENCE["dw1"]))


def test_a_formula_of_another_shape_is_kept_and_not_read():
    mine = evaluated(dz1="sum(da1, axis=1)", dw1="dz1 @ a0.T")
    assert mine["dz1"].shape == (5,)
    np.testing.assert_array_equal(mine["dw1"], REFERENCE["dw1"])


def test_a_formula_without_axes_gives_an_array_too():
    mine = evaluated(db1="sum(dz1)", db2="0.5")
    assert [(value.shape, value.dtype) for value in mine.values()] == [((), float), ((), float)]


def test_not_a_number_and_infinity_pass_without_a_warning():
    assert np.isnan(evaluated(dz1="da1 / 0 * 0")["dz1"]).all()


def test_the_users_precision_is_kept():
    mine = evaluated(dz1=REFERENCE["dz1"].astype(np.float32), dw1="dz1 * 1")
    assert mine["dz1"].dtype == np.float32
