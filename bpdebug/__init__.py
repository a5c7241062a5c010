"""bpdebug: a step-debugger for backpropagation.

The public names are imported when they are first used (PEP 562), so that `import bpdebug` costs
nothing, and no command pays for a part that it does not use.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "assert_gradients": "bpdebug.export.assertion",
    "check": "bpdebug.verify.any_source",
    "BpdebugError": "bpdebug.errors",
    "Case": "bpdebug.sources.case",
    "Debugger": "bpdebug.engine.debug.debugger",
    "Program": "bpdebug.engine.program.program",
    "Trace": "bpdebug.engine.program.trace",
    "load_ipython_extension": "bpdebug.export.cell_magic",
    "open": "bpdebug.tui.opening:open_source",
    "record": "bpdebug.sources.script.live",
    "recording": "bpdebug.sources.script.live",
    "load_scenario": "bpdebug.sources.scenario",
    "trace": "bpdebug.export.traces",
    "run": "bpdebug.engine.program.trace",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bpdebug' has no attribute {name!r}")
    home, _, own_name = _HOMES[name].partition(":")
    return getattr(importlib.import_module(home), own_name or name)


def __dir__() -> list[str]:
    return sorted(__all__)
