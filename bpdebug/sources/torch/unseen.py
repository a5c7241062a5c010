"""Memory that is written to behind torch's back: by a kernel, or through an array of NumPy's.

torch tells of no such write. So within a custom Function its inputs, its incoming gradients and the buffers
that are made in it are compared with what they were, whenever they are read and at the end: what differs was
written by something that nobody sees into. That it depends on all that went into the call is all that is
known of it; on other values the forward, or forward and backward, run again, and leave it in the same place.

A buffer that nothing is written to yet holds a number of ours, as any other could lie there by chance: so a
write is seen although what it writes lay there before.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from bpdebug.sources.script.recorder.function_calls import FunctionCall, UnseenWrite
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.torch.operation import Operation
from bpdebug.sources.torch.references import Context, run_forward
from bpdebug.sources.torch.sparse import dense_part
from bpdebug.sources.torch.tensors import Storage, Tensors, array_of, unwrapped, within

UNWRITTEN = 0.1234567
"""What stands in a buffer that nothing is written to yet."""
EMPTY = ("empty", "new_empty")
BUFFERS = (*EMPTY, "zeros", "new_zeros", "ones", "new_ones", "full", "new_full", "clone")
"""How the operations begin that make what a kernel writes to."""


def is_buffer(operation: Operation, result: Any) -> bool:
    """Whether an operation makes a buffer; one that holds nothing yet is filled with a number of ours."""
    if not isinstance(result, torch.Tensor) or not operation.schema_name.startswith(BUFFERS):
        return False
    if operation.schema_name.startswith(EMPTY) and result.is_floating_point():
        result.fill_(UNWRITTEN)
    return True


@dataclass(frozen=True, eq=False)
class Seen:
    """Memory as it was when it was seen last, and what wrote to it if it is another now."""

    tensor: torch.Tensor
    value: Any
    written: Callable[[], Node]


class Pass:
    """A forward or a backward that runs: what went into it, and the buffers that were made in it."""

    def __init__(self, call: FunctionCall, incoming: tuple[Any, ...] | None, operands: list[Node]) -> None:
        self.call, self.incoming, self.operands = call, incoming, operands
        self.seen: list[Storage] = []
        self.buffers = 0


class UnseenWrites:
    """Finds what was written unseen, and lets the memory stand for that.

    Parameters
    ----------
    tensors : Tensors
        What tensors stand for.
    alone : callable
        Returns a context in which no operation is recorded.
    """

    def __init__(self, tensors: Tensors, alone: Callable[[], AbstractContextManager[None]]) -> None:
        self.tensors, self.alone = tensors, alone
        self.running: Pass | None = None
        tensors.look = self._look

    @contextmanager
    def during(self, call: FunctionCall | None, incoming: tuple[Any, ...] | None = None) -> Iterator[None]:
        """Look for writes while a forward runs, or a backward that gradients came in to.

        What runs within another one runs again with that.
        """
        if call is None or call.again is not None or self.running is not None:
            yield
            return
        with self.alone():
            given = [unwrapped(one) for one in _tensors(incoming or ())]
            operands = [one for one in call.inputs if one is not None]
            running = self.running = Pass(call, incoming, [*operands, *map(self.tensors.node_of, given)])
            for place, one in enumerate(call.arguments if incoming is None else incoming):
                if isinstance(one, torch.Tensor):
                    self._see(running, unwrapped(one), "given", place)
        try:
            yield
            with self.alone():
                for storage in running.seen:
                    self._look(storage)
        finally:
            self.running = None
            for storage in running.seen:
                storage.seen = None

    def made(self, tensor: torch.Tensor) -> None:
        """Look for writes to a buffer."""
        if self.running is not None:
            self._see(self.running, tensor, "made", self.running.buffers)
            self.running.buffers += 1

    def _look(self, storage: Storage) -> None:
        """Let what was written unseen be a value of its own."""
        seen, storage.seen = storage.seen, None
        if seen is not None and is_same(array_of(seen.tensor), seen.value):
            storage.seen = seen
        elif seen is not None:
            self.tensors.written(seen.tensor, seen.written())

    def _see(self, running: Pass, tensor: torch.Tensor, kind: str, place: int) -> None:
        storage = self.tensors.storage(tensor)
        if storage.seen is not None:
            return
        node = self.tensors.node_of(tensor)
        storage.keep()
        again = RunAgain(running.call, running.incoming, kind, place)
        site = node.site if kind == "made" else None

        def written() -> Node:
            return self.tensors.add(site, again, tuple(running.operands), {}, np.array(array_of(tensor)))

        storage.seen = Seen(tensor, node.value, written)
        running.seen.append(storage)


def _tensors(values: Sequence[Any]) -> Iterator[torch.Tensor]:
    return (one for one in values if isinstance(one, torch.Tensor))


def is_same(one: Any, other: Any) -> bool:
    """Whether two arrays have the same elements; NaN is the same as NaN."""
    return bool(np.array_equal(one, other, equal_nan=True))


@contextmanager
def kernels_alone(alone: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Let nothing be seen of how Triton interprets a kernel, as nothing is of one that a GPU runs."""
    interpreter: Any = sys.modules.get("triton.runtime.interpreter")
    if interpreter is None:
        yield
        return
    own = interpreter.GridExecutor.__call__

    @functools.wraps(own)
    def called(*arguments: Any, **options: Any) -> Any:
        with alone():
            return own(*arguments, **options)

    interpreter.GridExecutor.__call__ = called
    try:
        yield
    finally:
        interpreter.GridExecutor.__call__ = own


