"""Libraries whose tensors are no arrays of NumPy's: a recorder is let see what these go through."""

from __future__ import annotations

import re
from contextlib import ExitStack
from importlib.util import find_spec

from bpdebug.late import names_of
from bpdebug.sources.script.recorder.recorder import Recorder

LIBRARIES = ("torch", "jax")
"""The libraries whose tensors are no arrays of NumPy's."""
watch_of = names_of("libraries", {name: f"bpdebug.sources.{name}.watching:watch" for name in LIBRARIES})
"""A library -> what lets a recorder see what its tensors go through; only who uses it imports it."""


def see_libraries(recorder: Recorder, text: str, stack: ExitStack) -> None:
    """Let a recorder see what is computed by a library that a text imports, until the stack is closed."""
    for name in LIBRARIES if recorder.other is None else ():
        if re.search(rf"^\s*(?:import|from)\s+{name}\b", text, re.MULTILINE) and find_spec(name):
            stack.enter_context(watch_of(name)(recorder))
