"""A recording as a case: run here, it gives what the person's code gave, or says where it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from bpdebug.engine.language.nodes import Call, Name
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.program.trace import run
from bpdebug.present.operation_text import about_text
from bpdebug.sources.script import record_script
from bpdebug.sources.script.case import case_of, held_to_the_record
from bpdebug.sources.script.conversion.statements import convert
from bpdebug.sources.script.graph import start_of
from tests.scripts.catalogue import SCRIPTS
from tests.scripts.oracle import RIGHT, Script
from tests.sources.script.recording import recorded
from tests.tiers import few

ROUNDS_OTHERWISE = {"closures.py", "pure_python_neurons.py", "scalar_autograd.py", "einsum_batch.py"}
"""Scripts that compute with `math`, whose last digits differ from NumPy's, or sum in another order."""


@pytest.mark.parametrize("script", few(SCRIPTS, 4), ids=lambda script: script.name)
def test_a_case_gives_what_was_recorded(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    main = RIGHT / script.main
    monkeypatch.chdir(main.parent)
    recording = record_script(main.name)
    converted, notes = held_to_the_record(convert(recording, start_of(recording)))
    assert all("differ in the last digits" in note for note in notes)
    case = case_of(recording)
    assert all(statement.source for statement in case.program.statements)
    values = run(case.program, case.values).values
    assert [statement.name for statement in case.program.statements] == [*map(_name, converted.statements)]
    for name in map(_name, converted.statements):
        value = np.asarray(converted.nodes[name].value)
        if notes:
            np.testing.assert_allclose(values[name], value, rtol=1e-12, atol=1e-12)
        else:
            np.testing.assert_array_equal(values[name], value)
    if notes:
        assert script.name in ROUNDS_OTHERWISE


def _name(statement: object) -> str:
    return str(getattr(statement, "name", ""))


NET = """
    import numpy as np
    x, y = np.array([[0.5, -1.0], [2.0, 0.25]]), np.array([[1.0], [0.0]])
    w = np.array([[0.1], [0.2]])
    for step in range(2):
        a = x @ w
        d = a - y
        dw = x.T @ d
        w = w - 0.1 * dw
    """


def test_statements_have_phases_and_gradients_their_tensors(tmp_path: Path) -> None:
    case = case_of(recorded(tmp_path, NET))
    told = {statement.name: (statement.phase, statement.of) for statement in case.program.statements}
    assert told == {
        "a": ("forward", ""),
        "d": ("backward", ""),
        "dw": ("backward", "w"),
        "w ·2": ("update", "w"),
    }
    assert case.program.parameters == {"w"}
    assert case.script is not None
    assert "loss: ½ Σ (a − y)², implied by line 7" in case.script.found
    certain = "1 of 1 gradients follow from this loss"
    assert certain in about_text(case)
    assert certain not in about_text(case, hides=True)


def test_a_line_of_another_file_is_named_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("parts.py").write_text("def error(a, y):\n    return a - y\n")
    text = dedent(NET).replace("a - y", "error(a, y)")
    Path("net.py").write_text(f"from parts import error\n{text}")
    Path("net.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": dedent(NET)}]}))
    for name, loss, gradient in (
        ("net.py", "parts.py:2", "line 9"),
        ("net.ipynb", "net.ipynb[1]:7", "net.ipynb[1]:8"),
    ):
        said = about_text(case_of(record_script(name)))
        assert f"loss: ½ Σ (a − y)², implied by {loss}" in said
        assert f"gradients: dw ({gradient}) of w" in said


def test_why_a_recording_ended_is_said_once(tmp_path: Path) -> None:
    assert about_text(case_of(recorded(tmp_path, NET))).count("the next iteration began") == 1
    broken = NET.replace("d = a - y", "d = a[7] - y")
    assert about_text(case_of(recorded(tmp_path, broken))).count("IndexError") == 1


def test_what_is_written_through_a_view_has_the_name_and_the_line(tmp_path: Path) -> None:
    text = NET.replace("a = x @ w", "a = np.zeros((2, 1))\n        for row, one in zip(a, x):").replace(
        "        d = a - y", "            row[:] = one @ w\n        d = a - y"
    )
    case = case_of(recorded(tmp_path, text))
    written = [statement for statement in case.program.statements if statement.name.startswith("a ")]
    assert [one.name for one in written] == ["a ·2", "a ·3"]
    assert [one.source.code for one in written if one.source] == ["row[:] = one @ w"] * 2
    assert numpy_text(case.program.statements[case.program.positions["d"] - 1].expression) == "a ·3 - y"


def test_what_computes_something_else_is_only_recorded(tmp_path: Path) -> None:
    recording = recorded(tmp_path, NET)
    converted = convert(recording, start_of(recording))
    wrong = tuple(
        replace(one, expression=Call("add", (Name("a"), Name("y")))) if one.name == "d" else one
        for one in converted.statements
    )
    held, notes = held_to_the_record(converted._replace(statements=wrong))
    assert notes == ("line 7: a + y computed again is not what was recorded, which stands for it",)
    opaque = next(one.expression for one in held.statements if one.name == "d")
    assert isinstance(opaque, Call)
    assert (opaque.function, dict(opaque.options)) == ("opaque", {"text": "a + y"})
    np.testing.assert_array_equal(held.inputs["recorded d"], converted.nodes["d"].value)


def test_what_has_no_name_is_called_as_the_function_calls_it_that_is_given_it(tmp_path: Path) -> None:
    script = """
    import numpy as np
    def bent(s):
        return np.tanh(s)
    def learn(rows, wanted, w):
        miss = bent(rows @ w) - wanted
        w -= 0.1 * rows.T @ (miss * (1 - bent(rows @ w) ** 2))
    learn(np.array([[0.5, -1.0], [2.0, 0.25]]), np.array([[1.0], [0.0]]), np.array([[0.1], [0.2]]))
    """
    case = case_of(recorded(tmp_path, script))
    assert [statement.name for statement in case.program.statements][:3] == ["s", "bent()", "miss"]
    assert {"rows", "wanted"} <= case.program.inputs.keys()


def test_keys_are_spelled_as_the_script_does(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path,
        """
        import numpy as np
        x, y = np.ones((4, 3)), np.zeros((4, 2))
        held, steps = {"w": np.ones((3, 2))}, {}
        for turn in range(2):
            off = x @ held["w"] - y
            steps["w"] = x.T @ off
            for name in held:
                held[name] -= 0.1 * steps[name]
        """,
    )
    case = case_of(recording)
    names = {*case.values, *case.program.positions}
    assert {'held["w"]', 'held["w"] ·2', 'steps["w"]'} <= names
    assert not any("'" in text for text in (*names, *case.script.found))
