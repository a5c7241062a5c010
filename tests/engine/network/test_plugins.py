"""A package of someone else that brings a layer kind and a function, and packages that are broken."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import calls
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.plugins import bring_function
from bpdebug.engine.language.provenance.regions import FeedingRegion
from bpdebug.engine.network.axes import axes_in
from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.network.plugins import bring_layer_kind
from bpdebug.engine.program.trace import run
from bpdebug.errors import ExpressionError, ScenarioError
from bpdebug.present.explaining import Selection, explain_element
from bpdebug.present.operation_text import operation_text
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check

MODULE = """
import numpy as np
from bpdebug.engine.language.forms import Form
from bpdebug.engine.language.functions import Function, Sample
from bpdebug.engine.network.layers import LayerKind, Parameter

CUBE = Function(
    "cube", lambda x: x**3, ("3 * g * x ** 2",), "x³", (Sample(((-2.0, 0.5),)),), notation="{x}³"
)
WRONG_RULE = Function("wrong_rule", np.exp, ("g * nonsense(x)",), "", (Sample((1.0,)),))
WRONG_SHAPE = Function("wrong_shape", np.sum, ("g",), "", (Sample(((1.0, 2.0),)),))
UPSIDE_DOWN = Form(
    "upside down",
    lambda shapes, options: shapes[0],
    lambda region, shapes, options: (
        (slice(shapes[0][0] - region[0].stop, shapes[0][0] - region[0].start), *region[1:]),
    ),
)
TURNED = Function(
    "turned", lambda x: x[::-1], ("turned(g)",), "The last row first.", (Sample(((1.0, 2.0),)),), UPSIDE_DOWN
)
READS_TOO_MUCH = Function(
    "reads_too_much", np.abs, None, "", (Sample(((1.0, 2.0),)),),
    UPSIDE_DOWN._replace(reads=lambda region, shapes, options: (region, region)),
)
NAMES_TOO_FEW = Function(
    "names_too_few", np.abs, None, "", (Sample(((1.0, 2.0),)),),
    UPSIDE_DOWN._replace(axes=lambda operands, shapes, options: ()),
)
SCALED_CUBE = LayerKind(
    name="scaled_cube",
    input=lambda layout: layout.examples("features"),
    parameters=(Parameter("scale", lambda layout: layout.shared("features")),),
    settings=(),
    title=lambda settings: "scaled cube",
    forward=lambda settings, roles, layout: {"a": "scale * cube(a_prev)"},
    panels=("a_prev", "scale", "a"),
)
NO_RESULT = LayerKind(
    "no_result", lambda layout: ("n",), (), (), lambda s: "", lambda s, r, l: {"z": "-a_prev"}, ("z",)
)
NOT_A_KIND = 5
"""
ENTRY_POINTS = """
[bpdebug.layers]
scaled_cube = their_package:SCALED_CUBE
no_result = their_package:NO_RESULT
not_a_kind = their_package:NOT_A_KIND
absent = their_package:ABSENT
another = their_package:SCALED_CUBE

[bpdebug.functions]
cube = their_package:CUBE
wrong_rule = their_package:WRONG_RULE
wrong_shape = their_package:WRONG_SHAPE
turned = their_package:TURNED
reads_too_much = their_package:READS_TOO_MUCH
names_too_few = their_package:NAMES_TOO_FEW
"""
HEAD = 'title = "t"\nlayout = "rows"\ninputs.a0 = [[1.0, -2.0], [3.0, 4.0]]\n'


@pytest.fixture(autouse=True)
def their_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package as pip does: a module, and a folder that says what it brings."""
    (tmp_path / "their_package.py").write_text(MODULE, encoding="utf-8")
    about = tmp_path / "their_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("their_package", None)
    for table, names in ((FUNCTIONS, ["cube", "turned"]), (LAYER_KINDS, ["scaled_cube"])):
        for name in names:
            table.pop(name, None)
    bring_function.cache_clear()
    bring_layer_kind.cache_clear()
    parse.cache_clear()


