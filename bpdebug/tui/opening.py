"""The app from Python: `bpdebug.open(case)`."""

from __future__ import annotations

import os

from bpdebug.sources.case import Case
from bpdebug.sources.opening import open_case
from bpdebug.tui.app import BpdebugApp
from bpdebug.tui.user_files import user_files


def open_source(source: Case | str | os.PathLike[str]) -> None:
    """Open the debugger on a case, and return when it is closed.

    Parameters
    ----------
    source : Case, or the path or the name of one
        A case, such as that of a recorded function; a scenario; a script or a notebook, which runs.

    Raises
    ------
    BpdebugError
        If it cannot be used.
    """
    case = source if isinstance(source, Case) else open_case(source)
    app = BpdebugApp(lambda: case, case.name, case.title, user_files())
    app.run()
    if app.problem is not None:
        raise app.problem
