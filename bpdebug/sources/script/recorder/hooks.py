"""The hooks: each does what Python would have done, and lets the recorder see it.

They stand among the builtins while a script runs, under the names that the instrumentation writes. When it is
over, the quiet hooks take their place.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from bpdebug.sources.script.instrumentation.operators import BINARY, UNARY, hook_of
from bpdebug.sources.script.recorder.branches import Test
from bpdebug.sources.script.recorder.calls import called
from bpdebug.sources.script.recorder.changes import augmented
from bpdebug.sources.script.recorder.held import LONGEST
from bpdebug.sources.script.recorder.library_calls import iterated
from bpdebug.sources.script.recorder.operations import Attribute, of_matrices
from bpdebug.sources.script.recorder.quiet import CONTROL, SEEN, named
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.statements import add_value, bind, item_name, name_arguments
from bpdebug.sources.script.recorder.stores import PLAIN, Change, Store
from bpdebug.sources.script.recorder.tensors import is_other, is_row, is_tensor
from bpdebug.sources.script.recorder.tracebacks import caught
from bpdebug.sources.script.recorder.unpacking import LoopTurns, taken, unpacked


class Hooks:
    """The hooks of one recording, by the names that the instrumentation writes."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.sites = recorder.sites

    def table(self) -> dict[str, Callable[..., Any]]:
        """Return the builtins that instrumented code needs."""
        kinds = {kind: getattr(self, kind) for kind in (*SEEN, *CONTROL, "attribute", "subscript")}
        operators = {hook_of(one): make(one) for make, ones in self.operators() for one in ones}
        return named({**kinds, **operators})

    def operators(self) -> tuple[tuple[Callable[..., Any], Collection[Callable[..., Any]]], ...]:
        """Return what makes the hook of an operator, and for which."""
        return (self.binary, BINARY.values()), (self.unary, UNARY.values()), (self.augment, PLAIN)

    # ---- operators

    def binary(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        """`left + right`, and every other operator and comparison of two."""
        recorder, sites = self.recorder, self.sites

        def hook(number: int, left: Any, right: Any) -> Any:
            result = operation(left, right)
            if recorder.on:
                kind = type(result)
                if kind is bool or kind is np.bool_:
                    self.compared(sites[number], left, right, bool(result))
                elif kind is list:
                    if operation is operator.mul and len(result) <= LONGEST:
                        result[:] = map(self._own, result)
                elif kind is not int and kind is not str:
                    site = sites[number]
                    seen = (left, right)
                    if site.targets and (type(left) is int or type(right) is int):
                        seen = recorder.zeros.operands(site.targets, seen)
                    carried_out = of_matrices(operation, left, right) if kind is np.matrix else operation
                    recorder.record(site, carried_out, seen, NOTHING, result)
            return result

        return hook

    def compared(self, site: Any, left: Any, right: Any, truth: bool) -> None:
        """Keep what a comparison of known numbers gave: it may decide a branch."""
        objects = self.recorder.objects
        if id(left) in objects.known or id(right) in objects.known:
            left, right = (
                objects.node_of(side) if is_tensor(side) and id(side) in objects.known else side
                for side in (left, right)
            )
            self.recorder.tests.append(Test(site, site.operator, left, right, truth, self.recorder.time))

    def unary(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        """`-x`, `+x`, `~x`."""
        recorder, sites = self.recorder, self.sites

        def hook(number: int, operand: Any) -> Any:
            result = operation(operand)
            if recorder.on and type(result) is not int:
                recorder.record(sites[number], operation, (operand,), NOTHING, result)
            return result

        return hook

    # ---- attributes, subscripts, calls

    def attribute(self, number: int, owner: Any, name: str) -> Any:
        """`x.T`."""
        result = getattr(owner, name)
        if self.recorder.on and isinstance(owner, np.ndarray):
            self.recorder.record(self.sites[number], Attribute(name), (owner,), NOTHING, result)
        return result

    def subscript(self, number: int, owner: Any, index: Any) -> Any:
        """`x[i]`: a part of an array, or what a container holds."""
        result = owner[index]
        recorder = self.recorder
        if recorder.on:
            if isinstance(owner, np.ndarray):
                recorder.record(self.sites[number], operator.getitem, (owner, index), NOTHING, result)
            elif is_other(owner):
                return result
            elif is_tensor(result) and recorder.objects.is_known(result):
                node = recorder.objects.node_of(result)
                if not node.names:  # it was put there by `insert`, or by a library
                    recorder.name(node, item_name(self.sites[number].targets[0], index))
        return result

    def call(self, number: int, function: Any) -> Any:
        """See the function in `f(x)`."""
        recorder = self.recorder
        if recorder.on:
            if recorder.limits.until[1]:
                recorder.reach(self.sites[number])
            return called(recorder, self.sites[number], function)
        recorder.goes_on()
        return function

    # ---- values and stores

    def value(self, number: int, value: Any) -> Any:
        """See the value that a statement keeps."""
        if self.recorder.on:
            add_value(self.recorder, self.sites[number], value)
        return value

    def literal(self, number: int, value: float) -> float:
        """Give a float that is kept an identity of its own: equal literals are one object."""
        if not self.recorder.on:
            return value
        own: float = self._own(value)
        self.recorder.objects.node_of(own)
        for target in self.sites[number].targets:
            if not target.place:
                bind(self.recorder, self.sites[number], target, own)
        return own

    def _own(self, value: Any) -> Any:
        """Return a float that nothing computed as an object of its own: of `[0.0] * n` each is a variable."""
        known = self.recorder.objects.known.get(id(value))
        is_number = type(value) is float and not math.isnan(value)  # which is equal to itself alone
        is_literal = is_number and (known is None or known.node.function is None)
        return float.fromhex(value.hex()) if is_literal else value

    def store(self, number: int, owner: Any) -> Any:
        """See the owner of an item or an attribute that is stored."""
        return Store((self.recorder, self.sites[number], owner)) if self.recorder.on else owner

    def change(self, number: int, owner: Any) -> Any:
        """See the owner of an item or an attribute in `x[i] += v`."""
        return Change((self.recorder, self.sites[number], owner)) if self.recorder.on else owner

    def augment(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        """`x += value`."""
        recorder, sites, plain = self.recorder, self.sites, PLAIN[operation]

        def hook(number: int, old: Any, value: Any) -> Any:
            if not recorder.on:
                return operation(old, value)
            site = sites[number]
            (target,) = site.targets
            result = augmented(recorder, site, operation, plain, old, value, target.text)
            if target.is_global and recorder.on:
                recorder.write(recorder.frame().f_globals, target.name, old)
            return result

        return hook

    def unpack(self, number: int, value: Any) -> Any:
        """See what is taken apart by `a, b = value`."""
        recorder = self.recorder
        if not recorder.on:
            return value
        site = self.sites[number]
        if is_row(value):
            unpacked(recorder, site, value, ())
            return value
        if isinstance(value, np.ndarray):
            return taken(recorder, site, iter(iterated(recorder, site, value)))
        return taken(recorder, site, value) if hasattr(value, "__next__") else value

    # ---- control

    def iterate(self, number: int, value: Any) -> Any:
        """See what a loop goes over."""
        recorder = self.recorder
        if recorder.on:
            return LoopTurns(
                recorder, self.sites[number], iter(iterated(recorder, self.sites[number], value))
            )
        recorder.goes_on()
        return value

    def test(self, number: int, value: Any) -> Any:
        """See what a branch is decided by."""
        recorder = self.recorder
        if recorder.on and is_tensor(value) and recorder.objects.is_known(value) and _size(value) == 1:
            node = recorder.objects.node_of(value)
            recorder.tests.append(Test(self.sites[number], None, node, None, bool(value), recorder.time))
        return value

    def turn(self, number: int, value: Any) -> Any:
        """See what `while` asks: each time, a turn begins."""
        recorder = self.recorder
        if recorder.on:
            frame = recorder.stack[-1]
            frame.turns = {**frame.turns, number: frame.turns.get(number, -1) + 1}
        else:
            recorder.goes_on()
        return value

    def loop(self, number: int) -> None:
        """See that a `while` begins."""
        frame = self.recorder.stack[-1]
        frame.turns = {**frame.turns, number: -1}

    def enter(self, number: int) -> None:
        """See that a function of the person's begins."""
        recorder = self.recorder
        recorder.goes_on()
        recorder.enter(self.sites[number], sys._getframe(2))
        if recorder.on:
            name_arguments(recorder, sys._getframe(1))

    def leave(self) -> None:
        """See that it ends."""
        self.recorder.leave()

    def caught(self) -> None:
        """See that an exception was caught."""
        self.recorder.goes_on()
        caught()


def _size(value: Any) -> int:
    return int(np.prod(np.shape(value)))