@pytest.fixture
def load(tmp_path: Path) -> Callable:
    def load(text: str):
        path = tmp_path / "scenario.toml"
        path.write_text(HEAD + text, encoding="utf-8")
        return load_scenario(path)

    return load


def test_a_function_of_another_package() -> None:
    x = np.array([2.0, -1.0])
    np.testing.assert_array_equal(evaluate(parse("cube(x)"), {"x": x}), [8.0, -1.0])


def test_a_layer_kind_of_another_package(load: Callable) -> None:
    text = 'gradient.da1 = [[1.0, 1.0], [0.5, 2.0]]\n[[layers]]\nkind = "scaled_cube"\nscale = [1.0, 2.0]\n'
    scenario = load(text)
    names = [statement.name for statement in scenario.program.statements]
    assert names == ["a1_inner", "a1", "dscale1", "da1_inner", "da0"]
    assert check(scenario.program, scenario.values).passed


OWN_FORM = """
title = "t"
program = '''
h = turned(x * w)
loss = sum(h * turned(h))
'''
[inputs]
x = [[1.0, -2.0], [3.0, 4.0], [0.5, 2.0]]
w = [[2.0, -1.0]]
"""


def test_a_function_with_a_form_of_its_own_is_stepped_through_and_explained(tmp_path: Path) -> None:
    """Its form says nothing but shape and reads: every other reading has a fallback."""
    path = tmp_path / "own_form.toml"
    path.write_text(OWN_FORM, encoding="utf-8")
    scenario = load_scenario(path)
    program = scenario.program
    assert check(program, scenario.values).passed
    debugger = Debugger(run(program, scenario.values))
    statements = set()
    for _ in range(sum(len(calls(statement.expression)) + 1 for statement in program.statements)):
        debugger.into()
        assert operation_text(debugger, "", ()).code
        if debugger.statement is not None and debugger.node is None:
            name = debugger.statement.name
            place = (0,) * len(program.shapes[name])
            assert explain_element(debugger, Selection(name, place), 4) is not None
            statements.add(name)
    assert statements >= {"h", "loss", "dh", "dx", "dw"}
    h = explain_element(debugger, Selection("h", (0, 1)), 4)
    assert str(h) == "h[0,1] = turned(…)[0,1] = -2"
    assert FeedingRegion("x", (slice(2, 3), slice(1, 2))) in h.sources
    assert axes_in(dataclasses.replace(program, batch_axes={"x": 0}))["dh"] == ("batch", "")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no_result", "is broken: BpdebugError: it has no statement for a, which goes out"),
        ("not_a_kind", "is broken: found a int, expected a LayerKind"),
        ("absent", "cannot be loaded: AttributeError: module 'their_package' has no attribute 'ABSENT'"),
        ("another", "is broken: found that it calls itself 'scaled_cube'"),
    ],
)
def test_a_broken_layer_kind_is_reported(kind: str, message: str, load: Callable) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(f'[[layers]]\nkind = "{kind}"\n')
    (problem,) = caught.value.problems
    assert problem.key_path == "layers[0].kind"
    assert problem.message.startswith(f"the entry point {kind} = their_package:")
    assert problem.message.endswith(message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrong_rule", r"wrong_rule .* is broken: ExpressionError: unknown function 'nonsense'"),
        (
            "wrong_shape",
            r"wrong_shape .* is broken: BpdebugError: its result has shape \(\), its form says \(2,\)",
        ),
        ("reads_too_much", "reads_too_much .* is broken: ValueError: zip"),
        (
            "names_too_few",
            "names_too_few .* is broken: BpdebugError: .* has 1 axes, its form names 0",
        ),
    ],
)
def test_a_broken_function_is_reported(name: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        parse(f"{name}(x)")
    assert name not in FUNCTIONS


def test_an_unknown_name_stays_unknown(load: Callable) -> None:
    with pytest.raises(ScenarioError, match="unknown kind: found the text"):
        load('[[layers]]\nkind = "nowhere"\n')
    with pytest.raises(ExpressionError, match="unknown function 'nowhere'"):
        parse("nowhere(x)")
