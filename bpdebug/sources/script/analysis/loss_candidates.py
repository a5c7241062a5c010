"""What may be the loss: a number that the script computes, or one that its backward pass implies."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bpdebug.sources.script.analysis.chains import DIVIDE
from bpdebug.sources.script.analysis.errors import Error
from bpdebug.sources.script.analysis.kinds import ImpliedKind
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.sites import Site


class LossCandidate(NamedTuple):
    """What may be the loss.

    Attributes
    ----------
    roots : tuple of Node
        What has to be computed for it.
    line : int
        The line of the script that says so.
    errors : tuple of Error
        For an implied loss, where it is implied; empty for an explicit one.
    kind : ImpliedKind or None
        For an implied loss, which.
    leaves_epsilon_out : bool
        Whether a small number within a logarithm is left out.
    may_grow : bool
        Whether it may be meant to be made larger.
    is_part : bool
        Whether another one is computed from it, or from what it may be equal to.
    is_derived : bool
        Whether a library has derived it: then a gradient is its own, and no multiple of it.
    parts : tuple of LossCandidate
        What it is the sum of, where it was written once more because something is taken as a constant.
    constants : tuple of Node
        What is taken as one, although it is computed from the parameters.
    is_named : bool
        Whether an explicit loss is called one, or what returned it is.
    groups : tuple of frozenset of str
        The names of the parameters of each part, where they are stepped by themselves; empty where not.
    given : frozenset of int
        The numbers of what is given, whatever it was computed from: new values of parameters, of which the
        loss of a later turn is computed.
    """

    roots: tuple[Node, ...]
    line: int
    errors: tuple[Error, ...] = ()
    kind: ImpliedKind | None = None
    leaves_epsilon_out: bool = False
    may_grow: bool = False
    is_part: bool = False
    is_derived: bool = False
    parts: tuple[LossCandidate, ...] = ()
    constants: tuple[Node, ...] = ()
    is_named: bool = False
    groups: tuple[frozenset[str], ...] = ()
    given: frozenset[int] = frozenset()

    @property
    def ends(self) -> tuple[Node, ...]:
        """What ends the forward pass: the roots, and those of its parts."""
        return (*self.roots, *(node for one in self.parts for node in one.roots))

    @property
    def site(self) -> Site | None:
        """The place that says so."""
        return (self.errors[0].node if self.errors else self.roots[0]).site

    @property
    def is_explicit(self) -> bool:
        """Whether the script computes it."""
        return self.kind is None and all(one.is_explicit for one in self.parts)

    @property
    def is_expected(self) -> bool:
        """Whether an implied loss is the one that goes with its output: a cross-entropy with a softmax."""
        return self.kind is not None and (self.kind.name == "cross-entropy") == is_softmax(self.roots[0])

    @property
    def node(self) -> Node | None:
        """For an explicit loss, the scalar."""
        return self.roots[0] if self.kind is None else None


def is_softmax(node: Node) -> bool:
    """Whether a tensor is a quotient of exponentials: `exp(z) / sum(exp(z))`."""
    node = node.origin
    if node.function not in DIVIDE or type(node.operands[0]) is not Node:
        return False
    return node.operands[0].origin.function in (np.exp, math.exp)
