"""The recorder: what the hooks tell it becomes nodes, instances, updates and a journal of writes."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.branches import Test
from bpdebug.sources.script.recorder.held import Held
from bpdebug.sources.script.recorder.iteration_end import IterationEnd
from bpdebug.sources.script.recorder.iterations import RecordedLists
from bpdebug.sources.script.recorder.journal import Write
from bpdebug.sources.script.recorder.known import ArrayView
from bpdebug.sources.script.recorder.limits import OVER, RecordingLimits, StopRecording
from bpdebug.sources.script.recorder.objects import Objects
from bpdebug.sources.script.recorder.recorded import Calls, Record
from bpdebug.sources.script.recorder.records import Frame, Instance, Node
from bpdebug.sources.script.recorder.steps import Steps
from bpdebug.sources.script.recorder.tensors import OtherTensors, is_other, is_tensor
from bpdebug.sources.script.recorder.updates import Update
from bpdebug.sources.script.recorder.zeros import Zeros
from bpdebug.sources.script.sites import Site

NOTHING: Mapping[str, Any] = {}


class Recorder:
    """Takes what the hooks see.

    Attributes
    ----------
    on : bool
        Whether anything is recorded.
    ended : str
        Why the recording is over; empty as long as it is not.
    forgotten : int
        How often everything was forgotten because it was too much before any parameter was updated.
    whenever_begun, whenever_over : callable
        Are called once: when the one function is called that is recorded, and when the recording is over in
        code that goes on.
    """

    def __init__(self, sites: list[Site], limits: RecordingLimits = RecordingLimits()) -> None:  # noqa: B008 (a constant)
        self.sites, self.limits = sites, limits
        self.other: OtherTensors | None = None
        self.files: set[str] = set()
        self.on = not limits.function
        self.ended = ""
        self.forgotten = 0
        self.script = Frame(0, None, None, ("", 0), 0)
        self.calls = Calls(self.script)
        self.frames = [self.script]
        self.only: Frame | None = None
        self.kept: Record | None = None
        self.iteration_end = IterationEnd(sites, limits, lambda: self.stack, self._lists)
        self.whenever_begun: Callable[[], object] = lambda: None
        self.whenever_over: Callable[[], object] = lambda: None
        self.forget()

    def forget(self) -> None:
        """Begin anew: what is met from now on was not computed here."""
        self.nodes: list[Node] = []
        self.instances: list[Instance] = []
        self.tests: list[Test] = []
        self.journal: dict[int, tuple[Any, list[Write]]] = {}
        self.moment = 0
        if self.other is not None:
            self.other.forget()
        self.objects = Objects(self.add, self.other)
        self.called: dict[int, tuple[Any, tuple[str, ...]]] = {}
        self.zeros = Zeros(self.objects.zeros, self._add_zero, self.frame)
        found = self.iteration_end.step_found
        self.steps = Steps(self.sites, self.objects, self.zeros, self.tests, found)
        self.iteration_end.settle()
        self.size = 0
        for frame in self.frames:
            frame.latest = None

    @property
    def stack(self) -> list[Frame]:
        """The calls that are under way in this thread; the first is the script."""
        return self.calls.stack

    @property
    def time(self) -> int:
        """The clock: the number of the next node."""
        return len(self.nodes)

    def end(self, why: str) -> None:
        """End the recording, and with it the script; or let it go on, and begin with nothing."""
        self.ended = self.ended or why
        self.on = False
        if self.limits.stops:
            raise StopRecording(why)
        if self.kept is None:
            self.keep()
            self.forget()
            self.whenever_over()

    def goes_on(self) -> None:
        """End a script again that has caught its end."""
        if self.ended and self.limits.stops:
            self.end(self.ended)

    def record_so_far(self) -> Record:
        """Return what was recorded; where it is in doubt, until the iteration may have been over."""
        was_over = self.iteration_end.mark is not None
        lists = self.iteration_end.within()
        functions = () if self.other is None else tuple(self.other.functions)
        gone_back = () if self.other is None else tuple(self.other.gone_back)
        gone_back = tuple(one for one in gone_back if one.one.id < len(lists[0]))
        iteration = self.iteration_end.iteration
        over = iteration, tuple(self.steps.replacing.values()), was_over
        return Record(*lists, self.objects, self.journal, {}, functions, gone_back, *over)

    def _lists(self) -> RecordedLists:
        return self.nodes, self.instances, self.steps.updates, self.tests, self.frames

    def settle(self) -> None:
        """Let no node have a value that a later write changes."""
        self.objects.settle(
            Counter(id(one) for each in self.instances for one in (each.scope or {}).values())
        )

    def keep(self) -> None:
        """Keep what was recorded so that nothing that happens later changes it."""
        self.settle()
        held = Held(self.instances, self.journal)
        for node, name in held.named(self.objects, self.other):
            self.name(node, name)
        self.kept = self.record_so_far()._replace(held=held.containers)

    def frame(self) -> FrameType:
        """Return the frame of the person's code that is running."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename not in self.files:
            frame = frame.f_back
        assert frame is not None, "a hook was called from nowhere"
        return frame

    def reach(self, site: Site) -> None:
        """End the recording if the line is reached at which it is to end."""
        file, line = self.limits.until
        if line == site.statement.line and file == site.statement.file:
            self.end(f"line {line} is reached")

    # ---- nodes

    def add(
        self,
        site: Site | None,
        function: Callable[..., Any] | None,
        operands: tuple[Any, ...],
        options: Mapping[str, Any],
        value: Any,
    ) -> Node:
        """Add a node for a value; where it is one too many, end, or forget what came before."""
        node = Node(len(self.nodes), site, function, operands, options, value, self.stack[-1])
        if function is None and id(value) in self.called:
            _, node.names = self.called[id(value)]
        self.nodes.append(node)
        self.size += getattr(value, "nbytes", 64)
        end = self.iteration_end
        if len(self.nodes) >= end.most_nodes or self.size >= end.most_bytes:
            return self._too_much(value)
        return node

    def _add_zero(self, name: str) -> Node:
        node = self.add(None, None, (), NOTHING, 0.0)
        self.name(node, name)
        return node

    def _too_much(self, value: Any) -> Node:
        """End where there is too much; what comes before the first update is forgotten instead."""
        if self.iteration_end.mark is not None:
            self.end(OVER)
        elif self.steps.updates:
            self.end(f"{len(self.nodes):,} operations were recorded, which is as many as are kept")
        else:
            self.forgotten += 1
            self.forget()
        return self.add(None, None, (), NOTHING, value)

    def operands(self, site: Site, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the operands of an operation, unless the next iteration begins with it."""
        if self.limits.until[1]:
            self.reach(site)
        found = tuple([self.objects.operand(value) for value in values])
        number = site.number
        for value in found:
            kind = type(value)
            if kind is Node:
                if self._is_read(value, number):
                    return self.operands(site, values)
            elif kind is tuple or kind is list:
                for part in value:
                    if type(part) is Node and self._is_read(part, number):
                        return self.operands(site, values)
        return found

    def _is_read(self, node: Node, site: int) -> bool:
        """Note that a place reads a node; return whether a new iteration has begun with that."""
        node = node.origin
        if site in node.replaced_readers and self._is_over(self.steps.leading_to[node.id], self.sites[site]):
            return True
        if isinstance(node.readers, set):
            node.readers.add(site)
        else:
            node.readers = {site}
        return False

    def _is_over(self, update: Update, site: Site) -> bool:
        """Whether an iteration is over as a place reads what a step gave; then end, or begin the next."""
        has_gone_back = self.other is not None and bool(self.other.gone_back)
        if not self.iteration_end.is_reached(update, site, self.size, has_gone_back):
            return False
        if self.iteration_end.is_last:
            self.iteration_end.mark_now(update)
            self.end(OVER)
        else:
            self._begin_iteration()
        return True

    def _begin_iteration(self) -> None:
        """Forget the iteration before, but for what its tensors were called: some are met again."""
        known = self.objects.known.values()
        called = {id(one.object): (one.object, one.node.names) for one in known if one.node.names}
        self.iteration_end.iteration += 1
        self.forget()
        self.called = called

    def record(
        self,
        site: Site,
        function: Callable[..., Any],
        values: tuple[Any, ...],
        options: Mapping[str, Any],
        result: Any,
    ) -> None:
        """Record that a function of values gave a result, if that is a tensor that was not there before."""
        if id(result) in self.objects.known or not is_tensor(result) or is_other(result):
            return
        operands = self.operands(site, values)
        if options:
            options = dict(zip(options, self.operands(site, tuple(options.values())), strict=True))
        node = self.add(site, function, operands, options, result)
        view: ArrayView | None = None
        if isinstance(result, np.ndarray) and result.base is not None and values:
            source = values[0]
            is_array = isinstance(source, np.ndarray) and type(operands[0]) is Node
            if is_array and self.objects.family(result) is self.objects.family(source):
                view = (source, function, operands[1:], options)
        self.objects.register(result, node, view)

    def name(self, node: Node, name: str) -> None:
        """Give a node a name that it was stored in."""
        if name not in node.names:
            node.names = (*node.names, name)
            if node.instance is not None and node.instance.result is node:
                node.instance.names = node.names

    def write(self, container: Any, key: Any, old: Any) -> None:
        """Journal a change of a container, before it is made or after."""
        entry = self.journal.get(id(container))
        if entry is None:
            entry = self.journal[id(container)] = (container, [])
        entry[1].append(Write(self.moment, key, old))
        self.moment += 1

    # ---- calls

    def enter(self, site: Site, frame: FrameType | None) -> None:
        """Go into a call of a function of the person's."""
        while frame is not None and frame.f_code.co_filename not in self.files:
            frame = frame.f_back  # a library has called it
        begins = site.place.file, site.place.line  # a thread has nobody who called
        caller = (frame.f_code.co_filename, frame.f_lineno) if frame is not None else begins
        parent = self.stack[-1]
        began = parent.began
        if began is None or began[0] != caller[1]:
            parent.began = (caller[1], len(self.nodes), self.moment)
        call = Frame(len(self.frames), site, parent, caller, len(self.nodes))
        self.stack.append(call)
        if self.only is None and not self.ended and self.limits.begins_with(site):
            self.only, self.on = call, True
            self.whenever_begun()
        if self.on:
            self.frames.append(call)

    def leave(self) -> None:
        """Come back from the innermost call."""
        if len(self.stack) > 1:
            call = self.stack.pop()
            if call is self.only and self.on:
                self.end(f"{self.limits.function} has returned")
