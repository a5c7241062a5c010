"""The statements of a program, from the instances of a recording, in the order in which they ran.

An expression nests as the person wrote it: what was computed within the statement is inside, everything else
is read by its name. A name that is given again has versions: `delta`, `delta ·2`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, CallSite, Expression, Name, Number, Phase, Source, Statement
from bpdebug.engine.language.nodes import names as names_in
from bpdebug.sources.script.conversion.names import Names, input_names, written_name
from bpdebug.sources.script.conversion.rules import conversion_rules, rule_of
from bpdebug.sources.script.conversion.translator import OpaqueError, Translator, number
from bpdebug.sources.script.graph import is_random, sources
from bpdebug.sources.script.recorder.operations import elements
from bpdebug.sources.script.recorder.records import Frame, Instance, Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.sites import MODULE, Site, SourceRange, shown


class Opaque(NamedTuple):
    """An operation that the language does not know: what it is called, its text, and its line."""

    function: str
    code: str
    file: str
    line: int


class Converted(NamedTuple):
    """What a recording became.

    Attributes
    ----------
    inputs : mapping
        The value of each input, in floats.
    statements : tuple of Statement
        In the order in which their values were there.
    instances : tuple of (Instance or None)
        For each statement, the instance that it comes from; None for a value on the way to another.
    nodes : mapping
        The name of an input or a statement -> the node that it is.
    names : mapping
        The number of a node -> its name, for all that have one.
    versions : mapping
        Name of a further version of a variable -> the variable.
    opaque : tuple of Opaque
        What is only recorded: no gradient is derived through it.
    dtype : dtype
        That of the network.
    """

    inputs: Mapping[str, Array]
    statements: tuple[Statement, ...]
    instances: tuple[Instance | None, ...]
    nodes: Mapping[str, Node]
    names: Mapping[int, str]
    versions: Mapping[str, str]
    opaque: tuple[Opaque, ...]
    dtype: np.dtype[Any]


def convert(
    recording: Recording, start: int, phase_of: Callable[[Node], tuple[Phase, str]] | None = None
) -> Converted:
    """Write the instances from a time on as statements.

    Parameters
    ----------
    recording : Recording
        What was recorded.
    start : int
        What was computed before is an input.
    phase_of : callable, optional
        Gives the phase of what a node computes, and the tensor whose gradient or step it is, by its name.
    """
    conversion = _Conversion(recording, start, phase_of or (lambda node: ("forward", "")))
    for instance in recording.instances:
        if instance.result is not None and instance.time >= start and instance.result.id >= start:
            conversion.add(instance.result, instance)
    if recording.objects.other is None:
        return conversion.converted()
    # What a library computes by itself is no value of the person's, but may have a name: a gradient.
    for node in recording.nodes[start:]:
        if node.names and node.function is not None:
            conversion.add(node, node.instance)
    conversion.in_order()
    return conversion.converted()


class _Conversion:
    def __init__(
        self, recording: Recording, start: int, phase_of: Callable[[Node], tuple[Phase, str]]
    ) -> None:
        self.recording, self.start, self.phase_of = recording, start, phase_of
        self.rules = conversion_rules()
        self.names: dict[int, str] = {}
        self.nodes: dict[str, Node] = {}
        self.inputs: dict[str, Array] = {}
        self.constants: dict[Any, Name] = {}
        self.statements: list[Statement] = []
        self.instances: list[Instance | None] = []
        self.opaque: dict[tuple[str, int, str], Opaque] = {}
        self.title = Names()
        singles = any(getattr(node.like, "dtype", None) == np.float32 for node in recording.nodes)
        self.dtype = np.dtype(np.float32 if singles else np.float64)
        self.places: dict[SourceRange, Source] = {}
        self.paths = input_names(recording, start)

    def converted(self) -> Converted:
        read = {name for statement in self.statements for name in names_in(statement.expression)}
        inputs = {name: value for name, value in self.inputs.items() if name in read}
        return Converted(
            inputs,
            tuple(self.statements),
            tuple(self.instances),
            {name: node for name, node in self.nodes.items() if name in inputs or name not in self.inputs},
            self.names,
            self.title.versions,
            tuple(self.opaque.values()),
            self.dtype,
        )

    def in_order(self) -> None:
        """Put the statements in the order in which their values were there."""
        pairs = sorted(
            zip(self.statements, self.instances, strict=True), key=lambda pair: self.nodes[pair[0].name].id
        )
        self.statements, self.instances = [one for one, _ in pairs], [one for _, one in pairs]

    # ---- statements

    def add(self, node: Node, instance: Instance | None) -> None:
        """Write the statement of a node, if it has none."""
        if node.id in self.names or not _has_elements(node):
            return
        site = instance.site if instance is not None else node.site
        expression = self.written(node, site)
        name = self.title.new(written_name(node, instance))
        phase, of = self.phase_of(node)
        maker = instance or (node if node.site is not None else _last_with_site(node))
        source = self.source(maker.site, maker.frame, maker.turns) if maker and maker.site else None
        self.statements.append(Statement(name, expression, phase, of=of, source=source))
        self.instances.append(instance)
        self.names[node.id] = name
        self.nodes[name] = node

    def source(self, site: Site, frame: Frame, turns: Mapping[int, int]) -> Source:
        """Say where a statement stands, and under what it ran."""
        place = site.statement if site.kind != "iterate" else site.place
        found = self.places.get(place)
        if found is None:
            assert site.source is not None
            code = site.source.code(place)
            columns = site.source.columns(place)
            found = Source(shown(place.file), place.line, place.end_line, columns, code)
            self.places[place] = found
        turned = tuple(turns.get(loop, 0) + 1 for loop in site.loops)
        return found._replace(calls=calls_of(frame), turns=turned)

    # ---- expressions

    def written(self, node: Node, site: Site | None) -> Expression:
        """Write what a node computes, as part of the statement at a site."""
        translator = Translator(lambda operand: self.operand(operand, node, site), self.constant)
        try:
            if is_random(node):
                raise OpaqueError("a random number")
            return rule_of(self.rules, node)(translator, node)
        except OpaqueError as error:
            return self.unknown(node, translator, str(error))

    def operand(self, node: Node, user: Node, site: Site | None) -> Expression:
        """Write an operand: by its name, or what it computes where that is a part of the same statement."""
        if node.id in self.names:
            return Name(self.names[node.id])
        if node.function is None or node.id < self.start:
            return self.input(node.origin)
        if _is_inner(node, user, site):
            return self.written(node, site)
        self.add(node, node.instance)
        return Name(self.names[node.id])

    def input(self, node: Node) -> Expression:
        """Write what is given: a literal as a number, anything else as an input."""
        if node.id in self.names:
            return Name(self.names[node.id])
        value = node.value
        written = self.paths.get(node.id)
        is_plain = (
            type(value) is float and self.dtype == np.float32
        )  # a Python number adapts, an array does not
        if isinstance(value, float) and (not written or is_plain):
            return number(value)
        name = self.title.new(written or written_name(node, None))
        self.names[node.id] = name
        self.nodes[name] = node
        self.inputs[name] = as_floats(value, self.dtype)
        return Name(name)

    def constant(self, value: Any) -> Expression:
        """Write an array that is no tensor of the person's: an index, a mask of positions."""
        value = as_floats(value, self.dtype)
        key = (value.shape, value.tobytes())
        if key not in self.constants:
            name = self.title.new("index")
            self.inputs[name] = value
            self.constants[key] = Name(name)
        return self.constants[key]

    def unknown(self, node: Node, translator: Translator, why: str) -> Expression:
        """Write an operation that the language does not know: its value is recorded."""
        code = " ".join(node.site.code.split()) if node.site is not None else why
        place = node.site.place if node.site is not None else SourceRange("", 0, 0, 0, 0)
        is_derivable = any(True for _ in sources(node)) and np.asarray(node.like).dtype.kind == "f"
        if is_derivable and not is_random(node):
            key = (place.file, place.line, why)
            self.opaque.setdefault(key, Opaque(why, code, shown(place.file), place.line))
        name = self.title.new(f"recorded {len(self.inputs)}")
        self.inputs[name] = as_floats(node.value, self.dtype)
        operands = [translator.expression(parent) for parent in _real_operands(node)]
        return Call("opaque", (Name(name), *operands), (("text", code),))


