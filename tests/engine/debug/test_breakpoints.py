"""Breakpoints: every kind of place, and the continues against a fresh run searched from end to end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.debug.breakpoints import Breakpoints
from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.debug.places import read_place
from bpdebug.engine.health import HEALTH_CONDITIONS, examine
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.timeline import Moment
from bpdebug.engine.program.trace import Trace, run
from bpdebug.errors import BpdebugError
from bpdebug.sources.scenario import load_scenario

# 1 z1, 2 a1, 3 z2, 4 a2, 5 dz2, 6 dw2, 7 db2, 8 da1, 9 dz1, 10 dw1, 11 db1, 12 da0


@pytest.fixture(scope="module")
def trace(two_layer) -> Trace:
    return run(two_layer.program, two_layer.inputs)


def stops(debugger: Debugger, verb: str) -> list[int]:
    """Every position at which a verb is stopped by a breakpoint, one after the other."""
    found = []
    while (stop := getattr(debugger, verb)()).reason == "breakpoint":
        found.append(stop.moment.position)
    return found


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("7", [7]),
        ("dw1", [10]),
        ("z1", [1]),
        ("layer 1", [1, 9]),
        ("layer  2", [3, 5]),
        ("forward", [1]),
        ("backward", [5]),
        ("role dw", [6, 10]),
        ("dw", [6, 10]),
        ("d_prev", [8, 12]),
        ("role z", [1, 3]),
        ("norm(dw1) >= 0", [10]),
        ("all(dw1 == dw1) and all(z1 == z1)", [10]),
        ("norm(w1) > 0", []),
        ("norm(dw1) < 0", []),
        ("dw if norm(dw2) > 0", [6, 10]),
        ("dw if norm(w1) < 0", []),
        ("layer 1 if norm(dz2) > 0", [9]),
        ("backward if all(a2 > 0)", [5]),
        ("12 if norm(da0) > 0", [12]),
    ],
)
def test_where_a_breakpoint_stops(trace: Trace, text: str, positions: list[int]) -> None:
    debugger = Debugger(trace)
    found = debugger.breakpoints.add(text)
    assert stops(debugger, "continue_") == positions
    assert debugger.position == debugger.last
    assert debugger.breakpoints[found.number].hits == len(positions)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("dc", ["dc1_t3", "dc1_t2", "dc1_t1"]),
        ("role h", ["h1_t1", "h1_t2", "h1_t3"]),
        ("role h_t2", ["h1_t2"]),
    ],
)
def test_a_role_is_that_of_all_time_steps_unless_it_says_one(text: str, written: list[str]) -> None:
    program = load_scenario("lstm_step").program
    place = read_place(text, program)
    assert [program.statements[position - 1].name for position in sorted(place.positions)] == written


def test_what_is_true_of_the_inputs_is_true_from_the_start(trace: Trace) -> None:
    debugger = Debugger(trace)
    debugger.breakpoints.add("norm(w1) > 0")
    debugger.end()
    stop = debugger.reverse_continue()
    assert (stop.moment, stop.reason) == (Moment(0), "breakpoint")
    assert stop.text == f"breakpoint 1, norm(w1) > 0: norm(w1) = {np.linalg.norm(trace.values['w1']):.6g}"


def test_a_stop_says_which_breakpoint_and_the_actual_numbers(trace: Trace) -> None:
    debugger = Debugger(trace)
    debugger.breakpoints.add("dw1 if norm(dw1) > 0 and all(z1 == z1)")
    stop = debugger.continue_()
    assert len(stop.hits) == 1
    norm = f"norm(dw1) = {np.linalg.norm(trace.values['dw1']):.6g}"
    assert stop.hits[0].evidence == (norm, "all(z1 == z1) is true")
    assert stop.text == f"breakpoint 1, dw1 if norm(dw1) > 0 and all(z1 == z1): {norm}; all(z1 == z1) is true"
    assert (stop.reason, stop.hits[0].breakpoint.number) == ("breakpoint", 1)


def test_once_disabled_and_deleted(trace: Trace) -> None:
    debugger = Debugger(trace)
    for text in ("z1", "z2", "dw2"):
        debugger.breakpoints.add(text)
    once = debugger.breakpoints.add("dw1", once=True)
    debugger.breakpoints.set_enabled(2, False)
    assert stops(debugger, "continue_") == [1, 6, 10]
    with pytest.raises(BpdebugError, match=r"^there is no breakpoint 4 \(breakpoints: 1, 2, 3\)$"):
        debugger.breakpoints[once.number]
    assert stops(debugger, "reverse_continue") == [6, 1]
    debugger.breakpoints.set_enabled(2, True)
    debugger.breakpoints.remove(1)
    assert stops(debugger, "continue_") == [3, 6]
    assert [(found.number, found.hits) for found in debugger.breakpoints] == [(2, 1), (3, 3)]
    assert debugger.breakpoints.add("z1").number == 5, "a number is not used again"


def test_of_two_at_one_place_the_first_that_holds_stops(trace: Trace) -> None:
    debugger = Debugger(trace)
    for text in ("dw1 if norm(dw1) < 0", "dw1", "role dw"):
        debugger.breakpoints.add(text)
    debugger.goto(6)
    assert debugger.continue_().hits[0].breakpoint.number == 2


def test_only_the_continues_stop_and_count(trace: Trace) -> None:
    debugger = Debugger(trace)
    debugger.breakpoints.add("z1")
    for verb in (
        "step",
        "back",
        "into",
        "out",
        "next_layer",
        "previous_layer",
        "finish_phase",
        "end",
        "restart",
    ):
        getattr(debugger, verb)()
    debugger.goto(1)
    assert debugger.breakpoints[1].hits == 0


def test_from_within_a_statement(trace: Trace) -> None:
    debugger = Debugger(trace)
    debugger.breakpoints.add("z1")
    debugger.into()
    assert debugger.moment == Moment(0, 1)
    assert (debugger.continue_().reason, debugger.moment) == ("breakpoint", Moment(1))
    debugger.goto(1)
    debugger.breakpoints.add("a1")
    debugger.goto(2)
    debugger.into()
    assert (debugger.reverse_continue().reason, debugger.moment) == ("breakpoint", Moment(2))


def test_with_nothing_to_stop_at(trace: Trace) -> None:
    debugger = Debugger(trace)
    assert (debugger.reverse_continue().reason, debugger.moment) == ("nowhere", Moment(0))
    stop = debugger.continue_()
    assert (stop.reason, stop.text, stop.moment) == ("end", "at the end", Moment(12))
    assert debugger.continue_().reason == "nowhere"
    stop = debugger.reverse_continue()
    assert (stop.reason, stop.text, stop.moment) == ("start", "at the start", Moment(0))


NO_PLACE = (
    "nothing to stop at: '{}' is no step, tensor, layer N, phase, role or condition, did you mean '{}'?"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing to stop at: write for example `break dw1` or `break norm(dw1) > 10`"),
        ("0", "there is no step 0: the program has steps 1 to 12"),
        ("13", "there is no step 13: the program has steps 1 to 12"),
        ("9" * 1000, f"there is no step {'9' * 1000}: the program has steps 1 to 12"),
        ("9" * 5000, "a breakpoint has at most 4000 characters: found 5000"),
        ("layer 0", "there is no layer 0: the program has layers 1 to 2"),
        ("layer 3", "there is no layer 3: the program has layers 1 to 2"),
        ("layer x", "there is no layer x: the program has layers 1 to 2"),
        ("role dww", "no step has the role 'dww', did you mean 'dw'?"),
        ("w1", "w1 is given: no step writes it"),
        (
            "dw9",
            NO_PLACE.format("dw9", "dw"),
        ),
        (
            "not_finit",
            NO_PLACE.format("not_finit", "not_finite"),
        ),
        (
            "dw9 if norm(dw1) > 0",
            NO_PLACE.format("dw9", "dw"),
        ),
        ("dw1 if ", "no condition after `if`: write for example `break dw1 if norm(dw1) > 10`"),
        (
            "dw1 if dw1 > 0",
            "a condition is one truth: dw1 > 0 has shape (4, 3); write any(...) or all(...) round it",
        ),
        ("dw1 if norm(dw9) > 0", "there is no tensor 'dw9', did you mean 'dw2'?"),
        ("z1 if norm(dw1) > 0", "dw1 is not computed yet at z1: step 10 writes it"),
        ("forward if norm(dw1) > 0", "dw1 is not computed yet at forward: step 10 writes it"),
        ("norm(dw1", "not an expression: '(' was never closed (column 5)"),
        (
            "dw1 > 0",
            "a condition is one truth: dw1 > 0 has shape (4, 3); write any(...) or all(...) round it",
        ),
    ],
)
def test_refused_with_these_words(trace: Trace, text: str, message: str) -> None:
    breakpoints = Breakpoints(trace.program)
    with pytest.raises(BpdebugError) as caught:
        breakpoints.add(text)
    assert str(caught.value) == message
    assert (list(breakpoints), breakpoints.next_number) == ([], 1)


def test_one_that_stops_elsewhere_keeps_its_number_and_its_place_in_the_list(trace: Trace) -> None:
    debugger = Debugger(trace)
    for text in ("z1", "dw1"):
        debugger.breakpoints.add(text)
    debugger.continue_()
    debugger.breakpoints.change(1, "role dw if norm(b1) > 0")
    assert [(found.number, found.text, found.hits) for found in debugger.breakpoints] == [
        (1, "role dw if norm(b1) > 0", 1),
        (2, "dw1", 0),
    ]
    debugger.continue_()
    assert debugger.trace.program.statements[debugger.position - 1].name == "dw2"


def test_a_condition_can_be_changed_and_taken_away(trace: Trace) -> None:
    debugger = Debugger(trace)
    debugger.breakpoints.add("role dw")
    debugger.continue_()
    assert debugger.breakpoints.set_condition(1, " norm(dw1) > 0 ").text == "role dw if norm(dw1) > 0"
    assert stops(debugger, "reverse_continue") == []
    assert stops(debugger, "continue_") == [10]
    assert debugger.breakpoints.set_condition(1, "").text == "role dw"
    assert debugger.breakpoints[1].hits == 2, "it is the same breakpoint"
    assert stops(debugger, "reverse_continue") == [10, 6]


def test_a_condition_alone_moves_with_what_it_reads(trace: Trace) -> None:
    debugger = Debugger(trace)
    debugger.breakpoints.add("norm(z1) > 0")
    debugger.breakpoints.set_condition(1, "norm(dw2) > 0")
    assert stops(debugger, "continue_") == [6]
    with pytest.raises(BpdebugError, match=r"^breakpoint 1 is a condition alone: `delete 1` removes it$"):
        debugger.breakpoints.set_condition(1, " ")


@pytest.mark.parametrize("text", ["dw1 > 0", "norm(dw1) > 0"])
def test_a_condition_that_cannot_be_used_changes_nothing(trace: Trace, text: str) -> None:
    breakpoints = Breakpoints(trace.program)
    before = breakpoints.add("z1 if norm(z1) > 0")
    with pytest.raises(BpdebugError):
        breakpoints.set_condition(1, text)
    assert breakpoints[1] == before


def test_what_the_gutter_marks(trace: Trace) -> None:
    breakpoints = Breakpoints(trace.program)
    for text in ("3", "z2 if norm(z2) > 0", "norm(z2) > 0", "layer 2", "role z", "not_finite"):
        breakpoints.add(text)
    breakpoints.set_enabled(1, False)
    assert [found.number for found in breakpoints.at(3)] == [1, 2, 3]
    assert breakpoints.at(5) == []


@pytest.fixture(scope="module")
def sick() -> Trace:
    """A run in which -inf arises at 2 and NaN at 4; 3 and 5 only pass them on."""
    texts = {"x": "a * 2", "y": "log(x)", "p": "y + 1", "q": "(x - x) / (x - x)", "r": "q * 2", "s": "a + 1"}
    program = Program({"a": (2,)}, tuple(Statement(name, parse(text)) for name, text in texts.items()))
    return run(program, {"a": np.array([0.0, 1.0])})


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("not_finite", [2, 3, 4, 5]),
        ("health", [2, 3, 4, 5]),
        ("saturation", []),
        ("not_finite if any(isnan(q))", [4, 5]),
        ("health if any(isnan(x))", []),
    ],
)
def test_health_places(sick: Trace, text: str, positions: list[int]) -> None:
    debugger = Debugger(sick)
    debugger.breakpoints.add(text)
    assert stops(debugger, "continue_") == positions
    assert stops(debugger, "reverse_continue") == positions[::-1]


def test_a_health_stop_says_what_is_wrong_and_what_to_do(sick: Trace) -> None:
    debugger = Debugger(sick)
    debugger.breakpoints.add("not_finite")
    first, second = debugger.continue_(), debugger.continue_()
    assert first.text.startswith(
        "breakpoint 1, not_finite: y has 1 infinity, first at y[0]: log(x[0]) = log(0) = -inf. "
    )
    assert first.text.endswith(HEALTH_CONDITIONS["not_finite"].advice)
    assert "p has 1 infinity, first at p[0], passed on from y" in second.text


def test_a_repaired_run_is_healthy_at_once(sick: Trace) -> None:
    debugger = Debugger(sick)
    debugger.breakpoints.add("not_finite")
    debugger.replace("x", np.array([1.0, 2.0]))
    assert stops(debugger, "continue_") == [4, 5]
    debugger.replace("q", np.array([1.0, 2.0]))
    debugger.restart()
    assert stops(debugger, "continue_") == []
    debugger.reset()
    debugger.restart()
    assert stops(debugger, "continue_") == [2, 3, 4, 5]


# Against a model that knows nothing but a list of all positions of a fresh run.

ROLES = ("u", "v", "")
TEMPLATES = ("{0} + {1}", "{0} * 2", "-{0}", "{0} / {1}", "log({0})", "max({0}) * {1}", "{0} - {0}")


@st.composite
def programs(draw: st.DrawFn) -> tuple[Program, dict[str, np.ndarray]]:
    inputs = {
        name: np.array(draw(st.lists(st.sampled_from([-1.5, 0.0, 0.5, 2.0]), min_size=2, max_size=2)))
        for name in ("i0", "i1")
    }
    known, statements = list(inputs), []
    count = draw(st.integers(1, 12))
    turn = draw(st.integers(0, count))
    for number in range(1, count + 1):
        template = draw(st.sampled_from(TEMPLATES))
        text = template.format(draw(st.sampled_from(known)), draw(st.sampled_from(known)))
        phase = "forward" if number <= turn else "backward"
        role = draw(st.sampled_from(ROLES))
        statements.append(Statement(f"t{number}", parse(text), phase, 0, role))
        known.append(f"t{number}")
    return Program(dict.fromkeys(inputs, (2,)), tuple(statements)), inputs


@dataclass
class Plain:
    """A breakpoint of the model: where it stops is looked up in a list, anew for each position."""

    kind: str
    wanted: object
    condition: str
    once: bool
    enabled: bool
    hits: int = 0

    @property
    def text(self) -> str:
        place = (
            ""
            if self.kind == "condition"
            else f"role {self.wanted}"
            if self.kind == "role"
            else str(self.wanted)
        )
        return " if ".join(filter(None, (place, self.condition)))

    def stops(self, position: int, trace: Trace) -> bool:
        statements = trace.program.statements
        statement = statements[position - 1] if position else None
        known = {*trace.program.inputs, *(earlier.name for earlier in statements[:position])}
        if not self.enabled:
            return False
        if self.kind == "condition":
            # It becomes true when the last of what it reads is written, and at no other moment.
            read = set(names(parse(self.condition)))
            written = {statement.name} if statement else set(trace.program.inputs)
            before = known - written if statement else set()
            if not (read <= known and not read <= before):
                return False
        elif statement is None:
            return self.kind == "health" and self.sick_at(0, trace) and self.holds(known, trace)
        elif self.kind == "number":
            if position != self.wanted:
                return False
        elif self.kind == "tensor":
            if statement.name != self.wanted:
                return False
        elif self.kind == "role":
            if statement.role != self.wanted:
                return False
        elif self.kind == "phase":
            earlier = statements[position - 2].phase if position > 1 else None
            if not (statement.phase == self.wanted and earlier != self.wanted):
                return False
        elif not self.sick_at(position, trace):
            return False
        return self.holds(known, trace)

    def sick_at(self, position: int, trace: Trace) -> bool:
        return any(
            finding.position == position and self.wanted in ("health", finding.condition)
            for finding in examine(trace)
        )

    def holds(self, known: set[str], trace: Trace) -> bool:
        if not self.condition:
            return True
        condition = parse(self.condition)
        return set(names(condition)) <= known and bool(evaluate(condition, trace.values))


@st.composite
def plain_breakpoints(draw: st.DrawFn, program: Program) -> Plain:
    statements = program.statements
    kinds = {
        "number": st.integers(1, len(statements)),
        "tensor": st.sampled_from([statement.name for statement in statements]),
        "role": st.sampled_from(sorted({statement.role for statement in statements} - {""}) or ["?"]),
        "phase": st.sampled_from(sorted({statement.phase for statement in statements})),
        "health": st.sampled_from(["health", "not_finite", "zero_gradient"]),
        "condition": st.just(""),
    }
    kind = draw(st.sampled_from(sorted(kinds)))
    wanted = draw(kinds[kind])
    tensor = draw(st.sampled_from(list(program.shapes)))
    other = draw(st.sampled_from(list(program.shapes)))
    condition = draw(
        st.sampled_from(
            [
                f"any({tensor} > 0)",
                f"any(isnan({tensor})) or any({other} < 0)",
                f"norm({tensor}) > norm({other})",
            ]
        )
    )
    if kind != "condition" and draw(st.booleans()):
        condition = ""
    return Plain(kind, wanted, condition, draw(st.booleans()), draw(st.integers(0, 4)) > 0)


@given(data=st.data(), program_and_inputs=programs())
def test_continuing_is_a_linear_scan_of_a_fresh_run(data: st.DataObject, program_and_inputs) -> None:
    program, inputs = program_and_inputs
    debugger = Debugger(run(program, inputs))
    fresh = run(program, inputs)
    plain: dict[int, Plain] = {}
    for found in data.draw(st.lists(plain_breakpoints(program), max_size=4)):
        with suppress(BpdebugError):  # a condition that reads what comes later, a role that is not there
            number = debugger.breakpoints.add(found.text, found.once).number
            debugger.breakpoints.set_enabled(number, found.enabled)
            plain[number] = found
    here = data.draw(st.integers(0, len(program.statements)))
    debugger.goto(here)
    for direction in data.draw(st.lists(st.sampled_from([1, -1]), min_size=1, max_size=6)):
        way = range(here + 1, debugger.last + 1) if direction > 0 else range(here - 1, -1, -1)
        hits = ((at, [n for n, one in plain.items() if one.stops(at, fresh)]) for at in way)
        at, numbers = next((hit for hit in hits if hit[1]), (debugger.last if direction > 0 else 0, []))
        stop = debugger.continue_() if direction > 0 else debugger.reverse_continue()
        assert debugger.moment == stop.moment == Moment(at)
        if not numbers:
            assert stop.reason == (("end" if direction > 0 else "start") if len(way) else "nowhere")
        else:
            assert stop.reason == "breakpoint"
            assert [hit.breakpoint.number for hit in stop.hits] == numbers
        for number in numbers:
            plain[number].hits += 1
            if plain[number].once:
                del plain[number]
        here = at
        found = {one.number: (one.text, one.hits, one.enabled) for one in debugger.breakpoints}
        assert found == {number: (one.text, one.hits, one.enabled) for number, one in plain.items()}


def test_the_health_of_a_run_is_looked_at_once_and_only_if_asked(
    sick: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Trace] = []
    monkeypatch.setattr(
        "bpdebug.engine.debug.inspection.examine", lambda trace: looks.append(trace) or examine(trace)
    )
    debugger = Debugger(sick)
    debugger.breakpoints.add("y")
    stops(debugger, "continue_")
    assert looks == []
    debugger.breakpoints.add("not_finite")
    stops(debugger, "reverse_continue")
    stops(debugger, "continue_")
    assert looks == [sick]


def test_a_program_without_layers(sick: Trace) -> None:
    with pytest.raises(BpdebugError, match="there is no layer 1: the program has "):
        Breakpoints(sick.program).add("layer 1")


def test_a_deep_network_stops_at_each_layer_twice(dense_network: Callable) -> None:
    network = dense_network((2, 3, 3, 2), ("tanh", "relu", "sigmoid"))
    debugger = Debugger(run(network.program, network.inputs))
    for number in (1, 2, 3):
        debugger.breakpoints.add(f"layer {number}")
    found = stops(debugger, "continue_")
    assert [debugger.program.statements[position - 1].layer for position in found] == [1, 2, 3, 3, 2, 1]
    assert [debugger.program.statements[position - 1].name for position in found][:3] == ["z1", "z2", "z3"]
