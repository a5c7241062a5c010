"""What every way to write a scenario comes down to: tensors, and the program that they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.program.program import Program
from bpdebug.sources.scenario.problems import KeyPath
from bpdebug.sources.scenario.tensors import AnyTensor


class Draft(NamedTuple):
    """A file that has been checked table by table, before anything is allocated.

    Attributes
    ----------
    document : mapping
        The sound values of its keys.
    tensors : mapping
        Every tensor under its name in the program, with its key path.
    build : callable
        () -> the program; only called if the file is sound.
    place_of : callable
        (statement) -> the key path of what wrote a statement of the program.
    """

    document: Mapping[str, Any]
    tensors: Mapping[str, tuple[KeyPath, AnyTensor]]
    build: Callable[[], Program]
    place_of: Callable[[Statement], KeyPath]
