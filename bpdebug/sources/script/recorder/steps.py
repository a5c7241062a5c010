"""The steps of parameters: what takes the place of something else may be an update of it.

`new = c · old + delta` is a step where the delta depends on the old value in another way, through the loss.
Where the terms are added one by one, in several places, what was there before the first is the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.branches import Test, is_decided_by
from bpdebug.sources.script.recorder.journal import MISSING
from bpdebug.sources.script.recorder.objects import Objects
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.tensors import is_container, is_tensor, parts_of
from bpdebug.sources.script.recorder.updates import Update, depends_on, is_scaled, terms_beside
from bpdebug.sources.script.recorder.zeros import Zeros
from bpdebug.sources.script.sites import Site, SourceRange

DEEPEST_SLOT = 4
"""Parameters are looked for so deep in a list of lists that takes the place of another."""
LONGEST_SLOT = 256


class Steps:
    """Finds the steps of parameters.

    Parameters
    ----------
    sites : sequence of Site
        All places of the person's code.
    objects : Objects
        The arrays and numbers that are known.
    zeros : Zeros
        The variables that hold the integer 0.
    tests : sequence of Test
        What branches were decided by, so far.
    whenever_found : callable
        Is called with each step.

    Attributes
    ----------
    updates : list of Update
        The steps, in order.
    parameters : dict
        The number of a node that is a part of a step -> what it is a step of.
    leading_to : dict
        The number of a new value -> its step.
    replacing : dict
        Statement -> where the multiple of something takes the place of what it was computed from.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        objects: Objects,
        zeros: Zeros,
        tests: Sequence[Test],
        whenever_found: Callable[[Update], None],
    ) -> None:
        self.sites, self.objects, self.zeros, self.tests = sites, objects, zeros, tests
        self._whenever_found = whenever_found
        self.updates: list[Update] = []
        self.parameters: dict[int, Node] = {}
        self.leading_to: dict[int, Update] = {}
        self.replacing: dict[SourceRange, Site] = {}
        self._stepping: set[int] = set()  # the statements that have made a step

    def slot(self, site: Site, old: Any, new: Any, name: str, depth: int = 0) -> None:
        """Look whether what takes the place of something else is an update of it."""
        if old is new or old is MISSING or old is None:
            return
        if is_tensor(new):
            if is_tensor(old) and self.objects.is_known(old):
                self.check(site, self.objects.node_of(old), self.objects.node_of(new), name)
            elif type(old) is int and self.zeros.nodes:
                self.check_zero(site, self.objects.node_of(new), name)
        elif depth < DEEPEST_SLOT and is_container(old) and is_container(new) and _are_alike(old, new):
            before = parts_of(old, name)
            for part, now in parts_of(new, name).items():
                self.slot(site, before.get(part), now, part, depth + 1)

    def check(self, site: Site, old: Node, new: Node, name: str) -> None:
        """Look whether a node is a step of another: `c · old + delta`, where delta depends on it."""
        old, new = old.origin, new.origin
        if old is new or not _is_as_large(old, new):
            return
        terms = terms_beside(new, old)
        if terms is None:
            self.replaced(site, old, new)
            return
        other = self.objects.other
        if other is not None and any(other.is_differentiated(one) for _, one in terms):
            return
        parameter = self.parameters.get(old.id, old)
        own = {id(site.statement)} | ({id(new.site.statement)} if new.site else set())
        readers = {
            number
            for number in old.readers | parameter.readers
            if id(self.sites[number].statement) not in own
        }
        if not readers:
            return
        deltas = [delta for _, delta in terms]
        if any(depends_on(delta, old) for delta in deltas) or is_decided_by(deltas, old, self.tests):
            parameter = old
        elif any(depends_on(delta, one) for delta in deltas for one in self._gradients(old)):
            parameter = old  # of what is linear in it
        elif not any(depends_on(delta, parameter) for delta in deltas):
            if not terms or id(site.statement) not in self._stepping:
                if not terms:
                    self.parameters[new.id] = parameter
                return
            parameter = old  # what a statement does to one element is a step of the others too
        self._stepping.add(id(site.statement))
        update = Update(parameter, new, terms, site, name)
        known = self.leading_to.get(new.id)
        if known is None or known.new is not new:  # of `a, b = …, …` each name is seen, and then all at once
            self.updates.append(update)
        self._whenever_found(update)
        self.parameters[new.id], self.leading_to[new.id] = parameter, update
        new.replaced_readers = frozenset(readers) | old.replaced_readers

    def replaced(self, site: Site, old: Node, new: Node) -> None:
        """Note where the multiple of something takes the place of what it was computed from."""
        old, new = old.origin, new.origin
        if site.statement not in self.replacing and not any(True for _ in old.parents()):
            step = new.operands[2] if new.function is put else new
            if type(step) is Node and is_scaled(step.origin) and depends_on(step, old):
                self.replacing[site.statement] = site

    def _gradients(self, leaf: Node) -> Iterator[Node]:
        """Yield the gradients that a library has computed of a leaf."""
        for back in self.objects.other.gone_back if self.objects.other is not None else ():
            yield from (gradient for one, gradient in back.gradients if one is leaf)

    def check_zero(self, site: Site, new: Node, name: str) -> None:
        """Look whether a node is a step of a variable that was the integer 0 until now."""
        for old in self.zeros.among(new.origin.operands):
            if old.shape != new.shape:
                old._value = np.zeros(new.shape)  # it was added to everything
            self.check(site, old, new, name)
            self.zeros.is_over(old)


def _is_as_large(old: Node, new: Node) -> bool:
    """Whether a new value has the shape of the old one, or one that this was broadcast to: by its step."""
    if old.shape == new.shape:
        return True
    try:
        return bool(old.shape) and np.broadcast_shapes(old.shape, new.shape) == new.shape
    except ValueError:
        return False


def _are_alike(old: Any, new: Any) -> bool:
    """Whether a container may hold the next values of what another held, and is not too long."""
    return len(new) <= LONGEST_SLOT and (type(new) is dict or len(old) == len(new))
