"""What a check of a person's own code says of each statement: marks, both values, the corrected text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.present.code_verdicts import CodeVerdicts, code_verdicts
from bpdebug.present.source_listing import same_position
from bpdebug.sources.case import Case
from bpdebug.sources.script import RecordingOptions, record_script
from bpdebug.sources.script.case import case_of
from bpdebug.verify.repair.corrected_run import check_and_correct
from tests.two_layers import TWO_LAYERS

TEXT = TWO_LAYERS.replace(
    "dw1 = x.T @ (d_out @ w2.T * (1 - h))", "d_h = d_out @ w2.T * (1 - h)\ndw1 = x.T @ d_h"
)


def case_from(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Case:
    (folder / "net.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    return case_of(record_script("net.py"))


def verdicts_of(case: Case) -> CodeVerdicts:
    checked = check_and_correct(case.source, (), RecordingOptions(), 600.0, lambda line: None)
    return code_verdicts(case, values_of(case), checked)


def values_of(case: Case) -> Mapping[str, np.ndarray]:
    return run(case.program, case.values).values


def marks(case: Case, verdicts: CodeVerdicts) -> dict[str, str]:
    return {one.name: verdicts.mark(one.name) for one in case.program.statements}


def test_marks_both_values_and_the_corrected_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_from(tmp_path, TEXT, monkeypatch)
    verdicts = verdicts_of(case)
    assert marks(case, verdicts) == {
        "h": " ", "out": " ", "cost": " ", "d_out": " ",  # the loss is made of that difference too
        "dw2": "=", "d_h": "✗", "dw1": "~", "w1 ·2": "~", "w2 ·2": "=",
    }  # fmt: skip
    assert verdicts.wrong_positions == (case.program.positions["d_h"],)
    assert verdicts.corrected is not None
    assert verdicts.corrected.script is not None
    assert verdicts.corrected.script.files == {"net.py": TEXT.replace("(1 - h)", "(1 - h ** 2)")}
    values = values_of(case)
    right = values["d_out"] @ values["w2"].T * (1 - values["h"] ** 2)
    assert verdicts.words("d_h", (2, 1)) == (
        "✗ `h` should be squared",
        "  yours      d_out @ w2.T * (1 - h)",
        "  should be  d_out @ w2.T * (1 - h ** 2)    (verified on fresh values)",
        f"  d_h[2,1]: yours {values['d_h'][2, 1]:.6g}, should be {right[2, 1]:.6g}, "
        f"off by {values['d_h'][2, 1] - right[2, 1]:.6g}",
    )
    cells = verdicts.wrong_cells("d_h")
    assert cells is not None
    assert cells[2, 1]
    assert not np.isclose(values["d_h"], right)[cells].any()
    assert verdicts.wrong_cells("dw2") is None
    assert verdicts.words("dw1", ())[0] == "~ wrong because of line 10"
    assert verdicts.words("dw2", ()) == ("= right",)
    assert verdicts.words("h", ()) == ()
    first, second = verdicts.words("", ())
    assert first.startswith("✗ 1 of 2 gradients wrong: w1.")
    assert second == "  line 10: `h` should be squared"
    assert "] goes there" in verdicts.ways_on


def test_where_nothing_is_wrong_nothing_is_to_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_from(tmp_path, TEXT.replace("(1 - h)", "(1 - h ** 2)"), monkeypatch)
    verdicts = verdicts_of(case)
    assert set(marks(case, verdicts).values()) == {" ", "="}
    assert (verdicts.wrong_positions, verdicts.corrected) == ((), None)
    assert verdicts.words("", ()) == ("= All right: 2 gradients.",)
    assert verdicts.summary == "checked: all right"


@pytest.mark.deep
def test_a_line_that_nothing_mends_is_marked_and_nothing_after_it_is_called_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TEXT.replace(
        "d_h = d_out @ w2.T * (1 - h)",
        "d_h = np.cos(h)\nd_h += np.sin(d_out @ w2.T * 3 + h * 0.3) * (0.4 - h * 0.7)",
    )
    case = case_from(tmp_path, text, monkeypatch)
    verdicts = verdicts_of(case)
    assert verdicts.wrong_positions
    assert "=" not in marks(case, verdicts).values()
    assert verdicts.report is not None
    (finding,) = verdicts.report.findings
    assert finding.correction is None
    assert (finding.instead is None) == (verdicts.corrected is None)


def test_the_same_place_in_a_run_with_more_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_from(tmp_path, TEXT, monkeypatch)
    other = case_from(
        tmp_path, TEXT.replace("out = h @ w2", "out = (lambda a: a @ w2)(h + 0.0)"), monkeypatch
    )
    for name in ("h", "d_h", "dw1"):
        here, there = case.program.positions[name], other.program.positions[name]
        assert same_position(here, case.program, other.program) == there
        assert same_position(there, other.program, case.program) == here
    assert same_position(0, case.program, other.program) == 0


@pytest.mark.deep
def test_the_values_of_a_script_without_a_seed_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_from(tmp_path, TEXT.replace("default_rng(3)", "default_rng()"), monkeypatch)
    verdicts = verdicts_of(case)
    assert verdicts.mark("d_h") == "✗"
    assert not verdicts.reference
    assert verdicts.words("dw1", ()) == ()
