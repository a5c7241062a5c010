"""The first frame of the app, against that of an empty Textual app."""

from __future__ import annotations

from tests.benchmarks.measure import Figure, figure, ratio
from tests.benchmarks.terminal import seconds_to, start, stop

EMPTY = """
from textual.app import App
from textual.widgets import Footer, Static
class Empty(App):
    def compose(self):
        yield Static("ready-mark")
        yield Footer()
Empty().run()
"""


def show(arguments: list[str], mark: str) -> None:
    """Start a program, wait for its first frame, and end it."""
    child = start(arguments)
    seconds_to(child, mark)
    stop(child)


def measure() -> list[Figure]:
    """Compare the two."""
    found = ratio(
        lambda: show(["-m", "bpdebug", "scenarios/two_layer.toml"], "sigmoid"),
        lambda: show(["-c", EMPTY], "ready-mark"),
        rounds=11,
    )
    return [figure("first frame of two_layer / of an empty Textual app", found, goal=1.5)]
