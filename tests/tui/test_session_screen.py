"""The session in the app: commands, stops, breakpoints, watches, a search, and what if."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bpdebug.commands.scripts import script_lines
from bpdebug.commands.session import Session as CommandSession
from bpdebug.commands.table import execute
from bpdebug.present.health_text import next_finding
from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.widgets.answer_area import AnswerArea
from bpdebug.tui.widgets.entry_panel import EntryPanel, EntryRows
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.prompt_line import CommandLine, SearchLine, common_start, last_words
from tests.examples import debugger_of, example
from tests.tiers import few
from tests.tui.conftest import LARGE, SMALL, Session, at_both_sizes, open_app


def answer(session: Session) -> str:
    """What stands above the keys."""
    area = session.screen.query_one(AnswerArea)
    return " ".join(session.text_at("#answer").split()) if area.display else ""


async def command(session: Session, *lines: str) -> None:
    """Type commands into the command line, which is opened for it."""
    line = session.screen.query_one(CommandLine)
    for text in lines:
        if not line.display:  # a command that moves has closed it
            await session.press("colon")
            await session.until(lambda: line.input.has_focus)
        await session.press(*text, "enter")
        await session.until(lambda: line.input.value == "")
    await session.settle()


def program_line(session: Session, name: str) -> str:
    """The line of the listing that writes a tensor."""
    lines = session.text_at("#program").splitlines()
    return next(line.strip("│") for line in lines if f" {name} = " in line)


# Commands and keys


@pytest.mark.deep
async def test_every_key_that_moves_is_recorded_and_can_be_replayed() -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "n", "s", "u", "f", "p", "N", "P", "home", "end", "b", "home", "c", "r")
        await session.pilot.click("#program", offset=(8, 4))
        await session.until(lambda: session.moment == (2, 0))
        await session.press("g", *"dw2", "enter", "n")
        replayed = CommandSession(session.screen.case)
        lines = script_lines(session.screen.session.script())
        assert lines[0] == "step 2"
        assert {"goto 2", "goto dw2", "continue", "reverse-continue", "break da0"} <= set(lines)
        assert not any(execute(replayed, line).failed for line in lines)
        assert replayed.debugger.moment == session.debugger.moment
        assert list(replayed.debugger.breakpoints) == list(session.debugger.breakpoints)


@pytest.mark.deep
async def test_looking_is_not_recorded() -> None:
    async with open_app("two_layer") as session:
        await session.focus("w1")
        await session.press("down", "plus", "l", "m", "m", "escape", "B", "W", "t", "d")
        assert session.screen.session.recorded == []


@at_both_sizes
async def test_a_command_and_its_answer(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.focus("w1")
        await command(session, "goto dw2")
        assert session.moment == (6, 0)
        assert session.panel_text("dw2").startswith("┏")  # at 80 columns the answer covers the word below
        assert "6/12 dw2 = dz2 @ a1.T (2×4)" in answer(session)
        assert "n next" in session.text.splitlines()[-1]  # a command that moves closes the line
        await session.press("escape")
        assert answer(session) == ""
        assert "n next" in session.text.splitlines()[-1]


@pytest.mark.deep
@at_both_sizes
async def test_a_command_that_fails(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await command(session, "print dw2")
        assert "dw2 is not available yet: step 5" not in answer(session)
        assert "dw2 is not available yet: step 6 writes it" in answer(session)
        assert session.screen.query_one(AnswerArea).has_class("-failed")
        await command(session, "shape dw2")
        assert answer(session) == "dw2 2×4"
        assert not session.screen.query_one(AnswerArea).has_class("-failed")


@pytest.mark.deep
@at_both_sizes
async def test_a_long_answer_scrolls(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await command(session, "help")
        area = session.screen.query_one(AnswerArea)
        assert "step [N]" in answer(session)
        assert area.region.height <= size[1] // 2
        await session.press("pagedown")
        await session.until(lambda: area.scroll_y > 0)
        for _ in range(20):
            await session.press("pagedown")
        await session.until(lambda: "quit" in answer(session))
        await session.press("pageup")
        await session.until(lambda: area.scroll_y < area.max_scroll_y)


@pytest.mark.deep
async def test_an_answer_goes_with_the_next_key_and_does_not_come_back() -> None:
    async with open_app("two_layer") as session:
        await session.press("colon", "n", "enter")
        assert "1/12 z1 = " in session.text_at("#answer")
        await session.press("slash", *"dw2")
        await session.press("enter")
        assert session.moment == (6, 0)
        assert not session.screen.prompt.answers.display


async def test_tab_completes_and_shows_the_ways_to_go_on() -> None:
    async with open_app("two_layer") as session:
        line = session.screen.query_one(CommandLine)
        await session.press("colon", *"pri", "tab")
        assert line.input.value == "print "
        await session.press(*"norm(dw", "tab")
        assert line.input.value == "print norm(dw"
        assert answer(session) == "dw1 dw2"
        await session.press(*"1)", "enter")
        await session.until(lambda: "not available yet" in answer(session))
        await session.press(*"xyz", "tab")
        assert line.input.value == "xyz"
        assert line.input.has_focus


@pytest.mark.deep
async def test_up_and_down_bring_commands_back() -> None:
    async with open_app("two_layer") as session:
        line = session.screen.query_one(CommandLine)
        await command(session, "step", "step", "shape w1")
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await session.press(key)
            seen.append(line.input.value)
        assert seen == ["shape w1", "step", "step", "shape w1", "", ""]
        await session.press("escape")
        await session.press("colon", "up")
        assert line.input.value == "shape w1"
        assert session.moment == (2, 0)


@pytest.mark.deep
async def test_another_focus_closes_the_command_line() -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "colon", *"step")
        panel = session.panel("w1")
        await session.pilot.click(panel, offset=(3, 2))
        await session.until(lambda: not session.screen.query_one(CommandLine).display)
        assert panel.has_focus
        assert session.moment == (1, 0)


@pytest.mark.deep
async def test_quit_leaves() -> None:
    async with open_app("two_layer") as session:
        await session.press("colon", *"quit", "enter")
        await session.until(lambda: not session.app._running)
        assert session.app.return_code == 0


@pytest.mark.deep
async def test_save_writes_what_was_done(tmp_path: Path) -> None:
    async with open_app("two_layer") as session:
        file = tmp_path / "session.txt"
        await session.press("n", "n", "b")
        await command(session, f"save {file}")
        assert script_lines(file.read_text()) == ["step 2", "break a1"]


# Stops


@at_both_sizes
@pytest.mark.parametrize(("there", "back"), few([("c", "r"), ("f5", "shift+f5"), ("f5", "f17")]))
async def test_continue_says_why_it_stops(size: tuple[int, int], there: str, back: str) -> None:
    async with open_app("two_layer", size) as session:
        await command(session, "break norm(dw1) > 0.001", "break dw2")
        await session.press("escape", there)
        assert session.moment == (6, 0)
        assert answer(session) == "breakpoint 2, dw2"
        await session.press(there)
        assert session.moment == (10, 0)
        assert answer(session).startswith("breakpoint 1, norm(dw1) > 0.001: norm(dw1) = 0.0")
        await session.press(there)
        assert (session.moment, answer(session)) == ((12, 0), "no breakpoint before the end")
        await session.press(there)
        assert (session.moment, answer(session)) == ((12, 0), "at the end")
        await session.press(back, back)
        assert (session.moment, answer(session)) == ((6, 0), "breakpoint 2, dw2")
        await session.press(back)
        assert (session.moment, answer(session)) == ((0, 0), "no breakpoint before the start")
        await session.press("l")
        assert answer(session) == ""


# The gutter


async def test_b_sets_and_removes_a_breakpoint_at_the_current_statement() -> None:
    async with open_app("two_layer") as session:
        await session.press("b")
        assert "nothing has run yet" in answer(session)
        await session.press("n", "b")
        assert program_line(session, "z1").startswith("● ▶ z1")
        assert "breakpoint 1 z1" in answer(session)
        await session.press("n")
        assert program_line(session, "z1").startswith("● ✓ z1")
        await session.press("p", "b")
        assert program_line(session, "z1").startswith("  ▶ z1")
        assert list(session.debugger.breakpoints) == []


@pytest.mark.deep
async def test_b_in_the_program_is_about_the_line_of_the_cursor() -> None:
    async with open_app("two_layer") as session:
        session.screen.query_one(ProgramView).focus()
        await session.press(*["down"] * 10, "b")
        assert program_line(session, "dw2").startswith("●   dw2")
        assert session.moment == (0, 0)
        await session.press("enter")
        assert session.moment == (6, 0)


@pytest.mark.deep
async def test_a_click_on_the_gutter() -> None:
    async with open_app("two_layer") as session:
        row = next(
            row for row, line in enumerate(session.text_at("#program").splitlines()) if "dw2 =" in line
        )
        await session.pilot.click("#program", offset=(1, row))
        await session.until(lambda: program_line(session, "dw2").startswith("●"))
        assert session.moment == (0, 0)
        await session.pilot.click("#program", offset=(2, row))
        await session.until(lambda: program_line(session, "dw2").startswith(" "))
        await session.pilot.click("#program", offset=(3, row))
        await session.until(lambda: session.moment == (6, 0))
        await session.pilot.click("#program", offset=(1, 1))  # a heading has no breakpoint
        await session.until(lambda: session.moment == (1, 0))
        assert list(session.debugger.breakpoints) == []


@pytest.mark.deep
async def test_breakpoints_differ_by_a_character() -> None:
    async with open_app("two_layer") as session:
        await command(session, "break z1", "break z2", "disable 2", "break dw2 if norm(dw2) > 1")
        await command(session, "break norm(dw1) > 1", "disable 4")
        marks = {name: program_line(session, name)[0] for name in ("z1", "z2", "dw2", "dw1", "a1")}
        assert marks == {"z1": "●", "z2": "○", "dw2": "◆", "dw1": "◇", "a1": " "}


# The search


@at_both_sizes
async def test_search(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        program = session.screen.query_one(ProgramView)
        await session.press("n", "slash", *"sum")
        await session.until(lambda: program.position_at_cursor == 7)
        assert "db2 = sum" in session.text_at("#program")
        await session.press("down")
        await session.until(lambda: program.position_at_cursor == 11)
        await session.press("down")
        await session.until(lambda: program.position_at_cursor == 7)
        await session.press("up", "up")
        await session.until(lambda: program.position_at_cursor == 7)
        assert session.moment == (1, 0)
        await session.press("enter")
        await session.until(lambda: session.moment == (7, 0))
        assert not session.screen.query_one(SearchLine).display


@pytest.mark.deep
@at_both_sizes
async def test_a_search_can_be_left(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        program = session.screen.query_one(ProgramView)
        panel = await session.focus("w1")
        before = session.text
        await session.press("slash", *"relu_prime")
        await session.until(lambda: program.position_at_cursor == 9)
        assert session.text != before
        await session.press("escape")
        await session.until(lambda: panel.has_focus)
        await session.until(lambda: session.text == before)


@pytest.mark.deep
async def test_what_is_not_found_says_so() -> None:
    async with open_app("two_layer") as session:
        program = session.screen.query_one(ProgramView)
        await session.press("n", "slash", *"sumo")
        await session.until(lambda: answer(session) == "sumo is not in the program")
        assert program.position_at_cursor == 1
        await session.press("backspace")
        await session.until(lambda: program.position_at_cursor == 7)
        assert answer(session) == ""


# The lists


@pytest.mark.deep
@at_both_sizes
async def test_breakpoints_are_changed_in_place(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("B")
        rows = session.screen.query_one("#breakpoints", EntryPanel).rows
        await session.until(lambda: rows.has_focus)
        assert "no breakpoints" in session.text_at("#breakpoints")
        await session.press("a", *"dw2", "enter")
        await session.until(lambda: "● 1 dw2" in session.text_at("#breakpoints"))
        assert rows.has_focus
        await session.press("a", *"db2", "enter")
        await session.until(lambda: "● 2 db2" in session.text_at("#breakpoints"))
        await session.press("down", "space")
        await session.until(lambda: "○ 2 db2" in session.text_at("#breakpoints"))
        assert "disabled" in session.text_at("#breakpoints")
        await session.press("space", "up")
        await session.until(lambda: "● 2 db2" in session.text_at("#breakpoints"))
        await session.press("enter", *" if norm(dw2) > 1", "enter")
        await session.until(lambda: "◆ 1 dw2 if norm(dw2) > 1" in session.text_at("#breakpoints"))
        await session.press("x")
        await session.until(lambda: "dw2" not in session.text_at("#breakpoints"))
        await session.press("delete", "delete")
        await session.until(lambda: "no breakpoints" in session.text_at("#breakpoints"))
        await session.press("B")
        assert not session.screen.query_one("#breakpoints").display
        assert session.screen.session.recorded == [
            "break dw2", "break db2", "disable 2", "enable 2", "rebreak 1 dw2 if norm(dw2) > 1",
            "delete 1", "delete 2",
        ]  # fmt: skip


@pytest.mark.deep
@at_both_sizes
@pytest.mark.parametrize(("key", "name"), few([("B", "breakpoints"), ("W", "watches")]))
async def test_a_text_that_is_refused_stays_to_be_mended(size: tuple[int, int], key: str, name: str) -> None:
    async with open_app("two_layer", size) as session:
        await session.press(key, "a", *"dw9 >", "enter")
        panel = session.screen.query_one(f"#{name}", EntryPanel)
        refusal = panel.query_one(".refusal")
        await session.until(lambda: refusal.display and refusal.region.height > 0)
        assert panel.rows.entries == ()
        await session.press("backspace", "backspace", "backspace", "2", "enter")
        await session.until(lambda: [entry.text for entry in panel.rows.entries] == ["dw2"])
        assert not refusal.display
        await session.press("e", "0", "enter")
        await session.until(lambda: refusal.display)
        await session.press("escape")
        await session.until(lambda: panel.rows.has_focus)
        assert not refusal.display
        assert [entry.text for entry in panel.rows.entries] == ["dw2"]
        await session.press("e", "escape", "e", "enter")  # unchanged
        assert [entry.number for entry in panel.rows.entries] == [1]


@pytest.mark.deep
async def test_a_key_of_an_empty_list_says_why_it_does_nothing() -> None:
    async with open_app("two_layer") as session:
        await session.press("B")
        for key in ("e", "x", "space"):
            await session.press("down", key)
            await session.until(lambda: "no breakpoints: a adds one" in answer(session))
            assert session.moment == (0, 0)


@pytest.mark.deep
async def test_watches_follow_the_run() -> None:
    async with open_app("two_layer") as session:
        await session.press("W", "a", *"norm(dz2)", "enter", "a", *"sum(a0)", "enter")

        def shown() -> str:
            return session.text_at("#watches")

        await session.until(lambda: "2 sum(a0)" in shown())
        assert "dz2 is not available yet: step 5 writes it" in shown()
        await session.press("f", "n")
        await session.until(lambda: "* 1 norm(dz2)  0.0284" in shown())
        assert "  2 sum(a0)    2.0" in shown()
        await session.press("n")
        await session.until(lambda: "  1 norm(dz2)  0.0284" in shown())
        await session.press("e", *["backspace"] * 9, *"norm(dw2)", "enter")
        await session.until(lambda: "  1 norm(dw2)  0.0722" in shown())
        assert "norm(dz2)" not in shown()
        await session.press("x", "x")
        await session.until(lambda: "no watches" in shown())


@pytest.mark.deep
async def test_a_click_on_a_breakpoint_goes_there() -> None:
    async with open_app("two_layer") as session:
        await command(session, "break role dw", "break not_finite")
        await session.press("escape", "B")
        await session.pilot.click(EntryRows, offset=(5, 0))
        await session.until(lambda: session.moment == (6, 0))
        await session.pilot.click(EntryRows, offset=(5, 0))
        await session.until(lambda: session.moment == (10, 0))
        await session.pilot.click(EntryRows, offset=(5, 0))
        await session.until(lambda: session.moment == (6, 0))
        await session.pilot.click(EntryRows, offset=(5, 1))  # its place is known from a run only
        await session.pilot.click(EntryRows, offset=(5, 2))
        assert session.moment == (6, 0)


@pytest.mark.deep
async def test_space_in_the_watches_steps() -> None:
    async with open_app("two_layer") as session:
        await session.press("W", "space")
        assert session.moment == (1, 0)


@pytest.mark.deep
async def test_what_a_scenario_brings_is_there_from_the_start() -> None:
    scenario = replace(example("two_layer"), breakpoints=("dw2",), watches=("norm(dw1)",))
    async with open_app(scenario) as session:
        assert "1 norm(dw1)" in session.text_at("#watches")
        assert not session.screen.query_one("#breakpoints").display
        assert session.app.focused is None
        assert program_line(session, "dw2").startswith("●")
        await session.press("c")
        assert session.moment == (6, 0)


@pytest.mark.deep
@pytest.mark.parametrize("name", few(["batch", "two_layer", "find_the_bug"]))
async def test_the_ledger_keeps_its_numbers_beside_the_lists(name: str) -> None:
    async with open_app(name, LARGE) as session:
        await session.press("end")
        await session.settle()
        in_use = [panel for panel in session.ledger.panels if panel.panel.mark in ("written", "read")]
        before = [session.text_at(f"#{panel.id}") for panel in in_use]
        await session.press("B", "W")
        await session.settle()
        numbers = [re.findall(r"-?\d+\.\d+", text) for text in before]
        assert all(numbers)
        assert [
            re.findall(r"-?\d+\.\d+", session.text_at(f"#{panel.id}")) for panel in in_use
        ] == numbers  # the others give their room
        breakpoints, watches = (
            session.screen.query_one(f"#{kind}").region for kind in ("breakpoints", "watches")
        )
        assert breakpoints.y == watches.y
        assert breakpoints.right == watches.x
        assert all(panel.region.bottom <= watches.y for panel in session.ledger.panels)


@pytest.mark.deep
async def test_watches_that_are_only_looked_at_hide_no_numbers() -> None:
    async with open_app(replace(example("two_layer"), watches=("norm(dw1)", "z1[0,0]")), SMALL) as session:
        await session.press("f", "n", "n")
        await session.settle()
        assert "2 z1[0,0]" in session.text
        top = session.screen.query_one("#watches").region.y
        assert all(panel.region.bottom <= top for panel in session.ledger.shown)


async def test_on_a_small_screen_the_lists_lie_over_the_ledger() -> None:
    async with open_app("two_layer", SMALL) as session:
        await session.settle()
        heights = [panel.region.height for panel in session.ledger.panels]
        before = session.text
        await session.press("W")
        await session.settle()
        assert [panel.region.height for panel in session.ledger.panels] == heights
        assert "no watches" in session.text
        await session.press("W")
        await session.until(lambda: session.text == before)


# The first bad tensor


async def test_the_first_bad_tensor_is_one_key_away() -> None:
    async with open_app("not_finite") as session:
        producer = next(finding for finding in session.debugger.findings if finding.is_producer)
        await session.press("n", "n", "exclamation_mark")
        assert session.moment == (producer.position, 0)
        assert producer.text in answer(session)
        assert producer.advice in answer(session)
        assert session.screen.session.recorded[-1] == f"goto {producer.position}"


@pytest.mark.deep
async def test_a_healthy_run_has_no_bad_tensor() -> None:
    async with open_app("relu_layer") as session:
        action = next(action for action in ACTIONS if action.action == "go_to_finding")
        if session.debugger.findings:
            pytest.skip("this run is not healthy")
        await session.press("n")
        assert session.screen.can_run(action)
        await session.press("exclamation_mark")
        assert "nothing is wrong" in answer(session)
        assert session.moment == (1, 0)
        assert not session.screen.can_run(action)
        await command(session, "set w1[0,0] = 1e300 * 1e300")
        assert session.screen.can_run(action)


def test_other_findings_come_round() -> None:
    debugger = debugger_of("two_layer")
    debugger.replace("da2", 0 * debugger.trace.values["da2"])
    findings = debugger.findings
    assert len({finding.position for finding in findings}) > 2
    seen, position = [], -1
    for _ in findings:
        found = next_finding(findings, position)
        assert found is not None
        position = found.position
        seen.append(position)
    assert seen[:3] == sorted(seen)[:3]
    last = max(finding.position for finding in findings)
    assert next_finding(findings, last) == findings[0]
    assert next_finding((), 0) is None


# What if


@pytest.mark.deep
@at_both_sizes
async def test_what_if_shows_changed_original_and_difference(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("end")
        await command(session, "set w1[0,1] = 0.9")
        await session.press("escape")
        original, changed = session.debugger.original.values["z1"], session.debugger.trace.values["z1"]
        assert "what if: w1 set" in session.text_at("#status")
        assert "set" in session.panel_text("w1").splitlines()[-1]
        assert "changed" in session.panel_text("z1").splitlines()[-1]
        assert "changed" not in session.panel_text("b1")
        assert f"{changed[0, 0]:.3f}" in session.panel_text("z1")
        await session.press("d")
        assert "original" in session.text_at("#status")
        assert "original" in session.panel_text("z1").splitlines()[-1]
        assert f"{original[0, 0]:.3f}" in session.panel_text("z1")
        await session.press("d")
        assert "what if − original" in session.text_at("#status")
        assert f"{changed[0, 0] - original[0, 0]:.4f}" in session.panel_text("z1")
        await session.press("d")
        assert f"{changed[0, 0]:.3f}" in session.panel_text("z1")
        await session.press("R")
        assert "dropped: w1" in answer(session)
        assert "what if" not in session.text_at("#status")
        assert "changed" not in session.panel_text("z1")
        assert f"{original[0, 0]:.3f}" in session.panel_text("z1")
        await session.press("d", "R")
        assert session.screen.chosen.view == "run"


async def test_e_edits_the_selected_element() -> None:
    async with open_app("two_layer") as session:
        line = session.screen.query_one(CommandLine)
        await session.press("e")
        assert not line.display  # at the start nothing is selected
        await session.focus("w1")
        await session.press("right", "e")
        value = session.debugger.trace.values["w1"][0, 1]
        assert line.input.value == f"set w1[0,1] = {value}"
        await session.press(
            *"0.5", "enter"
        )  # what is typed takes the place of the old value; the line closes
        assert not line.display
        await session.until(lambda: "what if: w1 set" in session.text_at("#status"))
        assert session.debugger.trace.values["w1"][0, 1] == 0.5
        await session.until(lambda: "w1[0,1] was set: 0.5" in session.text_at("#operation"))
        assert session.panel("w1").has_focus


@pytest.mark.deep
async def test_e_leaves_the_value_open_where_the_language_has_no_word_for_it() -> None:
    async with open_app("not_finite") as session:
        await session.focus("a0")
        await session.press("right", "e")
        assert session.screen.query_one(CommandLine).input.value == "set a0[0,1] = "


@pytest.mark.deep
async def test_verdicts_compare_with_the_original_run() -> None:
    async with open_app("find_the_bug") as session:
        await session.until(lambda: session.screen.checking.check.verdicts.report is not None)
        await session.press("end")
        await session.settle()
        wrong = session.screen.checking.check.verdicts.wrong_positions
        await command(session, "set w2[0,0] = 5")
        await session.press("escape", "d", "d", "d")
        assert session.screen.chosen.view == "mine"
        await session.press("d")
        own, right = (
            session.screen.checking.check.verdicts.mine["dz1"],
            session.debugger.original.values["dz1"],
        )
        assert session.screen.chosen.views.value("dz1", "difference")[0, 0] == own[0, 0] - right[0, 0]
        assert session.screen.checking.check.verdicts.wrong_positions == wrong
        assert "✗" in session.panel_text("dz1")


@pytest.mark.parametrize(
    ("lines", "start", "words"),
    [
        (["print dw1", "print dw2"], "print dw", ["dw1", "dw2"]),
        (["break ", "back "], "b", ["break", "back"]),
        (["print norm(dw1", "print norm(norm("], "print norm(", ["dw1", "norm("]),
        (["step "], "step ", [""]),
    ],
)
def test_ways_to_go_on(lines: list[str], start: str, words: list[str]) -> None:
    assert common_start(lines) == start
    assert last_words(lines) == words