@dataclass(frozen=True, eq=False)
class RunAgain(UnseenWrite):
    """What a call leaves in some memory, from other inputs and incoming gradients.

    Attributes
    ----------
    kind : str
        "given" for what went in, "made" for a buffer.
    place : int
        Which of them.
    """

    kind: str
    place: int

    def __call__(self, *values: Any) -> Any:
        """Run it."""
        waiting = iter(values)

        def filled(given: Sequence[Any]) -> list[Any]:
            return [
                torch.from_numpy(np.array(next(waiting))).to(one.dtype)
                if isinstance(one, torch.Tensor)
                else one
                for one in given
            ]

        function: Any = self.call.function
        given, context = filled(self.call.arguments), Context(self.call.wanted)
        buffers = Buffers()
        with torch.no_grad(), kernels_alone(buffers.alone), buffers:
            run_forward(function, context, given)
            if self.incoming is not None:
                given, buffers.made = filled(self.incoming), []
                getattr(function, "vjp" if "vjp" in vars(function) else "backward")(context, *given)
        return array_of(given[self.place] if self.kind == "given" else buffers.written(self.place))


class Buffers(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Knows the buffers that are made, and what each holds after the write that nobody sees."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.made: list[list[torch.Tensor]] = []  # a buffer, what it was, and what was written to it
        self.is_busy = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Compute something that is not to be seen."""
        self.is_busy = True
        try:
            yield
        finally:
            self.is_busy = False

    def written(self, place: int) -> torch.Tensor:
        """Return what stands in a buffer after the unseen write."""
        made, _, *written = self.made[place]
        return written[0] if written else made

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """See an operation."""
        operation = Operation(func, args, kwargs or {})
        if self.is_busy:
            return operation()
        read = {
            dense_part(one).untyped_storage()._cdata for one in within((args, kwargs or {}), torch.Tensor)
        }
        for one in self.made:
            is_read = one[0].untyped_storage()._cdata in read and len(one) == 2
            if is_read and not is_same(array_of(one[0]), array_of(one[1])):
                one.append(one[0].clone())
        result = operation()
        if is_buffer(operation, result):
            self.made.append([result, result.clone()])
        return result
