"""`%%bpdebug` in a notebook: the cell runs as it would, and the check of what it trains is printed.

    %load_ext bpdebug

    %%bpdebug                       the report of the check; `%%bpdebug trace` prints every step
    for step in range(100):
        ...

IPython itself is never imported: it hands itself over.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from bpdebug.errors import BpdebugError
from bpdebug.export.script_report import text_report
from bpdebug.export.traces import trace
from bpdebug.sources.script.case import RecordedCase
from bpdebug.sources.script.live import run_cell
from bpdebug.verify.repair.check import check_recording

SHOWN: dict[str, Callable[[RecordedCase], str]] = {
    "check": lambda case: "".join(text_report(check_recording(case.recording))),
    "trace": trace,
}
"""What can stand behind `%%bpdebug`, and what it prints."""


def load_ipython_extension(shell: Any) -> None:
    """Give a shell of IPython the magic; `%load_ext bpdebug` calls this."""

    def magic(line: str, cell: str) -> None:
        """Run the cell, and print the check of what it trains, or with `trace` every step."""
        shown = SHOWN.get(line.strip() or "check")
        if shown is None:
            print(f"%%bpdebug: found {line.strip()}, expected {' or '.join(SHOWN)}", file=sys.stderr)
            return
        try:
            text = f"\n{shell.transform_cell(cell)}"  # the magic has the first line of the cell
            recorded = run_cell(text, f"cell[{shell.execution_count}]", shell.user_ns)
            print(shown(recorded.case), end="")
        except BpdebugError as error:
            print(error, file=sys.stderr)

    shell.register_magic_function(magic, "cell", "bpdebug")
