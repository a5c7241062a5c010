"""Where the process begins and ends: `bpdebug`, and `python -m bpdebug`.

A short command would spend a third of its time on collecting garbage among freshly imported modules, and
on taking them apart at the end. Neither is done, and so the collector is switched off before the first
of them is imported (the command line waits, see `late`); the app switches it on again.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from types import ModuleType

from bpdebug import cli

SEARCH = "pydantic.plugin._loader"
"""Where pydantic searches all packages for plugins, of which bpdebug uses none. What it imports for that,
readers of archives and of mail, takes longer to load than a scenario."""


def main() -> None:
    """Run the command line and end the process with its exit status."""
    gc.disable()
    sys.modules.setdefault(SEARCH, _without_plugins())
    try:
        status = cli.run_command_line()
    except KeyboardInterrupt:  # while the command line itself is imported
        status = 130
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _without_plugins() -> ModuleType:
    search = ModuleType(SEARCH)
    vars(search)["get_plugins"] = tuple
    return search


if __name__ == "__main__":
    main()
