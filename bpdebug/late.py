"""What is imported late: the one place that says so, and the reason why each of it waits.

Start-up pays for what it uses, and no more. Every module imports at its top, as modules do; those of `LATE`
are there at once and run when they are first asked for one of their names. So whoever can wait imports such a
module and no name from it:

    from bpdebug.tui.screens import help as help_screen      # nothing runs yet
    help_screen.HelpScreen(...)                              # now it does

The arrow between the two modules stays a plain import, for the reader, the type checker and import-linter.
What has a good reason not to run at all in most processes belongs here, and nothing else does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib._abc import Loader  # `importlib.abc` brings all that reads packages' data as well
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any

LATE = frozenset(
    f"bpdebug.{name}"
    for room, names in {
        # The process begins before anything large is imported, and each command pays for itself alone.
        "": "cli",
        "cli": "checking listing loading opening own_code plain_mode running starting tracing",
        "export": "json_trace",
        # The app's first frame needs Textual alone; NumPy, pydantic and the engine come behind it.
        "tui": "app code_check screenshot settings user_files",
        "tui.keys": "keymap",
        "tui.screens": "action_screen chart computing curve debugger_screen go_to health help picker "
        "source_screen tensor_viewer",
        "engine.language.provenance": "regions",
        "sources": "case recorded",
        # A check, and all that repairs a person's own code, is for those who ask for it.
        "present": "code_verdicts",
        "verify": "check mine_files",
        # To look at all installed packages takes longer than the rest of the start.
        "engine.language": "plugins",
        "engine.network": "losses plugins",
        # Lines and passages are asked for in the app, and by own code.
        "engine.program": "passages source_lines",
        # A scenario pays for the functions, the layers and the tables that it has.
        "engine.language.functions": "attention choosing comparisons convolutions elementary joining losses "
        "moving normalisation opaque pooling positions products shaping",
        "engine.network.layers": "activation attention combining convolution dense dropout embedding "
        "normalisation ones pooling recurrence shaping",
        "sources.capture": "loading",
        "sources.scenario": "debug loading loss mine own_program program_text reading summary training",
        "sources.tensors": "reference",
    }.items()
    for name in (f"{room}.{one}".lstrip(".") for one in names.split())
)
"""The modules that run when they are first used."""


class LateModule(ModuleType):
    """A module that has not run yet; Python asks `__getattr__` only for what is not there."""

    __late__: Run

    def __getattr__(self, name: str) -> Any:
        self.__late__(self)
        return ModuleType.__getattribute__(self, name)


class Run:
    """Runs a module, once; a thread that comes while another runs it waits until it is there.

    Each module has a lock of its own: as no two modules import each other, no two threads wait in a circle.
    """

    def __init__(self, loader: Loader) -> None:
        self.loader: Loader | None = loader
        self.lock = RLock()

    def __call__(self, module: ModuleType) -> None:
        """Run it, unless it has run or is running in this thread."""
        with self.lock:
            loader, self.loader = self.loader, None
            if loader is not None:
                loader.exec_module(module)
                module.__class__ = ModuleType


class LateLoader(Loader):
    """Makes a module wait that another loader would have run."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return what the other loader makes."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Let it wait; who asks where it came from is told of the loader that will run it."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        module.__dict__["__late__"] = Run(self.loader)
        module.__class__ = LateModule


class LateFinder:
    """Finds the modules of `LATE`, where Python would find them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module is loaded; None for one that does not wait."""
        spec = PathFinder.find_spec(name, path) if name in LATE else None
        if spec is not None and spec.loader is not None:
            spec.loader = LateLoader(spec.loader)
        return spec


def names_of(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package whose names are in modules that wait (PEP 562).

    Parameters
    ----------
    package : str
        The package.
    homes : mapping
        The module in which each of its names is; `module:name` where it has another name there.
    """

    def look_up(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, _, own_name = homes[name].partition(":")
        return getattr(import_module(home), own_name or name)

    return look_up


sys.meta_path.insert(0, LateFinder())
