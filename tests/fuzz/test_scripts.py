"""Whatever stands in a person's own script, it is recorded as Python runs it, or why not is said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bpdebug.errors import BpdebugError, ScriptError
from bpdebug.sources.script import record_script
from bpdebug.sources.script.case import case_of
from bpdebug.sources.script.recording import RecordingOptions
from tests.fuzz.scratch import assert_printable, folder
from tests.tiers import examples
from tests.two_layers import TWO_LAYERS

PIECES = [
    "h",
    "w1",
    "w1 = None",
    "del x",
    "[]",
    "np.zeros((0, 3))",
    "np.float32(1)",
    "float('nan')",
    "x[::0]",
    "1 / 0",
    "raise KeyError(h)",
    "print('\\x1b[2J')",
    "def f(): yield",
    "class A(np.ndarray): pass",
    "lambda: x",
    "import nowhere",
    "(",
    "\t",
    "\x0c",
    "\x00",
    "é",
    ".T",
    "@",
    "-",
    "*",
]


@examples(2)
@given(st.data())
def test_a_script(data: st.DataObject) -> None:
    lines = TWO_LAYERS.splitlines()
    for _ in range(data.draw(st.integers(0, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        line, piece = lines[number], data.draw(st.sampled_from(PIECES))
        start = data.draw(st.integers(0, len(line)))
        lines[number] = line[:start] + piece + line[start + data.draw(st.integers(0, 4)) :]
    path = folder() / "net.py"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        recording = record_script(path, options=RecordingOptions(seconds=5.0))
    except ScriptError as error:
        assert_printable(error.problems)
        return
    try:
        case = case_of(recording)
    except BpdebugError as error:
        assert_printable(str(error).split("\n"))
        return
    assert case.program.shapes.keys() >= case.values.keys()
