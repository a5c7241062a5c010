"""A recording as a case: what every front opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Phase, Statement, names
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.history import History
from bpdebug.engine.program.passages import LOSS
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import Trace, read_only
from bpdebug.errors import BpdebugError, Problem, ScriptError, ShapeError
from bpdebug.sources.case import Case, Script
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.wording import certainty, sentences
from bpdebug.sources.script.conversion.statements import Converted, convert
from bpdebug.sources.script.graph import start_of
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.reference import as_input


@dataclass(frozen=True, kw_only=True)
class RecordedCase(Case):
    """A case with the recording that it was made of: its own gradients can be checked.

    Attributes
    ----------
    recording : Recording
        What was recorded.
    results : mapping
        What every statement gave then.
    """

    recording: Recording
    results: Mapping[str, Array]

    def history(self) -> History:
        """Return what was recorded: nothing of it need be computed again."""
        return History.of(Trace(self.program, {**self.values, **self.results}))


def case_of(recording: Recording) -> RecordedCase:
    """Make a case of a recording: its program has a statement for each value of the person's code.

    Raises
    ------
    ScriptError
        If nothing was recorded that could be stepped through; with what the script raised, if it did.
    """
    converted = convert(recording, start_of(recording))
    if not converted.statements:
        raise _nothing(recording)
    analysis = analyse(recording)
    converted, notes = held_to_the_record(with_phases(converted, analysis))
    program = program_of(converted, recording)
    path = Path(recording.path)
    return RecordedCase(
        recording=recording,
        results=MappingProxyType(
            {one.name: read_only(as_input(converted.nodes[one.name].value)) for one in program.statements}
        ),
        name=path.stem,
        source=recording.path,
        title=path.name,
        about="",
        layout="",
        dtype=_dtype(converted),
        program=program,
        values=MappingProxyType({name: read_only(value) for name, value in converted.inputs.items()}),
        script=Script(
            files={
                statement.source.file: _text(recording, statement.source.file)
                for statement in program.statements
                if statement.source
            },
            found=(*found(recording, converted, analysis), *notes),
            output=recording.output,
            ended=recording.ending.message,
            failed="" if recording.updates else _failure(recording, analysis),
            certainty=certainty(analysis),
        ),
    )


def program_of(converted: Converted, recording: Recording) -> Program:
    """Make a program of what a recording became."""
    shapes = {name: np.shape(value) for name, value in converted.inputs.items()}
    parameters = {converted.names.get(update.old.id, "") for update in recording.updates}
    parameters |= {name for name in shapes if f"{name}.grad" in converted.nodes}  # it holds its gradient
    try:
        return Program(
            shapes,
            converted.statements,
            parameters=frozenset(parameters & shapes.keys()),
            versions=converted.versions,
        )
    except BpdebugError as error:
        raise ScriptError(Problem(recording.path, "", f"the recording is no program: {error}")) from None


def held_to_the_record(converted: Converted) -> tuple[Converted, tuple[str, ...]]:
    """Compute each statement from the recorded values of what it reads, and compare it with its own.

    What differs by more than rounding is not what the person's code did: it becomes opaque. What differs in
    its last digits stays (`math.exp` and `np.exp` do not round alike), and is said.

    Returns
    -------
    (converted, notes) : (Converted, tuple of str)
        The statements that give what was recorded, and what there is to say.
    """
    values = dict(converted.inputs)
    inputs, statements, notes = dict(converted.inputs), list[Statement](), list[str]()
    rounded: dict[int, float] = {}
    for statement in converted.statements:
        recorded = as_input(converted.nodes[statement.name].value)
        off = _distance(_computed(statement.expression, values), recorded)
        line = statement.source.line if statement.source else 0
        if off > np.sqrt(np.finfo(recorded.dtype).eps):
            code = numpy_text(statement.expression)
            notes.append(f"line {line}: {code} computed again is not what was recorded, which stands for it")
            held = f"recorded {statement.name}"
            inputs[held] = recorded
            operands = (Name(held), *map(Name, names(statement.expression)))
            statement = replace(statement, expression=Call("opaque", operands, (("text", code),)))
        elif off:
            rounded[line] = max(off, rounded.get(line, 0.0))
        values[statement.name] = recorded
        statements.append(statement)
    if rounded:
        lines = ", ".join(map(str, sorted(rounded)))
        notes.append(
            f"computed again, lines {lines} differ in the last digits, "
            f"by {max(rounded.values()):.0e} of the largest element at most: "
            "NumPy rounds or adds up in another way there"
        )
    return converted._replace(inputs=inputs, statements=tuple(statements)), tuple(notes)


def _computed(expression: Expression, values: Mapping[str, Array]) -> Array | None:
    """Compute an expression; None where the language cannot."""
    try:
        shape_of(expression, {name: values[name].shape for name in names(expression)})
        return np.asarray(evaluate(expression, values))
    except (ShapeError, ValueError, TypeError, IndexError):
        return None


def _distance(mine: Array | None, recorded: Array) -> float:
    """Return how far two values lie apart, relative to the largest element; infinite for other shapes."""
    if mine is None or mine.shape != recorded.shape:
        return float("inf")
    with np.errstate(invalid="ignore", over="ignore"):
        off = float(np.max(np.abs(mine - recorded), initial=0.0))
    if not off:
        return 0.0
    if not np.isfinite(off):
        finite = np.isfinite(recorded)
        if not np.array_equal(mine[~finite], recorded[~finite], equal_nan=True):
            return float("inf")
        mine, recorded = mine[finite], recorded[finite]
        off = float(np.max(np.abs(mine - recorded), initial=0.0))
    off /= float(np.max(np.abs(recorded), initial=0.0)) or 1.0
    return off if np.isfinite(off) else float("inf")


def found(recording: Recording, converted: Converted, analysis: Analysis) -> tuple[str, ...]:
    """Say what was found in a recording, a sentence each, but for how sure it is."""
    opaque = (
        f"{one.file}:{one.line}: {one.code} is recorded, and not derived: {one.function} is not known here"
        for one in converted.opaque
    )
    early = (recording.ended_early,) if recording.ended_early else ()
    plain = (one for one in sentences(analysis) if one != certainty(analysis))
    return (*recording.messages, *early, *plain, *opaque)


def with_phases(converted: Converted, analysis: Analysis) -> Converted:
    """Say of each statement which pass it belongs to, and of a gradient whose it is."""
    owners: dict[int, str] = {}
    for parameter, verdict in zip(analysis.parameters, analysis.verdicts_of_record, strict=False):
        name = _name_of(converted, analysis, parameter.old)
        if verdict.gradient is not None and name:
            owners[verdict.gradient.origin.id] = name
        for update in parameter.updates:
            owners[update.new.origin.id] = name
    statements = []
    loss = _explicit_loss(analysis)
    phase: Phase = "forward"
    for statement in converted.statements:
        node = converted.nodes[statement.name]
        found = analysis.phases[node.id]
        again = found == "forward" and analysis.graph.of(node) is not node
        if found == "other" or again:  # it is carried out on the way, for itself or once more
            statement = replace(statement, phase=phase)
        else:
            phase = found
            role = LOSS if node.origin is loss else ""
            statement = replace(statement, phase=phase, of=owners.get(node.origin.id, ""), role=role)
        statements.append(statement)
    return converted._replace(statements=tuple(statements))


def _explicit_loss(analysis: Analysis) -> Node | None:
    """Return the loss that the script computes, if it computes one."""
    if analysis.loss is None or not analysis.loss.candidate.is_explicit:
        return None
    return analysis.loss.candidate.roots[0].origin


def _name_of(converted: Converted, analysis: Analysis, node: Node) -> str:
    """Return what a node, or another that is the same, is called in the program."""
    name = converted.names.get(node.id)
    if name is None:
        others = (
            number for number in converted.names if analysis.graph.of(analysis.graph.nodes[number]) is node
        )
        name = converted.names.get(next(others, -1), "")
    return name


def _dtype(converted: Converted) -> str:
    kinds = {value.dtype.name for value in converted.inputs.values()}
    return "float32" if "float32" in kinds else "float64"


def _text(recording: Recording, file: str) -> str:
    for site in recording.sites:
        if site.source is not None and (site.place.file == file or site.place.file.endswith(f"/{file}")):
            return site.source.text
    return ""


def _failure(recording: Recording, analysis: Analysis) -> str:
    """Say why nothing was updated, unless the recording was to end before that."""
    if recording.ending.kind == "finished" and not (analysis.parameters or recording.gone_back):
        return "; ".join(analysis.notes)
    return recording.ending.traceback or recording.ended_early


def _nothing(recording: Recording) -> ScriptError:
    ending = recording.ending
    where = f"{recording.path}:{ending.line}" if ending.line else recording.path
    if ending.kind == "asked":
        message, hint = (
            "the script asks for an input",
            f"give it with: bpdebug trace {recording.path} < answers.txt",
        )
    elif ending.kind == "raised":
        message, hint = f"the script raised an exception before anything was computed: {ending.message}", ""
    else:
        message = f"nothing was computed with tensors: {ending.message}"
        said = recording.output.strip().splitlines()[-1:] if ending.kind == "exited" else []
        hint = "; ".join([*recording.messages, *said]) or "expected a script that trains"
    return ScriptError(Problem(where, "", message, hint))
