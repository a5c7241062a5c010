"""All that is drawn, at any moment and size: nothing stale, nothing hidden without need, nothing odd."""

from __future__ import annotations

import random
import re
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.printing import written_number
from bpdebug.sources.case import Case
from bpdebug.sources.opening import open_case
from bpdebug.tui.widgets.tensor_panel import TensorPanel
from tests.examples import example
from tests.tiers import deep
from tests.tui.conftest import Session, open_app

SCRIPTS = Path(__file__).parents[2] / "scenarios" / "scripts"
MOVES = [*"npscrfNuiI", "end", "home", "tab", "down", "right", "escape"]


def opened(name: str) -> Case:
    return open_case(SCRIPTS / name) if name.endswith(".py") else example(name)


@pytest.mark.parametrize(
    ("name", "rounds"),
    [("batch", 1), *(deep(name, 6) for name in ("xor", "transformer_block", "seasons.py", "melody.py"))],
)
@pytest.mark.usefixtures("all_is_drawn")
async def test_what_is_drawn_is_of_this_moment(name: str, rounds: int) -> None:
    generator = random.Random(f"drawn {name}")
    async with open_app(opened(name)) as session:
        for _ in range(rounds):
            await session.press(*generator.choices(MOVES, k=6))
            width, height = generator.randint(20, 250), generator.randint(5, 70)
            await session.pilot.resize_terminal(width, height)
            session.screen.say()  # an answer lies over what is below it
            await session.settle()
            lines = session.text.splitlines()
            assert [cell_len(line) for line in lines] == [width] * height
            odd = {char for char in "".join(lines) if unicodedata.category(char).startswith("C")}
            assert odd == set()
            assert_in_place(session)
            for panel in session.ledger.shown:
                assert_current(session, panel)
            assert_card_is_current(session)
            assert_no_room_is_left(session)


async def test_panels_fit_where_they_lie_from_the_start() -> None:
    async with open_app("batch") as session:
        assert_in_place(session)
        assert_no_room_is_left(session)


def assert_in_place(session: Session) -> None:
    """Each panel draws for the room that it has, however often that has changed on the way."""
    rooms = {panel.panel.name: panel.region.size - (2, 2) for panel in session.ledger.shown}
    assert {panel.panel.name: panel.inside for panel in session.ledger.shown} == rooms


def assert_current(session: Session, panel: TensorPanel) -> None:
    """A panel shows numbers of its tensor as it is now, or none."""
    drawn = session.panel_text(panel.panel.name).splitlines()[1:-1]
    debugger, shown = session.debugger, panel.panel
    if shown.mark == "in part":
        value = debugger.node_value()
    else:
        value = debugger.value(shown.name) if shown.name in debugger.program.shapes else None
    if value is None:
        assert shown.value is None
        assert not any("." in line for line in drawn)
        return
    matrix = shown.slicing.part(value, slice(None), slice(None))
    known = {panel.format.cell(number).text.strip() for number in matrix.ravel().tolist()}
    indices = {str(number) for number in range(max(matrix.shape, default=0))} if panel.indexed else set()
    words = {word for line in drawn for word in line[1:-1].translate(MARKS).split()}
    assert words <= known | indices, shown.name


def assert_card_is_current(session: Session) -> None:
    """The arithmetic of the card has the numbers that its elements have now, and comes to what it says."""
    text, debugger = session.screen.operation.text, session.debugger
    if len(text.arithmetic) < 3 or debugger.node is not None:
        return
    element, symbols, numbers, *_, total = (*text.arithmetic, text.arithmetic[-1])
    ((name, index),) = elements_in(element, debugger)
    assert total == written_number(value_now(name, index, debugger), text.digits)
    if not text.tables:
        for name, index in elements_in(symbols, debugger):
            assert written_number(value_now(name, index, debugger), text.digits) in numbers
    for table in text.tables:
        for term in table.terms:
            for factor in term.factors:
                for name, index in elements_in(factor.symbols, debugger):
                    assert written_number(value_now(name, index, debugger), text.digits) in factor.numbers
        assert sum(term.value for term in table.terms) + table.remainder == pytest.approx(table.total)


def elements_in(text: str, debugger: Debugger) -> list[tuple[str, tuple[int, ...]]]:
    """The elements that arithmetic names: `dz2[0,1]·a1[3,1]`."""
    known = "|".join(re.escape(name) for name in sorted(debugger.program.shapes, key=len, reverse=True))
    found = re.findall(rf"(?<![\w.\]])({known})\[([\d,]+)\]", text)
    return [(name, tuple(map(int, place.split(",")))) for name, place in found]


def value_now(name: str, index: tuple[int, ...], debugger: Debugger) -> float:
    value = debugger.value(name)
    assert value is not None, f"{name} has not been computed yet"
    return float(value[index])


MARKS = str.maketrans(dict.fromkeys("▸[]«»{}✗…‹›", " "))


def assert_no_room_is_left(session: Session) -> None:
    """Where a number is out of sight, all columns and rows of the ledger are in use."""
    ledger = session.ledger
    if all(bands.complete for bands in ledger.lying[:1]):
        return
    region, areas = ledger.region, [panel.region.intersection(ledger.region) for panel in ledger.shown]
    columns = {x for area in areas for x in range(area.x, area.right)}
    rows = {y for area in areas for y in range(area.y, area.bottom)}
    assert columns == set(range(region.x, region.right))
    assert len(rows) >= region.height - 1


async def test_the_nearest_pair_of_another_layer_has_the_rows_that_are_left() -> None:
    async with open_app("transformer_block", (160, 48)) as session:
        session.screen.go_to("da5")
        await session.settle()
        ledger = session.screen.ledger
        assert len(ledger.lying) == 2
        assert not ledger.lying[1].complete
        assert sum(bands.height for bands in ledger.lying) >= ledger.size.height - 1
