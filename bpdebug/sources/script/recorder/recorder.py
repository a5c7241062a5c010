"""The recorder: what the hooks tell it becomes nodes, instances, updates and a journal of writes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.recorder import iterations
from bpdebug.sources.script.recorder.held import Containers, Held
from bpdebug.sources.script.recorder.iterations import Mark, has_loss, states_behind
from bpdebug.sources.script.recorder.objects import (
    Objects,
    OtherTensors,
    View,
    ZeroKey,
    is_other,
    is_tensor,
)
from bpdebug.sources.script.recorder.operations import InPlace
from bpdebug.sources.script.recorder.records import (
    MISSING,
    Frame,
    Instance,
    Node,
    Test,
    Update,
    Write,
    same,
)
from bpdebug.sources.script.recorder.updates import MAY_UPDATE, depends_on, is_plain_sum, terms_beside
from bpdebug.sources.script.sites import Place, Site, Target

NOTHING: Mapping[str, Any] = {}
COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>"})
DEEPEST_SLOT = 4
"""Parameters are looked for so deep in a list of lists that takes the place of another."""
LONGEST_SLOT = 256


class Stop(BaseException):
    """The recording is over; it ends the script, and only what catches everything sees it."""


OVER = "the iteration is over: the next one begins here"


class Record(NamedTuple):
    """What was recorded; see `bpdebug.sources.script.recording.Recording`, which has the same by name.

    `was_over` says that the iteration was over before the recording ended.
    """

    nodes: list[Node]
    instances: list[Instance]
    updates: list[Update]
    tests: list[Test]
    frames: list[Frame]
    objects: Objects
    journal: dict[int, tuple[Any, list[Write]]]
    held: Containers
    was_over: bool


class Limits(NamedTuple):
    """When a recording ends, beside the end of the iteration or of the script.

    Attributes
    ----------
    stops : bool
        Whether a script ends with its recording; if not, it goes on, and nothing sees what it does.
    until : tuple of (str, int)
        The file and the line at which it ends, when that is reached; the line is 0 for none.
    iteration : int
        Which iteration is recorded, from 1.
    function : str
        Only the first call of this function is recorded; empty for all.
    nodes, size : int
        So many operations, and so many bytes of their values, are kept at most.
    """

    until: tuple[str, int] = ("", 0)
    iteration: int = 1
    function: str = ""
    nodes: int = 1_000_000
    size: int = 2_000_000_000
    stops: bool = True


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

    def __init__(self, sites: list[Site], limits: Limits = Limits()) -> None:  # noqa: B008 (a constant)
        self.sites, self.limits = sites, limits
        self.other: OtherTensors | None = None
        self.files: set[str] = set()
        self.on = not limits.function
        self.ended = ""
        self.iteration = 1
        self.forgotten = 0
        self.script = Frame(0, None, None, ("", 0), 0)
        self.stack = [self.script]
        self.frames = [self.script]
        self.only: Frame | None = None
        self.kept: Record | None = None
        self.states: set[Place] = set()  # the lines whose steps are those of a state
        self.whenever_begun: Callable[[], object] = _nothing
        self.whenever_over: Callable[[], object] = _nothing
        self.forget()

    def forget(self) -> None:
        """Begin anew: what is met from now on was not computed here."""
        self.nodes: list[Node] = []
        self.instances: list[Instance] = []
        self.updates: list[Update] = []
        self.tests: list[Test] = []
        self.journal: dict[int, tuple[Any, list[Write]]] = {}
        self.moment = 0
        if self.other is not None:
            self.other.forget()
        self.objects = Objects(self.add, self.other)
        self.doubt: Mark | None = None
        self.parameters: dict[int, Node] = {}  # a part of a step -> what it is a step of
        self.steps: dict[int, Update] = {}  # a new value -> its step
        self._no_doubt()
        self.size = 0
        for frame in self.frames:
            frame.latest = None

    @property
    def time(self) -> int:
        """The clock: the number of the next node."""
        return len(self.nodes)

    def end(self, why: str) -> None:
        """End the recording, and with it the script; or let it go on, and begin with nothing."""
        self.ended = self.ended or why
        self.on = False
        if self.limits.stops:
            raise Stop(why)
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
        ends = self.doubt[1:] if self.doubt is not None else (None,) * 5
        nodes, instances, updates, tests, frames = (
            one[:end] for one, end in zip(self._lists(), ends, strict=True)
        )
        updates = [one for one in updates if one.site.statement not in self.states]
        was_over = self.doubt is not None
        return Record(nodes, instances, updates, tests, frames, self.objects, self.journal, {}, was_over)

    def _lists(self) -> tuple[list[Any], ...]:
        return self.nodes, self.instances, self.updates, self.tests, self.frames

    def keep(self) -> None:
        """Keep what was recorded so that nothing that happens later changes it."""
        self.objects.settle()
        held = Held(self.instances, self.journal)
        for known in self.objects.known.values():
            _, node = known.history[0]
            if node.function is None and not node.names and id(known.object) in held.names:
                self.name(node, held.names[id(known.object)])
        for tensor, node in self.other.leaves() if self.other is not None else ():
            if not node.names and id(tensor) in held.names:
                self.name(node, held.names[id(tensor)])
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
        """Add a node."""
        node = Node(len(self.nodes), site, function, operands, options, value, self.stack[-1])
        self.nodes.append(node)
        self.size += getattr(value, "nbytes", 64)
        if len(self.nodes) >= self.most_nodes or self.size >= self.most_bytes:
            return self._too_much(value)
        return node

    def _too_much(self, value: Any) -> Node:
        """End where there is too much; what comes before the first update is forgotten instead."""
        if self.doubt is not None:
            self.end(OVER)
        elif self.updates:
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
        if site in node.replaced_readers and self._is_over(self.steps[node.id]):
            if self.iteration >= self.limits.iteration:
                self.end(OVER)
            else:
                self.iteration += 1
                self.forget()
            return True
        if isinstance(node.readers, set):
            node.readers.add(site)
        else:
            node.readers = {site}
        return False

    def _is_over(self, update: Update) -> bool:
        """Whether the iteration is over with a place that reads what is new; mark where that is in doubt."""
        line = update.site.statement
        if self.doubt is not None or line in self.states or self._ends_at_a_line:
            return False
        if has_loss(self.nodes, update, self.updates):
            return True
        if self.limits.iteration > 1:  # all iterations are counted, and none is run twice
            return not is_plain_sum(update.new, update.deltas)
        self.doubt = Mark(update, *(len(one) for one in self._lists()))
        self.most_nodes = min(self.limits.nodes, len(self.nodes) + iterations.MOST_NODES)
        self.most_bytes = min(self.limits.size, self.size + iterations.MOST_BYTES)
        return False

    @property
    def _ends_at_a_line(self) -> bool:
        return bool(self.limits.until[1]) and self.iteration >= self.limits.iteration

    def _no_doubt(self) -> None:
        self.doubt = None
        self.most_nodes, self.most_bytes = self.limits.nodes, self.limits.size

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
        view: View | None = None
        if isinstance(result, np.ndarray) and result.base is not None and values:
            source = values[0]
            is_array = isinstance(source, np.ndarray) and type(operands[0]) is Node
            if is_array and self.objects.family(result) is self.objects.family(source):
                view = (source, function, operands[1:], options)
        self.objects.register(result, node, view)

    # ---- variables that hold the integer 0

    def with_zeros(self, site: Site, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the operands of a sum, with the nodes of variables that hold the integer 0."""
        sides = zip(site.targets, values, strict=True)
        return tuple(
            self._zero(target) if type(value) is int and value == 0 else value for target, value in sides
        )

    def _zero(self, target: Target) -> Any:
        key = self._zero_key(target)
        if key is None:
            return 0
        if key not in self.objects.zeros:
            node = self.objects.zeros[key] = self.add(None, None, (), NOTHING, 0.0)
            self.name(node, target.text)
        return self.objects.zeros[key]

    def _zero_key(self, target: Target) -> ZeroKey | None:
        """Return how a variable, or an attribute of a variable, is known; None for anything else."""
        if target.name:
            return 0, target.name
        frame = self.frame()
        owner = frame.f_locals.get(target.owner, frame.f_globals.get(target.owner))
        attribute = target.text.removeprefix(f"{target.owner}.")
        return (id(owner), attribute) if owner is not None and attribute.isidentifier() else None

    def _check_zero(self, site: Site, new: Node, name: str) -> None:
        """Look whether a node is a step of a variable that was the integer 0 until now."""
        zeros = {node.id for node in self.objects.zeros.values()}
        for old in new.origin.operands:
            if type(old) is Node and old.id in zeros:
                if old.shape != new.shape:
                    old._value = np.zeros(new.shape)  # it was added to everything
                self.check(site, old, new, name)

    # ---- statements

    def value(self, site: Site, value: Any) -> None:
        """Note the value of an expression that a statement keeps."""
        if self.limits.until[1]:
            self.reach(site)
        call = self.stack[-1]
        if is_tensor(value):
            node = self.objects.node_of(value)
            if site.role != "augment" and not self._is_own(node, site):
                self.operands(site, (value,))
                node = self.named_again(site, value)
            self.instance(site, node)
        elif site.role in ("assign", "augment"):
            call.latest = None
        if site.targets:
            for target in site.targets:
                if not target.place:
                    self.bound(site, target, value)

    def _is_own(self, node: Node, site: Site) -> bool:
        """Whether a node was computed by this statement, and is nobody else's value."""
        own = node.site
        return (
            node.instance is None
            and own is not None
            and own.statement is site.statement
            and node.frame is self.stack[-1]
        )

    def named_again(self, site: Site, value: Any) -> Node:
        """Return a new node for a value that is there already."""
        old = self.objects.node_of(value)
        node = self.add(site, same, (old,), NOTHING, old._value if is_other(value) else value)
        self.objects.renamed(value, node)
        return node

    def instance(self, site: Site, node: Node | None) -> Instance:
        """Add an instance."""
        frame = self.frame()
        call = self.stack[-1]
        start, moment = len(self.nodes), self.moment
        if call.began is not None:
            line, *began = call.began
            if site.statement.line <= line <= site.statement.end_line:
                start, moment = began
            call.began = None
        instance = Instance(
            site, node, len(self.nodes), call, scope_of(frame), frame.f_globals, start, moment
        )
        self.instances.append(instance)
        call.latest = instance
        if node is not None:
            node.instance = instance
        return instance

    def bound(self, site: Site, target: Target, value: Any) -> None:
        """Note that a variable gets a value; an item or an attribute gets it at its store."""
        if not target.name:
            return
        node = self.objects.node_of(value) if is_tensor(value) else None
        if node is not None:
            self.name(node, target.text)
            if self.other is not None and is_other(value):
                self.other.named(value, target.text)
        is_container = type(value) in (list, tuple, dict)
        may_update = is_container or (node is not None and node.origin.function in MAY_UPDATE)
        if target.is_global or may_update:
            frame = self.frame()
            variables = frame.f_globals if target.is_global else frame.f_locals
            old = variables.get(target.name, MISSING)
            if target.is_global:
                self.write(variables, target.name, old)
            if may_update:
                self.slot(site, old, value, target.text)
        if is_container:
            self.name_parts(value, target.text)

    def name_parts(self, value: Any, name: str, depth: int = 0) -> None:
        """Give the tensors in a container that is stored their names in it."""
        if depth >= DEEPEST_SLOT or len(value) > LONGEST_SLOT:
            return
        parts = value.items() if type(value) is dict else enumerate(value)
        for key, part in parts:
            if is_tensor(part):
                node = self.objects.node_of(part) if self.objects.is_known(part) else None
                if node is not None and not node.names:
                    self.name(node, f"{name}[{key!r}]")
            elif type(part) in (list, tuple, dict):
                self.name_parts(part, f"{name}[{key!r}]", depth + 1)

    def name(self, node: Node, name: str) -> None:
        """Give a node a name that it was stored in."""
        if name not in node.names:
            node.names = (*node.names, name)
            if node.instance is not None and node.instance.result is node:
                node.instance.names = node.names

    def effect(self, site: Site, node: Node, name: str) -> None:
        """Note that a statement changed an array: what it stored is the new value of that array."""
        call = self.stack[-1]
        instance = call.latest
        if (
            instance is None
            or instance.statement is not site.statement
            or instance.result is not instance.node
        ):
            instance = self.instance(site, None)
            instance.time = node.id
        instance.result = node
        node.instance = instance
        self.name(node, name)

    # ---- changes

    def write(self, container: Any, key: Any, old: Any) -> None:
        """Journal a change of a container, before it is made or after."""
        entry = self.journal.get(id(container))
        if entry is None:
            entry = self.journal[id(container)] = (container, [])
        entry[1].append(Write(self.moment, key, old))
        self.moment += 1

    def slot(self, site: Site, old: Any, new: Any, name: str, depth: int = 0) -> None:
        """Look whether what takes the place of something else is an update of it."""
        if old is new or old is MISSING or old is None:
            return
        if is_tensor(new):
            if is_tensor(old) and self.objects.is_known(old):
                self.check(site, self.objects.node_of(old), self.objects.node_of(new), name)
            elif type(old) is int and self.objects.zeros:
                self._check_zero(site, self.objects.node_of(new), name)
        elif depth >= DEEPEST_SLOT:
            return
        elif type(new) in (list, tuple) and type(old) in (list, tuple):
            if len(new) == len(old) <= LONGEST_SLOT:
                for number, (was, now) in enumerate(zip(old, new, strict=True)):
                    self.slot(site, was, now, f"{name}[{number}]", depth + 1)
        elif type(new) is dict and type(old) is dict and len(new) <= LONGEST_SLOT:
            for key in new:
                self.slot(site, old.get(key), new[key], f"{name}[{key!r}]", depth + 1)

    def check(self, site: Site, old: Node, new: Node, name: str) -> None:
        """Look whether a node is a step of another: `c · old + delta`, where delta depends on it."""
        old, new = old.origin, new.origin
        if old is new or old.shape != new.shape:
            return
        terms = terms_beside(new, old)
        if terms is None:
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
        if any(depends_on(delta, old) for _, delta in terms):
            parameter = old
        elif not any(depends_on(delta, parameter) for _, delta in terms):
            if not terms:
                self.parameters[new.id] = parameter
            return
        update = Update(parameter, new, terms, site, name)
        if not self.updates or self.updates[-1].new is not new:
            self.updates.append(update)
        if self.doubt is not None and (states := states_behind(update, self.updates, self.doubt)):
            self.states |= states
            self._no_doubt()
        self.parameters[new.id], self.steps[new.id] = parameter, update
        new.replaced_readers = frozenset(readers) | old.replaced_readers

    def change(
        self,
        site: Site,
        function: Callable[..., Any],
        target: Any,
        values: tuple[Any, ...],
        options: Mapping[str, Any],
        do: Callable[[], Any],
        name: str,
    ) -> Any:
        """Let a function change an array in place, and record what it made of it.

        Parameters
        ----------
        function : callable
            What gives the new value of the array from `values`.
        do : callable
            Changes it.
        """
        operands = self.operands(site, values)
        if options:
            options = dict(zip(options, self.operands(site, tuple(options.values())), strict=True))
        objects = self.objects  # those of now: a new iteration may have begun with the operands
        old = objects.node_of(target)
        objects.before_write(target)
        try:
            result = do()
        except BaseException:
            objects.written(target, old)
            raise
        node = self.add(site, function, operands, options, target)
        objects.written(target, node)
        # What has a name keeps it: `for p, g in pairs: p -= rate * g` changes `w1`.
        known = old.names or old.origin.names
        self.effect(site, node, name if name in known or not known else known[0])
        self.check(site, old, node, name)
        return result

    def augmented(
        self,
        site: Site,
        operation: Callable[..., Any],
        plain: Callable[..., Any],
        old: Any,
        value: Any,
        name: str,
    ) -> Any:
        """Do `old += value`, and record it."""
        if isinstance(old, np.ndarray) and is_tensor(old):
            function = plain if _keeps_dtype(old, value) else InPlace(operation)
            return self.change(
                site, function, old, (old, value), NOTHING, lambda: operation(old, value), name
            )
        if type(old) is list:
            self.write(old, MISSING, list(old))
        result = operation(old, value)
        if is_tensor(result) and not is_other(result) and id(result) not in self.objects.known:
            is_zero = type(old) is int and self._zero_key(site.targets[0]) in self.objects.zeros
            known = self._zero(site.targets[0]) if is_zero else old
            self.record(site, plain, (known, value), NOTHING, result)
            node = self.objects.node_of(result)
            self.effect(site, node, name)
            if is_zero:
                self._check_zero(site, node, name)
                return result
            if node.operands and type(node.operands[0]) is Node:  # none: everything was just forgotten
                self.check(site, node.operands[0], node, name)
        return result

    # ---- calls

    def enter(self, site: Site, frame: FrameType | None) -> None:
        """Go into a call of a function of the person's."""
        while frame is not None and frame.f_code.co_filename not in self.files:
            frame = frame.f_back  # a library has called it
        caller = (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
        parent = self.stack[-1]
        began = parent.began
        if began is None or began[0] != caller[1]:
            parent.began = (caller[1], len(self.nodes), self.moment)
        call = Frame(len(self.frames), site, parent, caller, len(self.nodes))
        self.stack.append(call)
        if self.limits.function and self.only is None and not self.ended and _is_meant(site, self.limits):
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


def _nothing() -> None:
    """Do nothing."""


def _keeps_dtype(old: Any, value: Any) -> bool:
    """Whether an operation in place gives what the same operation gives anywhere else."""
    return not is_tensor(value) or isinstance(value, float) or bool(np.result_type(old, value) == old.dtype)


def _is_meant(site: Site, limits: Limits) -> bool:
    return f".{site.function}".endswith(f".{limits.function}")


def scope_of(frame: FrameType) -> Mapping[str, Any] | None:
    """Return the local variables of a frame, those around a comprehension or a lambda too."""
    variables = frame.f_locals
    if variables is frame.f_globals:
        return None
    scope = dict(variables)
    code, outer = frame.f_code, frame.f_back
    while code.co_name in COMPREHENSIONS:
        while outer is not None and code not in outer.f_code.co_consts:
            outer = outer.f_back
        if outer is None or outer.f_locals is outer.f_globals:
            break
        scope = {**outer.f_locals, **scope}
        code, outer = outer.f_code, outer.f_back
    return scope
