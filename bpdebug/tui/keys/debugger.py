"""The debugger's table of actions, and what its help says before them; the viewer has a table of its own."""

from __future__ import annotations

from bpdebug.tui.keys.action import Action

HELP = """\
The forward pass runs left to right along the upper row of panels; the backward pass \
runs right to left along the lower one. Every gradient lies under its tensor, cell under cell.

a_prev ──►  w  ,  b  ──►  z  ──►  a        values, forward  →
d_prev ◄──  dw ,  db ◄──  dz ◄──  da       gradients, backward  ←

written, read   what the current operation does with a tensor
▸0.0066         the selected cell; Tab goes to a panel, there the arrows move it
[0.0041]        the cells that the selected one comes from
{0.0012}        the cells that it feeds, after F
«0.0041»        of those that were compared, the winner: the largest of its window
… ‹ ›           there are more columns than have room; the border says which these are
channel 2 of 3  the slice in sight of a tensor with more than two axes
● ◆             a breakpoint beside a statement, one with a condition; ○ ◇ when disabled
set, changed    after `set`: what was replaced, and what follows from it; d shows the original
*               a watch whose value the last move has changed
✗ ~ =           a check says: wrong here; wrong only because of what it was fed; right
≈               right but for a convention, for rounding, or at a corner of a function
▾ ▸  ×5  2/5    in your own code: a call, open or folded; a line that runs in 5 turns; its second"""
"""What the help says before the keys."""

