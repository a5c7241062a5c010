"""bpdebug: a step-debugger for backpropagation.

The public names are imported when they are first used (PEP 562), so that `import bpdebug` costs
nothing, and no command pays for a part that it does not use.
"""

from __future__ import annotations

from bpdebug.late import names_of

__version__ = "0.1.0"

_HOMES = {
    "assert_gradients": "bpdebug.export.assertion",
    "check": "bpdebug.verify.any_source",
    "check_network": "bpdebug.verify.arrays_of_a_network",
    "BpdebugError": "bpdebug.errors",
    "Case": "bpdebug.sources.case",
    "Debugger": "bpdebug.engine.debug.debugger",
    "Program": "bpdebug.engine.program.program",
    "Trace": "bpdebug.engine.program.trace",
    "load_ipython_extension": "bpdebug.export.cell_magic",
    "open": "bpdebug.tui.opening:open_source",
    "record": "bpdebug.sources.script.live",
    "recording": "bpdebug.sources.script.live",
    "load_scenario": "bpdebug.sources.scenario.loading",
    "trace": "bpdebug.export.traces",
    "run": "bpdebug.engine.program.trace",
}

__all__ = ["__version__", *_HOMES]


__getattr__ = names_of(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
