"""`bpdebug open`: the app, on a scenario, on a recorded script, or on the picker."""

from __future__ import annotations

import sys
from pathlib import Path

from bpdebug.cli import loading
from bpdebug.cli.output import RIGHT, is_terminal
from bpdebug.cli.request import Request
from bpdebug.errors import BpdebugError
from bpdebug.sources.opening import is_capture
from bpdebug.sources.scenario.reading import title_of
from bpdebug.tui import app
from bpdebug.tui.user_files import user_files


def open_app(request: Request | None, hides_verdicts: bool = False) -> int:
    """Open the app on what is named, or let a person choose; return the exit status."""
    if not all(map(is_terminal, (sys.stdin, sys.stdout, sys.stderr))):  # it is drawn on stderr
        if request is not None:
            loading.load(request)  # what is wrong with it goes before
        command = f"bpdebug trace {request.name if request else 'SCENARIO'}"
        needs = "the app needs a terminal on stdin, stdout and stderr"
        raise BpdebugError(f"{needs}; `{command}` works without one")
    bpdebug = opened(request)
    bpdebug.hides_verdicts = hides_verdicts
    bpdebug.run()
    if bpdebug.problem is not None:
        raise bpdebug.problem
    return bpdebug.return_code or RIGHT


def opened(request: Request | None) -> app.BpdebugApp:
    """Return the app; a scenario is loaded behind its first frame."""
    if request is None:
        return app.BpdebugApp(user=user_files())
    if request.is_script or is_capture(request.name):
        # A script runs before the app has the terminal: what it does to the terminal does no harm then.
        case = loading.load(request)
        return app.BpdebugApp(lambda: case, case.name, case.title, user_files())
    title = title_of(request.name)
    return app.BpdebugApp(lambda: loading.load(request), Path(request.name).stem, title, user_files())
