"""What the ledger shows at a moment, read from the debugger."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.present.explaining import Selection, explain_element, given_text
from bpdebug.present.panel import Panel
from bpdebug.present.panels import Sight, read_pairs
from bpdebug.present.snapshot import PairNames, layer_in_focus, pairs_in_focus, result_name
from bpdebug.present.verdicts import CheckVerdicts
from bpdebug.present.views import Views
from tests.examples import debugger_of


def views_of(debugger: Debugger) -> Views:
    return Views(debugger.original.values, debugger.trace.values, {}, frozenset(debugger.replaced))


def nothing(debugger: Debugger) -> CheckVerdicts:
    """No numbers of a user, and no report."""
    return CheckVerdicts(debugger.program, debugger.trace.values)


def shown(debugger: Debugger, layer: int) -> tuple[PairNames, ...]:
    program = debugger.program
    return pairs_in_focus(program, program.blocks[layer - 1], debugger.statement or program.statements[0])


def panels(debugger: Debugger, layer: int, selection: Selection | None = None) -> dict[str, Panel]:
    origin = explain_element(debugger, selection, 4) if selection else None
    sources = origin.sources if origin else ()
    sight = Sight(selected=selection.name if selection else "", sources=sources)
    pairs = read_pairs(debugger, shown(debugger, layer), nothing(debugger), views_of(debugger), "run", sight)
    return {panel.name: panel for pair in pairs for panel in (pair.tensor, pair.gradient)}


def marks(debugger: Debugger, layer: int) -> dict[str, str]:
    return {name: panel.mark for name, panel in panels(debugger, layer).items() if panel.mark}


def test_each_gradient_lies_under_its_tensor() -> None:
    debugger = debugger_of("two_layer", 12)
    pairs = read_pairs(debugger, shown(debugger, 2), nothing(debugger), views_of(debugger), "run")
    assert [(pair.tensor.role, pair.gradient.role) for pair in pairs] == [
        ("a_prev", "d_prev"),
        ("w", "dw"),
        ("b", "db"),
        ("z", "dz"),
        ("a", "da"),
    ]
    assert [pair.tensor.name for pair in pairs] == ["a1", "w2", "b2", "z2", "a2"]
    for pair in pairs:
        assert pair.gradient.name == f"d{pair.tensor.name}"
        assert pair.gradient.shape == pair.tensor.shape
        assert pair.gradient.value is debugger.trace.values[pair.gradient.name]


@pytest.mark.parametrize(
    ("position", "layer", "expected"),
    [
        (0, 1, {}),
        (0, 2, {"da2": "incoming"}),
        (1, 1, {"z1": "written", "w1": "read", "a0": "read", "b1": "read"}),
        (5, 2, {"dz2": "written", "da2": "read", "z2": "read"}),
        (6, 2, {"dw2": "written", "dz2": "read", "a1": "read", "da2": "incoming"}),
        (9, 1, {"dz1": "written", "da1": "read", "z1": "read"}),
        # Another layer than the statement's: what it hands over is still marked.
        (8, 1, {"da1": "written"}),
    ],
)
def test_marks(position: int, layer: int, expected: dict[str, str]) -> None:
    assert marks(debugger_of("two_layer", position), layer) == expected


def test_what_is_not_computed_yet_says_so_with_its_shape() -> None:
    panel = panels(debugger_of("two_layer", 6), 2)["db2"]
    assert panel.value is None
    assert panel.shape == (2, 1)
    assert panel.note == "not computed yet"
    # Its later value decides on the room, so that nothing moves when it appears.
    assert panel.recorded is not None


def test_what_is_never_computed_says_why() -> None:
    forward_only = panels(debugger_of("forward_pass", 2), 1)["dw1"]
    assert (forward_only.value, forward_only.recorded) == (None, None)
    assert "no gradient" in forward_only.note
    starts_at_the_sums = panels(debugger_of("hidden_delta", 3), 2)["da2"]
    assert starts_at_the_sums.value is None
    assert starts_at_the_sums.note not in ("", "not computed yet", forward_only.note)


def test_a_layer_without_bias_has_no_panels_for_it() -> None:
    assert list(panels(debugger_of("no_bias"), 2)) == ["a1", "da1", "w2", "dw2", "z2", "dz2", "a2", "da2"]


def test_inside_a_statement_its_panel_shows_the_node() -> None:
    debugger = debugger_of("two_layer")
    debugger.into()
    shown = panels(debugger, 1)
    assert marks(debugger, 1) == {"z1": "in part", "w1": "read", "a0": "read"}
    assert shown["z1"].title == "w1 @ a0"
    values = debugger.trace.values
    np.testing.assert_allclose(shown["z1"].value, values["w1"] @ values["a0"], rtol=1e-15)


def test_panels_with_equal_content_look_alike() -> None:
    before, after = (panels(debugger_of("two_layer", position), 2) for position in (6, 7))
    unchanged = {name for name in before if before[name].looks_like(after[name])}
    # dw2 is no longer written, a1 no longer read, db2 is new; dz2 is read by both.
    assert {"dw2", "a1", "db2"}.isdisjoint(unchanged)


def test_the_origin_of_an_element() -> None:
    debugger = debugger_of("two_layer", 6)
    selection = Selection("dw2", (0, 1))
    origin = explain_element(debugger, selection, 4)
    assert str(origin) == "dw2[0,1] = dz2[0,0]·a1[1,0] = 0.004141 · 1.589 = 0.006582"
    shown = panels(debugger, 2, selection)
    sources = {
        (name, index)
        for name, panel in shown.items()
        for index in np.ndindex(panel.shape)
        if any(source.contains(index) for source in panel.sources)
    }
    assert sources == {("dz2", (0, 0)), ("a1", (1, 0))}


def test_a_cell_outside_the_tensor_means_the_nearest_one() -> None:
    origin = explain_element(debugger_of("two_layer", 6), Selection("dw2", (9, 9)), 4)
    assert origin.element == "dw2[1,3]"


def test_the_node_of_a_statement_has_an_origin_too() -> None:
    debugger = debugger_of("two_layer")
    debugger.into()
    origin = explain_element(debugger, Selection("z1", (1, 0)), 4)
    assert origin.element == "(w1 @ a0)[1,0]"
    assert {source.name for source in origin.sources} == {"w1", "a0"}


def test_no_origin_before_there_is_a_value() -> None:
    assert explain_element(debugger_of("two_layer", 5), Selection("dw2", (0, 0)), 4) is None
    assert explain_element(debugger_of("two_layer", 5), Selection("w2", (0, 0)), 4) is None
    assert explain_element(debugger_of("two_layer"), Selection("", (0, 0)), 4) is None


def test_what_is_given_says_so() -> None:
    debugger = debugger_of("two_layer")
    (weight,) = given_text(debugger, Selection("w2", (1, 2)))
    (incoming,) = given_text(debugger, Selection("da2", (1, 0)))
    assert weight.startswith("w2[1,2] ")
    assert incoming.startswith("da2[1,0] ")
    assert "outside" in incoming
    assert "outside" not in weight
    assert given_text(debugger, Selection("dw2", (0, 0))) == ()


@pytest.mark.parametrize(("position", "name", "layer"), [(0, "", 1), (3, "z2", 2), (12, "da0", 1)])
def test_result_and_layer_in_focus(position: int, name: str, layer: int) -> None:
    debugger = debugger_of("two_layer", position)
    assert (result_name(debugger), layer_in_focus(debugger)) == (name, layer)


def test_inside_the_first_statement_of_a_layer_that_layer_is_in_focus() -> None:
    debugger = debugger_of("two_layer", 2)
    debugger.into()
    assert (result_name(debugger), layer_in_focus(debugger)) == ("z2", 2)
