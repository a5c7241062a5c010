"""The table of the viewer's actions, and what its help says before them."""

from __future__ import annotations

from bpdebug.tui.keys.action import Action

HELP = """\
A slice of the tensor, its indices at the edges. The line below writes out the element under the
cursor. The statistics are those of the whole tensor, every element counted.

▸0.0066   the element under the cursor
0.0066≠   an element that is not the same in the other values
▒▒ -▒     heat map only, where there are no colours: positive, negative; the fuller the larger"""
"""What the help says before the keys."""

ACTIONS: tuple[Action, ...] = (
    Action("move(-1, 0)", "up", "up", "Move the cursor up", "Move"),
    Action("move(1, 0)", "down", "down", "Move the cursor down", "Move"),
    Action("move(0, -1)", "left", "left", "Move the cursor left", "Move"),
    Action("move(0, 1)", "right", "right", "Move the cursor right", "Move"),
    Action("page(-1, 0)", "pageup", "page up", "Move up by what is in sight", "Move"),
    Action("page(1, 0)", "pagedown", "page down", "Move down by what is in sight", "Move"),
    Action("page(0, -1)", "ctrl+left", "page left", "Move left by what is in sight", "Move"),
    Action("page(0, 1)", "ctrl+right", "page right", "Move right by what is in sight", "Move"),
    Action("edge(False, False)", "home", "row start", "Go to the first element of the row", "Move"),
    Action("edge(True, False)", "end", "row end", "Go to the last element of the row", "Move"),
    Action("edge(False, True)", "ctrl+home", "first", "Go to the first element of the slice", "Move"),
    Action("edge(True, True)", "ctrl+end", "last", "Go to the last element of the slice", "Move"),
    Action("go_to", "g", "go to", "Go to an element by its index, such as 3, 17", "Move", "", 1),
    Action("transpose", "T", "transpose", "Let rows be columns", "Slice", "", 2),
    Action("next_rows", "r", "rows", "Let the next axis run down", "Slice", "axes", 2),
    Action("next_columns", "c", "columns", "Let the next axis run across", "Slice", "axes", 2),
    Action("next_held", "a", "axis", "Choose the next of the axes that are sliced", "Slice", "held", 2),
    Action(
        "step_held(-1)", "left_square_bracket", "slice before", "Slice one index earlier", "Slice", "axes", 1
    ),
    Action("step_held(1)", "right_square_bracket", "after", "Slice one index later", "Slice", "axes", 1),
    Action("next_notation", "f", "format", "Write numbers in the next format", "Look", "", 1),
    Action("change_digits(1)", "plus,equals_sign", "more", "Show one digit more", "Look"),
    Action("change_digits(-1)", "minus", "fewer", "Show one digit less", "Look"),
    Action("next_look", "h", "heat map", "Numbers on the heat map, numbers, or heat map only", "Look", "", 1),
    Action("next_values", "d", "compare", "Show other values of it, or the difference", "Look", "view", 1),
    Action("histogram", "H", "histogram", "Show how many elements have which value", "Charts", "", 2),
    Action("norms", "n", "norms", "Show the norm of this gradient in each layer", "Charts", "gradients", 2),
    Action("select", "space", "select", "Select from here on, or drop the selection", "Take", "", 3),
    Action("copy('numpy')", "y", "copy", "Copy the slice or the selection as NumPy text", "Take", "", 2),
    Action("copy('csv')", "Y", "as CSV", "Copy the slice or the selection as CSV", "Take", "", 3),
    Action("export", "e", "export", "Write the whole tensor to a .npy file", "Take", "", 2),
    Action("app.next_theme", "t", "theme", "Change the colours", "bpdebug"),
    Action("help", "question_mark", "help", "Show all keys of the viewer", "bpdebug", "", 1),
    Action("close", "q,escape,m", "close", "Go back to where the viewer was opened", "bpdebug", "", 1),
)