def as_floats(value: Any, dtype: np.dtype[Any]) -> Array:
    """Return a value as the language computes it: in floats; truths in those of the network."""
    array = np.asarray(value)
    if array.dtype.kind == "f":
        return array
    return np.asarray(array, dtype=dtype if array.dtype.kind == "b" else np.float64)


def _last_with_site(node: Node) -> Node | None:
    """Return what made a node necessary that the recorder had to add: what was written through a view."""
    return next((one for one in reversed([*node.parents()]) if one.site is not None), None)


def _is_inner(node: Node, user: Node, site: Site | None) -> bool:
    """Whether an operand is a part of the same statement: nobody else has it, or it is what `+=` adds."""
    instance = node.instance
    if instance is not None and instance.result is node:
        return False
    if node.site is None:
        return node.function is elements
    return site is not None and node.site.statement is site.statement and node.frame is user.frame


def calls_of(frame: Frame) -> tuple[CallSite, ...]:
    """Return the calls that lead to a frame, the outermost first."""
    found: list[CallSite] = []
    here: Frame | None = frame
    while here is not None and here.site is not None:
        file, line = here.caller
        is_module = here.site.role == MODULE
        found.append(CallSite(here.number, here.site.function, shown(file), line, is_module))
        here = here.parent
    return tuple(reversed(found))


def _has_elements(node: Node) -> bool:
    return isinstance(node.like, float | int | np.ndarray | np.generic) and not np.iscomplexobj(node.like)


def _real_operands(node: Node) -> Iterator[Node]:
    """Yield what an operation was computed from; in place of complex numbers, what those are from."""
    for parent in node.parents():
        if _has_elements(parent):
            yield parent
        elif parent.function is not None:
            yield from _real_operands(parent)


__all__ = ["Call", "Converted", "Number", "Opaque", "calls_of", "convert"]
