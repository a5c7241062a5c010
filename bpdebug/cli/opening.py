"""`bpdebug open`: the app, on a scenario, on a recorded script, or on the picker."""

from __future__ import annotations

import sys
from pathlib import Path

from bpdebug.cli import loading
from bpdebug.cli.output import is_terminal
from bpdebug.cli.source import Source
from bpdebug.errors import BpdebugError
from bpdebug.sources.scenario.reading import title_of
from bpdebug.tui import app
from bpdebug.tui.user_files import user_files


def open_app(source: Source | None) -> None:
    """Open the app on what is named, or let a person choose."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        if source is not None:
            loading.load(source)  # what is wrong with it goes before
        command = f"bpdebug trace {source.name if source else 'SCENARIO'}"
        raise BpdebugError(f"the app needs a terminal on stdin and stdout; `{command}` works without one")
    bpdebug = opened(source)
    bpdebug.run()
    if bpdebug.problem is not None:
        raise bpdebug.problem


def opened(source: Source | None) -> app.BpdebugApp:
    """Return the app; a scenario is loaded behind its first frame."""
    if source is None:
        return app.BpdebugApp(user=user_files())
    if source.is_script:
        # A script runs before the app has the terminal: what it does to the terminal does no harm then.
        case = loading.load(source)
        return app.BpdebugApp(lambda: case, case.name, case.title, user_files())
    title = title_of(source.name)
    return app.BpdebugApp(lambda: loading.load(source), Path(source.name).stem, title, user_files())
