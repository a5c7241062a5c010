"""Every shape that a known mistake gives is put into words."""

from __future__ import annotations

import pytest

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.program.program import Program
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.shape_finding import shape_finding

BATCH = load_scenario("batch").program  # 3-5-4-2, seven examples

CASES = [
    ("db1", (5, 7), "not summed over the batch: (5, 7), expected (5, 1)"),
    ("db3", (2, 7), "not summed over the batch: (2, 7), expected (2, 1)"),
    ("db1", (1, 7), "summed over the wrong axis: (1, 7), expected (5, 1)"),
    ("db1", (7,), "summed over the wrong axis: (7,), expected (5, 1)"),
    ("db1", (), "summed over too many axes: (), expected (5, 1)"),
    ("db1", (1, 1), "summed over too many axes: (1, 1), expected (5, 1)"),
    ("db1", (5,), "lost an axis of length 1: (5,), expected (5, 1)"),
    ("db1", (1, 5), "transposed: (1, 5), expected (5, 1)"),
    ("db1", (1, 5, 1), "has an extra axis of length 1: (1, 5, 1), expected (5, 1)"),
    ("db1", (4, 1), "does not fit: (4, 1), expected (5, 1)"),
    ("dw1", (3, 5), "transposed: (3, 5), expected (5, 3)"),
    ("dw1", (7, 5, 3), "not summed over the batch: (7, 5, 3), expected (5, 3)"),
    ("dw1", (5, 3, 7), "not summed over the batch: (5, 3, 7), expected (5, 3)"),
    ("dw1", (5, 7), "does not fit: (5, 7), expected (5, 3)"),
    ("da0", (5, 3, 7), "does not fit: (5, 3, 7), expected (3, 7)"),
    ("dz1", (7, 5), "transposed: (7, 5), expected (5, 7)"),
    ("dz1", (), "does not fit: (), expected (5, 7)"),
    ("w1", (3, 5), "transposed: (3, 5), expected (5, 3)"),
    ("b1", (5,), "lost an axis of length 1: (5,), expected (5, 1)"),
]


@pytest.mark.parametrize(("name", "found", "words"), CASES)
def test_the_words_for_a_shape(name, found, words):
    assert shape_finding(name, found, BATCH.shapes[name], BATCH) == words


def test_all_mistakes_that_give_the_shape_are_named():
    inputs = {"a0": (3, 2), "w1": (2, 3), "b1": (2, 1), "dz1": (2, 2)}
    program = Program(inputs, (Statement("db1", parse("sum(dz1, axis=1, keepdims=True)"), "backward"),))
    assert shape_finding("db1", (1, 2), (2, 1), program) == (
        "summed over the wrong axis or transposed: (1, 2), expected (2, 1)"
    )


def test_a_mistake_that_gives_the_shape_in_two_ways_is_named_once():
    program = Program({"x": (2, 2, 3)}, (Statement("s", parse("sum(x, axis=2)")),))
    assert shape_finding("s", (2, 3), (2, 2), program) == (
        "summed over the wrong axis: (2, 3), expected (2, 2)"
    )


def test_the_batch_is_only_named_for_a_parameter_of_a_layer():
    program = Program({"x": (3, 4)}, (Statement("s", parse("sum(x, axis=0)")),))
    assert shape_finding("s", (3, 4), (4,), program) == (
        "not summed over the right axis: (3, 4), expected (4,)"
    )


def test_a_batch_of_one_hides_nothing_but_the_axis():
    program = load_scenario("two_layer").program
    assert shape_finding("db1", (4,), (4, 1), program) == ("lost an axis of length 1: (4,), expected (4, 1)")
