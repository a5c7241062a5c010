"""A capture is read and checked: what a stranger has written runs nothing, and cannot ask for much."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, CallSite, Expression, Name, Number, Source, Statement
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import read_only
from bpdebug.errors import BpdebugError, Problem, ScenarioError
from bpdebug.plain import plain, printable
from bpdebug.sources.capture.writing import FORMAT, TENSORS, VERSION
from bpdebug.sources.case import Case, Script
from bpdebug.sources.files import open_regular
from bpdebug.sources.problems import ProblemReport, RefusalError, shortened
from bpdebug.sources.scenario.limits import check_files, check_size
from bpdebug.sources.scenario.reading import read_table
from bpdebug.sources.tensors import safetensors

DEEPEST = 400
"""An expression of a person's is not nested deeper."""
DAMAGED = "damaged, or not a capture of bpdebug's"


def load_capture(path: str | os.PathLike[str]) -> Case:
    """Return the case that was saved.

    Parameters
    ----------
    path : str or path
        The `.bpd`; its tensors are beside it.

    Raises
    ------
    ScenarioError
        If it cannot be read, is damaged, or asks for more than is allowed.
    """
    name = os.fspath(path)
    shown = printable(name)
    document = read_table(Path(name), name, "capture_bytes")
    try:
        if document.get("format") != FORMAT or document.get("version") != VERSION:
            found = f"{shortened(str(document.get('format')))} {shortened(str(document.get('version')))}"
            raise RefusalError(f"found the format {found}, expected {FORMAT} {VERSION}")
        return _case(Path(name), document)
    except OSError as error:
        message = f"cannot be read: {error.strerror or 'it is no file'}"
        raise ScenarioError(Problem(shown, "", message)) from None
    except RefusalError as error:
        raise ScenarioError(Problem(shown, "", printable(str(error)))) from None
    except ScenarioError:
        raise
    except (BpdebugError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        raise ScenarioError(Problem(shown, "", f"{DAMAGED}: {printable(str(error))}")) from None
    except (RecursionError, MemoryError):
        raise ScenarioError(Problem(shown, "", f"{DAMAGED}: it nests too deep")) from None


def _case(path: Path, document: Mapping[str, Any]) -> Case:
    report = ProblemReport(str(path))
    values = _tensors(path.with_suffix(TENSORS), _texts(document["inputs"]), report)
    statements = tuple(_statement(entry) for entry in document["statements"])
    shapes = {name: value.shape for name, value in values.items()}
    program = Program(shapes, statements, parameters=frozenset(_texts(document["parameters"])))
    # Positions and counts are of 64 bits in every capture: what most elements are of counts.
    width = 4 if sum(value.size * (6 - value.itemsize) for value in values.values()) > 0 else 8
    check_size(program, lambda statement: ("statements", statement.name), report, width)
    report.refuse()
    files = {printable(name): plain(_whole_text(text)) for name, text in document["files"].items()}
    found = _texts(document["found"])
    output, failed = (plain(_whole_text(document[key])) for key in ("output", "failed"))
    return Case(
        _text(document["name"]),
        str(path),
        _text(document["title"]),
        "",
        "",
        _text(document["dtype"]),
        program,
        MappingProxyType(values),
        script=Script(
            MappingProxyType(files),
            found,
            output,
            _text(document["ended"]),
            failed,
            certainty=_text(document["certainty"]),
        ),
    )


def _tensors(path: Path, names: Sequence[str], report: ProblemReport) -> dict[str, Any]:
    """Read the tensors with some names."""
    with open_regular(path) as file:
        stored = dict(safetensors.members(file))
        missing = [name for name in names if name not in stored]
        if missing:
            raise RefusalError(f"{path.name} has no tensor {shortened(missing[0])}")
        held = {name: stored[name](file) for name in names}
        check_files({("inputs", name): array.shape for name, array in held.items()}, report)
        report.refuse()
        values = {name: np.asarray(array.read(file)) for name, array in held.items()}
    for name, value in values.items():
        if value.dtype.kind != "f":
            raise RefusalError(f"{shortened(name)} has the dtype {value.dtype}, expected floats")
    return {name: read_only(value) for name, value in values.items()}


def _statement(entry: Mapping[str, Any]) -> Statement:
    phase = entry.get("phase", "forward")
    if phase not in ("forward", "backward", "update"):
        raise RefusalError(f"found the phase {shortened(str(phase))}")
    return Statement(
        _name(entry["name"]),
        _expression(entry["expression"], 0),
        phase,
        role=_text(entry.get("role", "")),
        of=_text(entry.get("of", "")),
        why=_text(entry.get("why", "")),
        source=_source(entry["place"]) if "place" in entry else None,
    )


def _source(place: Mapping[str, Any]) -> Source:
    calls = tuple(
        CallSite(_whole(number), _text(function), _text(file), _whole(line), bool(is_module))
        for number, function, file, line, is_module in place["calls"]
    )
    first, last = map(_whole, place["lines"])
    begin, end = map(_whole, place["columns"])
    turns = tuple(map(_whole, place["turns"]))
    return Source(
        _text(place["file"]), first, last, (begin, end), plain(_whole_text(place["code"])), calls, turns
    )


def _expression(data: Any, depth: int) -> Expression:
    if depth > DEEPEST:
        raise RefusalError(f"{DAMAGED}: an expression nests too deep")
    if isinstance(data, str):
        return Name(_name(data))
    if isinstance(data, int | float) and not isinstance(data, bool):
        float(data)  # raises where it has too many digits
        return Number(data)
    function, options, *arguments = data
    known = FUNCTIONS.get(function) if isinstance(function, str) else None
    if known is None:
        raise RefusalError(f"found the function {shortened(str(function))}, which is not known")
    unknown = [name for name in options if name not in known.options]
    if unknown or not known.takes(len(arguments)):
        raise RefusalError(f"found {function} with other arguments or options than it has")
    given = tuple((name, _option(value)) for name, value in options.items())
    return Call(function, tuple(_expression(one, depth + 1) for one in arguments), given)


def _option(value: Any) -> Any:
    """Return the value of an option: a list as a tuple, an empty table as None."""
    if isinstance(value, list):
        return tuple(map(_option, value))
    if isinstance(value, dict):
        if value:
            raise RefusalError("found a table as an option")
        return None
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, bool | int | float) or math.isnan(value):  # −∞ is what a mask writes
        raise RefusalError(f"found {shortened(str(value))} as an option")
    return value


def _text(value: Any) -> str:
    """Return a text of one line, in which nothing steers a terminal."""
    return printable(_whole_text(value))


def _name(value: Any) -> str:
    """Return the name of a tensor, as it is: it is looked up."""
    name = _whole_text(value)
    if not name or not name.isprintable():
        raise RefusalError(f"found the name {shortened(ascii(name))}, expected one that can be shown")
    return name


def _whole_text(value: Any) -> str:
    if not isinstance(value, str):
        raise RefusalError(f"found {shortened(str(value))}, expected a text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise RefusalError(f"found {shortened(str(values))}, expected a list of texts")
    return tuple(map(_text, values))


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise RefusalError(f"found {shortened(str(value))}, expected a whole number")
    return value