ACTIONS: tuple[Action, ...] = (
    Action(
        "run('step')",
        "n,space,f10,right",
        "next",
        "Run the next statement; in a panel, → moves the cell",
        "Step",
        "later",
        1,
    ),
    Action(
        "run('back')",
        "p,left",
        "back",
        "Go back by one statement; in a panel, ← moves the cell",
        "Step",
        "earlier",
        1,
    ),
    Action("run('into')", "s,f11", "into", "Run one node of the next statement", "Step", "later", 1),
    Action(
        "run('out')",
        "u,shift+f11,f23",
        "out",
        "Finish the statement, or the call, that one is in",
        "Step",
        "inside",
        2,
    ),
    Action("run('continue')", "c,f5", "continue", "Run to the next breakpoint", "Step", "", 1),
    Action(
        "run('reverse-continue')",
        "r,shift+f5,f17",
        "reverse",
        "Go back to the breakpoint before",
        "Step",
        "",
        3,
    ),
    Action(
        "run('next-layer')",
        "N",
        "layer",
        "Go to the next layer; in your own code, to the next pass or call",
        "Travel",
        "later",
        3,
    ),
    Action(
        "run('previous-layer')",
        "P",
        "layer back",
        "Go to the previous layer; in your own code, to the previous pass or call",
        "Travel",
        "earlier",
    ),
    Action("run('finish')", "f", "finish", "Run to the end of this pass", "Travel", "later", 3),
    Action(
        "go_to",
        "g",
        "go to",
        "Go to a step, by its number or the tensor it writes; gg goes to the start",
        "Travel",
        "",
        3,
    ),
    Action("search", "slash", "search", "Search in the program", "Travel", "", 4),
    Action(
        "go_to_finding",
        "exclamation_mark",
        "bad",
        "Go to the first bad tensor: NaN or infinite, else to the next finding",
        "Travel",
        "finding",
        4,
    ),
    Action(
        "run('next-iteration')",
        "i",
        "iteration",
        "Go to the same statement of the next iteration, or to the next turn of the line",
        "Travel",
        "iterations",
        3,
    ),
    Action(
        "run('previous-iteration')",
        "I",
        "iteration back",
        "Go to the same statement of the iteration before, or to the turn before",
        "Travel",
        "iterations",
    ),
    Action(
        "run('restart')",
        "home",
        "first",
        "Go to the start; of a training, to that of all",
        "Travel",
        "before",
    ),
    Action("run('end')", "end,G", "last", "Go to the end, of a training to its last", "Travel", "after"),
    Action(
        "curve",
        "L",
        "curve",
        "Draw the loss over all iterations; in the Watches, draw the watch",
        "Travel",
        "curve",
        3,
    ),
    Action(
        "toggle_breakpoint",
        "b,f9",
        "break",
        "Set or remove a breakpoint at the current statement, or in the Program at its cursor",
        "Stop and ask",
        "",
        2,
    ),
    Action("toggle_entries('breakpoints')", "B", "breaks", "Show the breakpoints", "Stop and ask", "", 4),
    Action("toggle_entries('watches')", "W", "watches", "Show the watches", "Stop and ask", "", 4),
    Action("command", "colon", "command", "Type a command; `help` lists them", "Stop and ask", "", 1),
    Action(
        "edit_element",
        "e",
        "what if",
        "Give the selected element another value, and see what follows",
        "Stop and ask",
        "element",
        4,
    ),
    Action("run('reset')", "R", "reset", "Drop everything that was set", "Stop and ask", "set", 2),
    Action(
        "app.focus_next", "tab", "next panel", "Go to the next panel; there, arrows move the cell", "Look"
    ),
    Action("app.focus_previous", "shift+tab", "previous panel", "Go to the previous panel", "Look"),
    Action("leave_panels", "escape", "leave", "Leave the panels, so that arrows step again", "Look", "panel"),
    Action(
        "view_tensor",
        "m",
        "tensor",
        "Open the panel's tensor, or else the result, in the tensor viewer",
        "Look",
        "",
        3,
    ),
    Action(
        "follow",
        "enter",
        "follow",
        "Follow the bracketed cell under the cursor to where it comes from; elsewhere, open the tensor",
        "Look",
        "",
        3,
    ),
    Action(
        "follow_back",
        "backspace",
        "return",
        "Return to where the last number was followed",
        "Look",
        "trail",
        3,
    ),
    Action(
        "forwards",
        "F",
        "feeds",
        "Mark what the selected number feeds, and say in which statements",
        "Look",
        "element",
        5,
    ),
    Action(
        "turn_slice(1)", "full_stop", "slice", "Select the same cell in the next slice", "Look", "slices", 2
    ),
    Action(
        "turn_slice(-1)", "comma", "slice back", "Select the same cell in the slice before", "Look", "slices"
    ),
    Action(
        "turn_origins(1)",
        "o",
        "origins",
        "Show the next slice of what the selected element comes from",
        "Look",
        "origins",
        2,
    ),
    Action(
        "turn_origins(-1)",
        "O",
        "origins back",
        "Show the slice before of what the selected element comes from",
        "Look",
        "origins",
    ),
    Action("source", "w", "code", "Show the current line in its file", "Look", "source", 3),
    Action(
        "toggle_mathematics", "M", "mathematics", "Write the Program as mathematics, or as code again", "Look"
    ),
    Action("change_digits(1)", "plus,equals_sign", "more digits", "Show one digit more", "Look"),
    Action("change_digits(-1)", "minus", "fewer digits", "Show one digit less", "Look"),
    Action(
        "toggle_pinned",
        "l",
        "pin",
        "Pin the layer in focus, or follow the program again",
        "Look",
        "layers",
        6,
    ),
    Action(
        "next_view",
        "d",
        "view",
        "Show other numbers: the original run's, your own, the difference",
        "Look",
        "view",
        2,
    ),
    Action(
        "run_check",
        "v",
        "check",
        "Check all gradients, in the background; in your own code, stop that",
        "Check",
        "",
        4,
    ),
    Action(
        "go_to_wrong(1)",
        "right_square_bracket",
        "next wrong",
        "Go to the next wrong statement",
        "Check",
        "wrong",
        1,
    ),
    Action(
        "go_to_wrong(-1)",
        "left_square_bracket",
        "wrong before",
        "Go to the wrong statement before",
        "Check",
        "wrong",
    ),
    Action("reveal", "V", "reveal", "Show what the check has found, which was hidden", "Check", "hidden", 2),
    Action(
        "toggle_corrected",
        "x",
        "corrected",
        "In your own code: the run as it would be with the corrections, or back",
        "Check",
        "corrected",
        2,
    ),
    Action("health", "H", "health", "Show how healthy the numbers of this run are, layer by layer", "Check"),
    Action("toggle_autoplay", "a", "play", "Step on without a key, or stop", "Play", "later", 4),
    Action("change_speed(2)", "greater_than_sign", "faster", "Play twice as fast", "Play", "playing"),
    Action("change_speed(0.5)", "less_than_sign", "slower", "Play half as fast", "Play", "playing"),
    Action("app.next_theme", "t", "theme", "Change the colours", "bpdebug"),
    Action("save_screenshot", "S", "screenshot", "Save the screen as an SVG image in this folder", "bpdebug"),
    Action("help", "question_mark", "help", "Show all keys and what the panels are", "bpdebug", "", 1),
    Action("app.quit", "q", "quit", "Leave bpdebug", "bpdebug", "", 1),
)
OPEN_A_LINE = frozenset({"command", "search", "go_to"})
"""The actions after which one types a line."""
