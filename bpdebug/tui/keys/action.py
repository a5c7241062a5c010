"""An action: a row of a screen's table, which feeds its keys, footer, command palette and help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from textual.binding import Binding
from textual.keys import format_key

ShownWithout = Literal["", "later", "earlier", "before", "after", "inside", "playing", "layers", "element"]
HiddenWithout = Literal[
    "panel",
    "trail",
    "finding",
    "view",
    "wrong",
    "hidden",
    "corrected",
    "set",
    "iterations",
    "axes",
    "held",
    "gradients",
    "curve",
    "slices",
    "origins",
    "source",
]
Needs = Literal[ShownWithout, HiddenWithout]
"""What must be there for an action to do anything: a later moment, an earlier one, ..."""
WHY_NOT: dict[str, str] = {
    "later": "this is the end: p goes back",
    "earlier": "this is the start: n goes on",
    "before": "this is the start: n goes on",
    "after": "this is the end: p goes back",
    "inside": "not inside a statement: s goes into the next one",
    "playing": "nothing is playing: a plays",
    "layers": "this program has no layers",
    "element": "no value is there yet: n runs the next statement",
    "finding": "nothing is wrong with the health of this run",
    "view": "there are no other numbers: `set` makes some",
    "wrong": "nothing is known to be wrong so far: v begins a check, or stops the one that runs",
    "hidden": "nothing is hidden",
    "corrected": "no correction is known so far: v begins a check, or stops the one that runs",
    "set": "nothing was set",
    "iterations": "this runs once only: there is no other iteration or turn",
    "curve": "there is nothing to draw over iterations",
    "slices": "this tensor has one slice only",
    "origins": "what feeds this element lies in one slice",
    "source": "no line of your own code is current",
    "trail": "no number was followed",
}
"""What a key says that can do nothing now."""
HIDDEN_WITHOUT: frozenset[Needs] = frozenset(get_args(HiddenWithout))
"""Where these are not there, the footer does not show the action at all; else it shows it as disabled."""
SENT_FOR = {"f17": "shift+f5", "f23": "shift+f11"}
"""Function keys as many terminals send them, for the keys that are pressed."""

WORDED = "⏎⌫"
"""Keys whose sign fewer people, and fewer fonts, know than their name."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does.

    Attributes
    ----------
    action : str
        The action of its screen that it runs; the debugger's `run('step')` runs a command.
    keys : str
        The keys, separated by commas.
    label : str
        One or two words for the footer. They are also the action's name in the user's settings, so to change
        them is to break files.
    help : str
        A sentence for the palette and the help screen.
    group : str
        The heading under which the help screen lists it.
    needs : str
        What must be there for it to do anything.
    footer : int
        How important it is that the footer shows it, 1 the most; 0 for not at all.
    """

    action: str
    keys: str
    label: str
    help: str
    group: str
    needs: Needs = ""
    footer: int = 0

    @property
    def name(self) -> str:
        """Its name in the user's settings: the label as one word, `go_to`."""
        return self.label.replace(" ", "_")


def bindings(actions: Sequence[Action], prefix: str = "") -> list[Binding]:
    """Return the keys as Textual wants them.

    Parameters
    ----------
    actions : sequence of Action
        A screen's table.
    prefix : str
        Stands before each name: the user's settings give other keys to the names without one.
    """
    return [
        Binding(
            action.keys,
            action.action,
            action.label,
            show=action.footer > 0,
            tooltip=action.help,
            id=prefix + action.name,
        )
        for action in actions
    ]


def key_text(keys: str) -> str:
    """Write the keys of an action as a person reads them: `n Space F10`, `?`, `→`."""

    def name(part: str) -> str:
        shown = format_key(part)
        return shown if len(shown) == 1 and shown not in WORDED else part.capitalize()

    return " ".join("+".join(map(name, key.split("+"))) for key in keys.split(",") if key not in SENT_FOR)
