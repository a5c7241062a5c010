"""The history of a program: one run, or all iterations of a training, each computed when one goes there.

A run leaves behind the inputs of the next one: `w1_new` becomes `w1`. Those are kept every so often, as
checkpoints; any iteration is computed again from the nearest one before it, bit for bit, because the same
statements run on the same numbers. The longer the history, the farther apart the checkpoints, so that
memory stays bounded however many iterations there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from threading import Lock

import numpy as np

from bpdebug.engine.language.evaluation import compiled_sequence, evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import Trace, read_only, run
from bpdebug.engine.program.what_if import branch, is_whole, over

Values = Mapping[str, Array]
ReplacedValues = Mapping[int, Values]
"""For some iterations, tensors that have other values than their statements give."""

Sequence = tuple[Callable[..., tuple[Array, ...]], tuple[str, ...]]
"""Statements as one function, and the names of its operands."""

MAX_CHECKPOINTS = 1024
MAX_CHECKPOINT_BYTES = 64 * 2**20
"""What all checkpoints together may take; two are kept in any case."""
TRACES_KEPT = 2
"""The iteration that one looks at, and the one before or after it."""


class History:
    """All iterations of a program.

    Parameters
    ----------
    program : Program
        What runs in each iteration.
    inputs : mapping
        A value for each input of the program, in the first iteration.
    iterations : int
        How many there are.
    replaced : mapping, optional
        Iteration -> the tensors that have other values in it.
    """

    def __init__(
        self, program: Program, inputs: Values, iterations: int = 1, replaced: ReplacedValues | None = None
    ) -> None:
        self.program = program
        self.iterations = iterations
        self.replaced: ReplacedValues = replaced or {}
        self.original: History | None = None
        self.inputs = {name: _frozen(inputs[name]) for name in program.inputs}
        carried = {name: self.inputs[name] for name in program.carried}
        self._lock = Lock()
        self._checkpoints: dict[int, Values] = {1: carried}
        self._spacing = 1
        size = sum(value.nbytes for value in carried.values())
        self._most = max(2, min(MAX_CHECKPOINTS, MAX_CHECKPOINT_BYTES // max(1, size)))
        self._traces: dict[int, Trace] = {}
        self._sequences: dict[tuple[str, ...], Sequence] = {}
        self._reached: tuple[int, Values] = (1, carried)

    @property
    def replaced_names(self) -> frozenset[str]:
        """The tensors that were replaced in some iteration."""
        return frozenset(name for values in self.replaced.values() for name in values)

    @classmethod
    def of(cls, trace: Trace) -> History:
        """Return the history of a single run."""
        history = cls(trace.program, trace.values)
        history._traces[1] = trace
        return history

    def trace(self, iteration: int) -> Trace:
        """Return the run of an iteration, from 1; the same one as long as one stays near it."""
        with self._lock:
            found = self._traces.get(iteration)
        if found is None:
            found = self._compute(iteration)
            with self._lock:
                self._traces[iteration] = found
                while len(self._traces) > TRACES_KEPT:
                    del self._traces[next(iter(self._traces))]
        return found

    def values(self, wanted: Collection[str], first: int = 1, last: int | None = None) -> Iterator[Values]:
        """Yield the values of some tensors in each iteration of a range; of the rest, only what they need.

        Parameters
        ----------
        wanted : collection of str
            The tensors, inputs or results.
        first, last : int
            The range; without an end, to the last iteration.
        """
        last = self.iterations if last is None else last
        wanted = tuple(wanted)
        for results, _ in self._sweep(first, last, self._carried_into(first), wanted):
            yield dict(zip(wanted, results, strict=True))

    def reach(self, iteration: int) -> Iterator[int]:
        """Compute up to an iteration, so that it is there at once; yield each that is being computed.

        One may stop on the way: what has been computed is not lost.
        """
        if self.original is not None and iteration <= min(self.replaced):
            return  # until then it is the original
        with self._lock:
            if iteration in self._traces or iteration - 1 in self._traces:
                return
        start, carried = self._nearest(iteration)
        for before, (_, handed_on) in enumerate(self._sweep(start, iteration - 1, carried, ()), start=start):
            with self._lock:
                self._reached = before + 1, handed_on
            yield before

    def branch(self, replaced: ReplacedValues) -> History:
        """Return the history in which some tensors have other values; it starts out as this one does."""
        changed = History(self.program, self.inputs, self.iterations, replaced)
        changed.original = self
        first = min(replaced)
        with self._lock:
            kept = {i: carried for i, carried in self._checkpoints.items() if i <= first}
        changed._checkpoints, changed._spacing = kept, self._spacing
        changed._reached = max(kept.items(), key=lambda item: item[0])
        return changed

    def _compute(self, iteration: int) -> Trace:
        if self.original is not None and iteration <= min(self.replaced):
            # Up to the first replacement it is the original; what that does not reach is shared with it.
            trace = self.original.trace(iteration)
        else:
            trace = run(self.program, {**self.inputs, **self._carried_into(iteration)})
        return branch(trace, self.replaced[iteration]) if iteration in self.replaced else trace

    def _carried_into(self, iteration: int) -> Values:
        """Return the carried inputs of an iteration."""
        with self._lock:
            before = self._traces.get(iteration - 1)
        if before is not None:
            return {name: before.values[result] for name, result in self.program.carried.items()}
        start, handed_on = self._nearest(iteration)
        for _, latest in self._sweep(start, iteration - 1, handed_on, ()):
            handed_on = latest
        return handed_on

    def _sweep(
        self, first: int, last: int, carried: Values, wanted: tuple[str, ...]
    ) -> Iterator[tuple[tuple[Array, ...], Values]]:
        """Run a range of iterations; yield what is wanted of each, and what it hands to the next."""
        results = (*wanted, *self.program.carried.values())
        function, operands = self._sequence(results)
        for iteration in range(first, last + 1):
            given = {**self.inputs, **carried}
            if iteration in self.replaced:
                values = self._run_replaced(results, given, self.replaced[iteration])
            else:
                with np.errstate(all="ignore"):
                    values = function(*[given[name] for name in operands])
            carried = dict(zip(self.program.carried, values[len(wanted) :], strict=True))
            self._keep(iteration + 1, carried)
            yield values[: len(wanted)], carried

    def _run_replaced(self, results: tuple[str, ...], given: Values, replaced: Values) -> tuple[Array, ...]:
        values = dict(given)
        values |= {name: over(value, given[name]) for name, value in replaced.items() if name in given}
        for statement in self._statements_for(results):
            name, replacement = statement.name, replaced.get(statement.name)
            if not is_whole(replacement):
                values[name] = np.asarray(evaluate(statement.expression, values))
            if replacement is not None:
                values[name] = over(replacement, values.get(name, replacement))
        return tuple(values[name] for name in results)

    def _sequence(self, results: tuple[str, ...]) -> Sequence:
        if results not in self._sequences:
            self._sequences[results] = compiled_sequence(self._statements_for(results), results)
        return self._sequences[results]

    def _statements_for(self, results: tuple[str, ...]) -> list[Statement]:
        """Return the statements that some results need, in order."""
        needed, statements = set(results), []
        for statement in reversed(self.program.statements):
            if statement.name in needed:
                needed.update(names(statement.expression))
                statements.append(statement)
        return statements[::-1]

    def _nearest(self, iteration: int) -> tuple[int, Values]:
        """Return the last checkpoint at or before an iteration."""
        with self._lock:
            known = sorted(self._checkpoints)
            start = known[bisect_right(known, iteration) - 1]
            reached, _carried = self._reached
            return self._reached if start <= reached <= iteration else (start, self._checkpoints[start])

    def _keep(self, iteration: int, carried: Values) -> None:
        """Keep a checkpoint where one is due; where there are too many, every second one stays."""
        if (iteration - 1) % self._spacing or iteration in self._checkpoints:
            return
        with self._lock:
            self._checkpoints[iteration] = {name: read_only(value) for name, value in carried.items()}
            while len(self._checkpoints) > self._most:
                self._spacing *= 2
                self._checkpoints = {
                    i: kept for i, kept in self._checkpoints.items() if (i - 1) % self._spacing == 0
                }


def _frozen(value: Array) -> Array:
    """Return a read-only array that nobody else can change."""
    value = np.asarray(value)
    return read_only(value.copy() if value.flags.writeable else value)
