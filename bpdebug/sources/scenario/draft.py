"""What every way to write a scenario comes down to: tensors, and the program that they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.program.program import Program
from bpdebug.sources.problems import KeyPath
from bpdebug.sources.scenario.tensors import AnyTensor


class Incoming(NamedTuple):
    """A gradient that a file gives: of which tensor, and with its key path what it is."""

    tensor: str
    place: KeyPath
    value: AnyTensor


class Draft(NamedTuple):
    """A file that has been checked table by table, before anything is allocated.

    Attributes
    ----------
    document : mapping
        The sound values of its keys.
    tensors : mapping
        Every input under its name in the program, with its key path; but for the gradient that comes in.
    incoming : Incoming, optional
        The gradient that comes in; none where the program runs forwards only.
    build : callable
        () -> the program; only called if the file is sound.
    place_of : callable
        (statement) -> the key path of what wrote a statement of the program.
    """

    document: Mapping[str, Any]
    tensors: Mapping[str, tuple[KeyPath, AnyTensor]]
    incoming: Incoming | None
    build: Callable[[], Program]
    place_of: Callable[[Statement], KeyPath]

    @property
    def places(self) -> list[tuple[KeyPath, AnyTensor]]:
        """Every tensor with its key path, the gradient that comes in among them."""
        given = [] if self.incoming is None else [(self.incoming.place, self.incoming.value)]
        return [*self.tensors.values(), *given]

    def inputs_of(self, program: Program) -> dict[str, tuple[KeyPath, AnyTensor]]:
        """Return every tensor under its name in the program, with its key path."""
        if self.incoming is None:
            return dict(self.tensors)
        gradient = program.index.gradient(self.incoming.tensor)
        return {**self.tensors, gradient: (self.incoming.place, self.incoming.value)}
