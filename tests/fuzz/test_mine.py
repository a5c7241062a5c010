"""Whatever a user calls the own gradients, in a scenario or in files, they are read or refused."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.program.trace import run
from bpdebug.errors import ScenarioError
from bpdebug.sources.scenario import load_scenario, shipped_scenarios
from bpdebug.verify.check import check
from bpdebug.verify.mine_files import read_mine_files
from bpdebug.verify.upstream import evaluate_mine
from tests.fuzz.scratch import assert_printable, folder
from tests.fuzz.test_expressions import spoilt, texts
from tests.tiers import examples

TWO_LAYER = next(path for path in shipped_scenarios() if path.stem == "two_layer").read_text(encoding="utf-8")
PROGRAM = load_scenario("two_layer").program
NAMES = (*PROGRAM.gradients, "w1", "da9", "\x1b[2J", "", "DW1")
VALUES = st.sampled_from(
    [1, -0.5, float("nan"), float("inf"), 10**400, True, None, "x", [], [[1, 2], [3]], {}]
)
ROWS = st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=4, max_size=4)


@examples(8)
@given(st.data())
def test_formulas(data: st.DataObject) -> None:
    """A formula of the file is computed, compared and explained, or there is a problem."""
    name = data.draw(st.sampled_from(NAMES[:-4]))
    text = data.draw(texts(tuple(PROGRAM.shapes)[:9], 2).flatmap(spoilt))
    path = folder() / "mine.toml"
    path.write_text(f"{TWO_LAYER}\n[mine]\n{name} = {json.dumps(text)}\n", encoding="utf-8")
    try:
        case = load_scenario(path)
    except ScenarioError as error:
        assert_printable(error.problems)
        return
    values = run(case.program, case.values).values
    assert check(case.program, case.values, evaluate_mine(case.program, values, case.mine)).tensors


@given(st.dictionaries(st.sampled_from(NAMES), VALUES | ROWS, max_size=3), st.sampled_from([".json", ".npz"]))
def test_files(table: dict[str, object], suffix: str) -> None:
    path = folder() / f"mine{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps(table), encoding="utf-8")
    else:
        arrays = {name or "unnamed": value for name, value in table.items() if isinstance(value, list)}
        try:
            np.savez(path, **arrays)
        except ValueError:
            return  # rows of several lengths
    try:
        values = read_mine_files([str(path)], PROGRAM, {}).values
    except ScenarioError as error:
        assert_printable(error.problems)
    else:
        assert values.keys() <= PROGRAM.shapes.keys()
