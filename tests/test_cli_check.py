"""`bpdebug check` as a user meets it: verdicts, exit status, formats, and what it refuses."""

from __future__ import annotations

import itertools
import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import bpdebug as package
from bpdebug import cli
from bpdebug.cli import checking
from bpdebug.engine.program.trace import run as run_program
from bpdebug.sources.scenario import load_scenario, shipped_scenarios
from bpdebug.verify import slopes
from tests.tiers import few


@pytest.fixture
def bpdebug(monkeypatch, capsys):
    """Run a command line in this process: (exit status, stdout, stderr)."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bpdebug", *words])
        return cli.run_command_line(), *capsys.readouterr()

    return run


def gradients(name: str) -> dict[str, np.ndarray]:
    scenario = load_scenario(name)
    values = run_program(scenario.program, scenario.values).values
    return {statement.name: np.array(values[statement.name]) for statement in scenario.program.statements}


@pytest.mark.parametrize("path", few(shipped_scenarios(), 9), ids=lambda path: path.stem)
def test_the_derived_gradients_of_every_shipped_scenario_are_right(bpdebug, path: Path) -> None:
    scenario = load_scenario(path)
    if scenario.mine:
        pytest.skip("checks the numbers that it holds")
    status, out, _ = bpdebug("check", str(path), "--seconds", "600")
    assert status == 0
    backward = [s for s in scenario.program.statements if s.phase == "backward"]
    derived = [s.name for s in backward if s.of and not s.part]
    verdicts = dict(line.split()[:2] for line in out.splitlines()[:-1])
    assert verdicts == dict.fromkeys(derived, "right")


def test_what_there_was_no_time_for_is_said(bpdebug, monkeypatch) -> None:
    status, out, _ = bpdebug("check", "two_layer", "--seconds", "0")
    assert (status, out.splitlines()[-1].startswith("Nothing was compared: ")) == (0, True)
    monkeypatch.setattr(slopes, "MAX_BLOCK", 1)
    monkeypatch.setattr(slopes.time, "thread_time", itertools.count(0.0).__next__)
    _, out, _ = bpdebug("check", "two_layer", "--seconds", "12")
    assert re.fullmatch("All right: 2 tensors, [0-9]+ not compared.", out.splitlines()[-1])


def test_loading_is_a_part_of_the_time(bpdebug, monkeypatch) -> None:
    monkeypatch.setattr(checking.time, "thread_time", itertools.count(0.0, 5.0).__next__)
    _, out, _ = bpdebug("check", "two_layer")
    assert "not checked: 3 seconds were over" in out


def test_right_gradients_of_ones_own_pass(bpdebug, tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", **gradients("batch"))
    status, out, _ = bpdebug("check", "batch", "--mine", str(tmp_path / "g.npz"))
    assert status == 0
    assert "wrong" not in out


def test_a_wrong_one_gives_status_1_and_what_was_written(bpdebug, tmp_path: Path) -> None:
    mine = gradients("batch")
    np.savez(tmp_path / "g.npz", dW2=mine["dw2"], grad_b1=mine["db1"] * 4)
    status, out, _ = bpdebug("check", "batch", "--mine", str(tmp_path / "g.npz"))
    assert status == 1
    assert "dW2 is understood as dw2" in out
    assert "grad_b1 is understood as db1" in out
    assert "yours is   4 * sum(dz1, axis=1, keepdims=True)" in out
    assert "should be  sum(dz1, axis=1, keepdims=True)" in out
    assert out.endswith("1 of 2 wrong: db1.\n")


def test_a_shape_that_does_not_fit_is_a_finding(bpdebug, tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", db2=gradients("batch")["dz2"])
    status, out, _ = bpdebug("check", "batch", "--mine", str(tmp_path / "g.npz"))
    assert status == 1
    assert "not summed over the batch: (4, 7), expected (4, 1)" in out
    assert "yours is   dz2" in out


def test_names_can_be_mapped(bpdebug, tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", G=gradients("batch")["dw3"])
    status, out, _ = bpdebug("check", "batch", "--mine", str(tmp_path / "g.npz"), "--map", "G=dw3")
    assert status == 0
    assert "G is understood as dw3" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--map", "dw3"), "--map dw3: expected THEIRS=OURS"),
        (("--map", "G=dw3", "--map", "G=dw2"), "G is given a meaning twice, dw3 before"),
        (("--mine", "absent.npz"), "absent.npz: no such file"),
        (("--rtol", "-1"), "Invalid value for '--rtol'"),
    ],
)
def test_bad_usage_gives_status_2(bpdebug, tmp_path, monkeypatch, options, message) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("g.npz", G=np.zeros(2))
    status, out, err = bpdebug("check", "batch", "--mine", "g.npz", *options)
    assert status == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_a_name_that_means_nothing_lists_the_known_ones(bpdebug, tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", potato=np.zeros(2))
    status, _, err = bpdebug("check", "batch", "--mine", str(tmp_path / "g.npz"))
    assert status == 2
    assert "potato" in err
    assert "dw1" in err
    assert "--map" in err


def test_json_is_strict_and_complete(bpdebug) -> None:
    status, out, _ = bpdebug("check", "find_the_bug", "--format", "json")

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    report = json.loads(out, parse_constant=refuse)
    assert status == 1
    assert (report["format"], report["version"], report["passed"]) == ("bpdebug-check", 1, False)
    verdicts = {tensor["name"]: tensor["verdict"] for tensor in report["tensors"]}
    assert verdicts["db2"] == verdicts["dz1"] == "wrong"
    assert verdicts["dw1"] == "innocent"
    (dz1,) = (tensor for tensor in report["tensors"] if tensor["name"] == "dz1")
    assert set(dz1) >= {"name", "layer", "verdict", "max_relative_error", "worst", "diagnoses", "ambiguous"}
    assert set(dz1["worst"]) == {"index", "mine", "reference"}
    assert dz1["diagnoses"][0]["formula"] == "da1 * tanh_prime(a1)"
    assert dz1["diagnoses"][0]["fix"] == "da1 * tanh_prime(z1)"
    assert set(dz1["diagnoses"][0]) == {"formula", "edits", "explanation", "fix", "residual"}


def test_json_names_the_worst_element(bpdebug, tmp_path: Path) -> None:
    mine = gradients("batch")
    reference = mine["dw1"][4, 1]
    mine["dw1"][4, 1] = 2.5
    np.savez(tmp_path / "g.npz", **mine)
    _, out, _ = bpdebug("check", "batch", "--mine", str(tmp_path / "g.npz"), "--format", "json")
    (dw1,) = (tensor for tensor in json.loads(out)["tensors"] if tensor["name"] == "dw1")
    assert dw1["worst"] == {"index": [4, 1], "mine": 2.5, "reference": reference}


@pytest.mark.deep
def test_not_a_number_is_strict_json_too(bpdebug, tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", dw1=np.full((5, 3), np.nan))
    status, out, _ = bpdebug("check", "batch", "--mine", str(tmp_path / "g.npz"), "--format", "json")
    (dw1,) = (tensor for tensor in json.loads(out)["tensors"] if tensor["name"] == "dw1")
    assert status == 1
    assert dw1["worst"]["mine"] == "NaN"
    assert dw1["max_relative_error"] == "Infinity"


def test_junit_is_read_by_a_build_server(bpdebug) -> None:
    _, out, _ = bpdebug("check", "find_the_bug", "--format", "junit")
    suite = ElementTree.fromstring(out)
    assert suite.attrib["tests"] == str(len(suite.findall("testcase")))
    failed = {case.attrib["name"] for case in suite.findall("testcase") if case.find("failure") is not None}
    assert failed == {"db2", "dz1"}
    (text,) = (case.find("failure").text for case in suite if case.attrib["name"] == "dz1")
    assert "yours is   da1 * tanh_prime(a1)" in text


def test_markdown_has_a_row_for_each_tensor(bpdebug) -> None:
    _, out, _ = bpdebug("check", "find_the_bug", "--format", "markdown")
    rows = [line for line in out.splitlines() if line.startswith("| `")]
    assert len(rows) == 8
    assert "    yours is   mean(dz2, axis=1, keepdims=True)" in out


def test_the_suggested_scenario_tells_apart_what_this_one_cannot(bpdebug, tmp_path: Path) -> None:
    small = tmp_path / "small.toml"
    small.write_text(
        'title = "small"\nlayout = "columns"\n'
        'inputs.a0 = { random = "normal", shape = [3, 2], seed = 1 }\n'
        'gradient.da1 = { random = "normal", shape = [4, 2], seed = 2 }\n'
        '[[layers]]\nkind = "dense"\nactivation = "tanh"\n'
        'w = { random = "normal", shape = [4, 3], seed = 3 }\nb = [[0.1], [0.2], [0.3], [0.4]]\n'
        '[mine]\ndw1 = "2 * (dz1 @ a0.T)"\n',
        encoding="utf-8",
    )
    better = tmp_path / "better.toml"
    status, out, _ = bpdebug("check", str(small), "--suggest", str(better))
    assert status == 1
    assert "Cannot tell these apart on this scenario" in out
    assert "m * (dz1 @ a0.T)" in out

    better.write_text(better.read_text(encoding="utf-8") + '[mine]\ndw1 = "2 * (dz1 @ a0.T)"\n', "utf-8")
    status, out, _ = bpdebug("check", str(better))
    assert status == 1
    assert "Cannot tell" not in out
    assert "yours is   2 * (dz1 @ a0.T)" in out


def test_a_program_of_ones_own_has_no_sizes_to_suggest(bpdebug, tmp_path: Path) -> None:
    there = tmp_path / "better.toml"
    status, _, err = bpdebug("check", "attention", "--suggest", str(there))
    assert (status, there.exists()) == (2, False)
    assert "a suggestion varies the sizes of layers" in err


def test_a_suggestion_never_overwrites_a_file(bpdebug, tmp_path: Path) -> None:
    there = tmp_path / "there.toml"
    there.write_text("precious", encoding="utf-8")
    status, _, err = bpdebug("check", "batch", "--suggest", str(there))
    assert status == 2
    assert "cannot be written" in err
    assert there.read_text(encoding="utf-8") == "precious"


def test_tolerances_can_be_given(bpdebug, tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", dw1=gradients("batch")["dw1"] * 1.001)
    words = ("check", "batch", "--mine", str(tmp_path / "g.npz"))
    assert bpdebug(*words)[0] == 1
    assert bpdebug(*words, "--rtol", "0.01")[0] == 0


def test_from_python() -> None:
    mine = gradients("batch")
    assert package.check("batch", {"dW1": mine["dw1"]}).passed
    report = package.check("batch", {"dW1": 2 * mine["dw1"]})
    assert not report.passed
    assert report.renamed == {"dW1": "dw1"}
    with pytest.raises(package.BpdebugError, match="no such tensor: expected one of"):
        package.check("batch", {"potato": mine["dw1"]})
