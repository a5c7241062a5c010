"""Reports on a person's own code: every format says the line and the correction; a patch mends the file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.nodes import CallSite, Source
from bpdebug.export.corrections import SourceFile
from bpdebug.export.script_report import CHECK_FORMATS, diff
from bpdebug.verify.repair.report import Assumed, Elements, Finding, ScriptReport, corrected, replacements

TEXT = """\
delta2 = out - y
delta1 = (w2.T @ delta2)
dw1 = (delta1
       @ x)  # rows
db1 = delta1.sum()"""
CALLS = (CallSite(1, "backward", "net.py", 9),)
FIRST = Finding(
    Source("net.py", 2, 2, (9, 24), "(w2.T @ delta2)", CALLS, (1,)),
    "wrong",
    "delta1",
    "z1",
    "the derivative of tanh is missing",
    "(w2.T @ delta2) * (1 - h ** 2)",
    True,
    Elements((0, 1), 0.25, float("nan")),
    ("w1", "b1"),
)
OVER_LINES = Finding(
    Source("net.py", 3, 4, (6, 11), "(delta1\n       @ x)"),
    "wrong",
    "dw1",
    "w1",
    "x is not transposed <here>",
    "delta1 @ x.T",
    True,
)
UNVERIFIED = Finding(
    Source("net.py", 5, 5, (6, 18), "delta1.sum()"), "wrong", "db1", "b1", "no axis", "0", False
)
ASSUMED = Assumed("½ Σ (out − y)², implied by line 1", 1.0, {"w1": "dw1", "b1": "db1"})


def report(*findings: Finding) -> ScriptReport:
    verdicts = {"w1": "wrong", "b1": "wrong"} if findings else {"w1": "right", "b1": "right"}
    return ScriptReport("net.py", verdicts, findings, ASSUMED)


@pytest.mark.parametrize("format", CHECK_FORMATS)
def test_every_format_names_the_line_and_the_correction(format: str) -> None:
    text = "".join(CHECK_FORMATS[format](report(FIRST)))
    assert "net.py" in text
    assert "(w2.T @ delta2) * (1 - h ** 2)" in text
    assert "the derivative of tanh is missing" in text


def test_text() -> None:
    assert "".join(CHECK_FORMATS["text"](report(FIRST))).splitlines() == [
        "loss: ½ Σ (out − y)², implied by line 1",
        "gradients: dw1 of w1, db1 of b1",
        "",
        "net.py:2: the derivative of tanh is missing",
        "    yours      (w2.T @ delta2)",
        "    should be  (w2.T @ delta2) * (1 - h ** 2)    (verified on fresh values)",
        "    delta1[0,1] is 0.25, and should be nan",
        "    wrong because of it: w1, b1",
        "",
        "2 of 2 gradients wrong: w1, b1. 1 line to mend.",
    ]


def test_json_is_strict_and_whole() -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    read = json.loads("".join(CHECK_FORMATS["json"](report(FIRST))), parse_constant=refuse)
    assert (read["format"], read["passed"]) == ("bpdebug-check", False)
    assert read["assumed"]["parameters"] == ["w1", "b1"]
    (finding,) = read["findings"]
    assert finding | {"explanation": ""} == {
        "file": "net.py",
        "line": 2,
        "end_line": 2,
        "columns": [9, 24],
        "code": "(w2.T @ delta2)",
        "function": "backward",
        "turns": [1],
        "kind": "wrong",
        "tensor": "delta1",
        "gradient_of": "z1",
        "explanation": "",
        "correction": "(w2.T @ delta2) * (1 - h ** 2)",
        "derived": False,
        "verified": True,
        "index": [0, 1],
        "mine": 0.25,
        "reference": "NaN",
        "also_wrong": ["w1", "b1"],
        "instead": None,
    }


def test_junit_counts_what_failed() -> None:
    suite = ElementTree.fromstring("".join(CHECK_FORMATS["junit"](report(FIRST, OVER_LINES))))
    assert (suite.get("tests"), suite.get("failures")) == ("4", "4")
    assert len(suite.findall("testcase/failure")) == 4
    right = ElementTree.fromstring("".join(CHECK_FORMATS["junit"](report())))
    assert (right.get("tests"), right.get("failures")) == ("2", "0")


VERDICTS = st.dictionaries(
    st.text("wb.[]1<&\"'", min_size=1), st.sampled_from(["right", "wrong", "not reached"])
)


@given(VERDICTS, st.lists(st.sampled_from([FIRST, OVER_LINES, UNVERIFIED])))
def test_junit_counts_what_it_lists(verdicts: dict[str, str], findings: list[Finding]) -> None:
    judged = report()._replace(verdicts=verdicts, findings=tuple(findings))
    suite = ElementTree.fromstring("".join(CHECK_FORMATS["junit"](judged)))
    cases = suite.findall("testcase")
    failures, skipped = suite.findall("testcase/failure"), suite.findall("testcase/skipped")
    assert suite.get("tests") == str(len(cases)) == str(len(verdicts) + len(findings))
    assert (
        suite.get("failures")
        == str(len(failures))
        == str([*verdicts.values()].count("wrong") + len(findings))
    )
    assert suite.get("skipped") == str(len(skipped)) == str([*verdicts.values()].count("not reached"))
    assert [case.get("name") for case in cases][: len(verdicts)] == [
        f"gradient of {name}" for name in verdicts
    ]


def test_corrections_are_put_in_their_places_and_unverified_ones_are_not() -> None:
    assert corrected(TEXT, replacements((FIRST, OVER_LINES, UNVERIFIED))) == (
        "delta2 = out - y\n"
        "delta1 = (w2.T @ delta2) * (1 - h ** 2)\n"
        "dw1 = delta1 @ x.T  # rows\n"
        "db1 = delta1.sum()"
    )


def test_the_diff_is_what_patch_takes(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(TEXT, encoding="utf-8")
    patch = "".join(diff([SourceFile("net.py", TEXT, "utf-8", tuple(replacements((FIRST, OVER_LINES))))]))
    subprocess.run(["patch", "-p0"], input=patch, text=True, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "net.py").read_text(encoding="utf-8") == corrected(
        TEXT, replacements((FIRST, OVER_LINES))
    )


def test_what_could_not_be_judged_is_not_called_right() -> None:
    none = report()._replace(verdicts={"w1": "not reached", "b1": "not reached"})
    assert not none.passed
    assert (
        "".join(CHECK_FORMATS["text"](none)).splitlines()[-1] == "Nothing was compared. Not judged: w1, b1."
    )
    some = report()._replace(verdicts={"w1": "right", "b1": "not reached"})
    assert some.passed
    assert "".join(CHECK_FORMATS["text"](some)).splitlines()[-1] == "Right: 1 gradient. Not judged: b1."
    suite = ElementTree.fromstring("".join(CHECK_FORMATS["junit"](some)))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "0", "1")


def test_nothing_wrong_is_silence() -> None:
    assert "".join(CHECK_FORMATS["text"](report())).splitlines()[-1] == "All right: 2 gradients."
    assert "".join(diff([SourceFile("net.py", TEXT, "utf-8", ())])) == ""


def test_many_numbers_of_one_kind_are_said_as_one() -> None:
    names = [f"self.net['w'][{place}] ·{turn}" for place in range(4) for turn in range(2, 6)]
    whole = report(FIRST._replace(also_wrong=tuple(names)))._replace(
        verdicts={**dict.fromkeys(names, "wrong"), "b": "wrong"}
    )
    text = "".join(CHECK_FORMATS["text"](whole))
    assert "    wrong because of it: self.net['w'][…] (×16)\n" in text
    assert "17 of 17 gradients wrong: self.net['w'][…] (×16), b. " in text
