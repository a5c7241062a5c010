"""Actions: a row of a screen's table feeds its keys, footer, command palette and help.

The debugger's table is here; the tensor viewer's is in its own room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

Needs = Literal[
    "", "later", "earlier", "inside", "panel", "mine", "wrong", "axes", "held", "others", "gradients"
]
"""What must be there for an action to do anything: a later moment, an earlier one, ..."""
RARE: frozenset[Needs] = frozenset({"mine", "wrong", "axes", "held", "others", "gradients"})
"""What some scenarios and some tensors never have: without it the footer leaves the action out."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does.

    Attributes
    ----------
    action : str
        The action of its screen that it runs.
    keys : str
        The keys, separated by commas.
    label : str
        One or two words for the footer.
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


ACTIONS: tuple[Action, ...] = (
    Action(
        "move('step')",
        "n,space,f10,right",
        "next",
        "Run the next statement; in a panel, → moves the cell",
        "Step",
        "later",
        1,
    ),
    Action(
        "move('back')",
        "p,left",
        "back",
        "Go back by one statement; in a panel, ← moves the cell",
        "Step",
        "earlier",
        1,
    ),
    Action("move('into')", "s,f11", "into", "Run one node of the next statement", "Step", "later", 1),
    Action("move('out')", "u,shift+f11", "out", "Finish the statement that one is in", "Step", "inside", 1),
    Action("move('next_layer')", "N", "layer", "Go to the next layer", "Travel", "later", 2),
    Action("move('previous_layer')", "P", "layer back", "Go to the previous layer", "Travel", "earlier", 3),
    Action("move('finish_phase')", "f", "finish", "Run to the end of this pass", "Travel", "later", 2),
    Action("go_to", "g", "go to", "Go to a step, by its number or the tensor it writes", "Travel", "", 2),
    Action("move('restart')", "home", "first", "Go to the start", "Travel", "earlier"),
    Action("move('end')", "end", "last", "Go to the end", "Travel", "later"),
    Action(
        "app.focus_next", "tab", "next panel", "Go to the next panel; there, arrows move the cell", "Look"
    ),
    Action("app.focus_previous", "shift+tab", "previous panel", "Go to the previous panel", "Look"),
    Action("leave_panels", "escape", "leave", "Leave the panels, so that arrows step again", "Look", "panel"),
    Action(
        "view_tensor",
        "m,enter",
        "view",
        "Open the panel's tensor, or else the result, in the tensor viewer",
        "Look",
        "",
        3,
    ),
    Action("change_digits(1)", "plus,equals_sign", "more digits", "Show one digit more", "Look"),
    Action("change_digits(-1)", "minus", "fewer digits", "Show one digit less", "Look"),
    Action("toggle_pinned", "l", "pin", "Pin the layer in focus, or follow the program again", "Look", "", 4),
    Action("run_check", "v", "check", "Check all gradients, in the background", "Check", "", 3),
    Action(
        "next_view", "d", "yours", "Show the reference, your numbers, or the difference", "Check", "mine", 2
    ),
    Action(
        "go_to_wrong(1)",
        "right_square_bracket",
        "next wrong",
        "Go to the next wrong statement",
        "Check",
        "wrong",
        4,
    ),
    Action(
        "go_to_wrong(-1)",
        "left_square_bracket",
        "wrong before",
        "Go to the wrong statement before",
        "Check",
        "wrong",
    ),
    Action("app.next_theme", "t", "theme", "Change the colours", "bpdebug"),
    Action("help", "question_mark", "help", "Show all keys and what the panels are", "bpdebug", "", 1),
    Action("app.quit", "q", "quit", "Leave bpdebug", "bpdebug", "", 1),
)


def bindings(actions: Sequence[Action]) -> list[Binding]:
    """Return the keys as Textual wants them."""
    return [
        Binding(action.keys, action.action, action.label, show=action.footer > 0, tooltip=action.help)
        for action in actions
    ]


def key_text(keys: str) -> str:
    """Write the keys of an action as a person reads them: `n, space, F10`."""
    names = {"question_mark": "?", "plus": "+", "equals_sign": "=", "minus": "-", "right": "→", "left": "←"}
    names |= {"up": "↑", "down": "↓", "pageup": "PgUp", "pagedown": "PgDn", "escape": "Esc"}
    names |= {"right_square_bracket": "]", "left_square_bracket": "["}

    def name(key: str) -> str:
        parts = (part.capitalize() if len(part) > 1 else part for part in key.split("+"))
        return names.get(key) or "+".join(parts)

    return " ".join(name(key) for key in keys.split(","))
