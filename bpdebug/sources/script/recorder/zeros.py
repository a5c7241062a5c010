"""Variables that hold the integer 0: a bias before its first step, or a sum before its first term.

An integer is nothing that could be followed, so the variable is: where it is added to something, a node of
the value 0 takes its place. One that is 0 again after it was something else begins anew: a sum in a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from bpdebug.sources.script.recorder.objects import ZeroKey
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.sites import Target


class Zeros:
    """Knows the variables that hold the integer 0.

    Parameters
    ----------
    nodes : dict
        How a variable is known -> the node that stands for it; filled here.
    add : callable
        Adds such a node, under a name.
    frame : callable
        Gives the frame of the person's code that is running.
    """

    def __init__(
        self, nodes: dict[ZeroKey, Node], add: Callable[[str], Node], frame: Callable[[], FrameType]
    ) -> None:
        self.nodes, self._add, self._frame = nodes, add, frame
        self._over: set[int] = set()

    def operands(self, targets: Sequence[Target], values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the operands of a sum, with the nodes of variables that hold the integer 0."""
        return tuple(
            self.operand(target) if type(value) is int and value == 0 else value
            for target, value in zip(targets, values, strict=True)
        )

    def operand(self, target: Target) -> Any:
        """Return the node of a variable that holds 0; 0 for what is no variable."""
        key = self._key(target)
        if key is None:
            return 0
        if key not in self.nodes or self.nodes[key].id in self._over:
            self.nodes[key] = self._add(target.text)
        return self.nodes[key]

    def is_known(self, target: Target) -> bool:
        """Whether a variable was added to something while it held 0."""
        return self._key(target) in self.nodes

    def is_over(self, node: Node) -> None:
        """Note that a variable holds 0 no more."""
        self._over.add(node.id)

    def among(self, operands: Sequence[Any]) -> Iterator[Node]:
        """Yield those of the nodes that are among some operands."""
        known = {node.id for node in self.nodes.values()}
        for operand in operands:
            if type(operand) is Node and operand.id in known:
                yield operand

    def _key(self, target: Target) -> ZeroKey | None:
        """Return how a variable, or an attribute of a variable, is known; None for anything else."""
        if target.name:
            return 0, target.name
        frame = self._frame()
        owner = frame.f_locals.get(target.owner, frame.f_globals.get(target.owner))
        attribute = target.text.removeprefix(f"{target.owner}.")
        return (id(owner), attribute) if owner is not None and attribute.isidentifier() else None
