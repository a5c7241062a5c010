"""A recorded case as the texts of its two files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression, Name, Source, Statement
from bpdebug.errors import BpdebugError
from bpdebug.sources.case import Case
from bpdebug.sources.files import written_whole

FORMAT, VERSION = "bpdebug-capture", 1
SUFFIX, TENSORS = ".bpd", ".bpd.safetensors"
DTYPES = {"float64": "F64", "float32": "F32", "float16": "F16"}
"""NumPy's dtypes -> their names in a file of tensors."""


def save(case: Case, path: str | Path) -> None:
    """Write a recorded case to `path`, which ends in `.bpd`, and its tensors beside it.

    Raises
    ------
    BpdebugError
        If the name has another suffix, or a file cannot be written.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise BpdebugError(f"{path}: found the suffix {path.suffix or 'none'}, expected {SUFFIX}")
    try:
        # All is written before either comes into its place, the tensors first: a capture is whole.
        tensors = path.with_suffix(TENSORS)
        with written_whole(path, is_new=False) as text, written_whole(tensors, is_new=False) as numbers:
            text.writelines(line.encode() for line in text_of(case))
            text.flush()
            numbers.writelines(tensors_of(case.values))
    except OSError as error:
        raise BpdebugError(f"{path}: cannot be written: {error.strerror}") from None


def text_of(case: Case) -> Iterator[str]:
    """Yield the lines of the TOML."""
    script = case.script
    head = {
        "format": FORMAT,
        "version": VERSION,
        "name": case.name,
        "source": case.source,
        "title": case.title,
        "dtype": case.dtype,
        "parameters": sorted(case.program.parameters),
        "inputs": list(case.values),
        "files": dict(script.files) if script else {},
        "found": list(script.found) if script else [],
        "certainty": script.certainty if script else "",
        "output": script.output if script else "",
        "ended": script.ended if script else "",
        "failed": script.failed if script else "",
    }
    for key, value in head.items():
        yield f"{key} = {written(value)}\n"
    for statement in case.program.statements:
        yield "\n[[statements]]\n"
        for key, value in _entries(statement).items():
            yield f"{key} = {written(value)}\n"


def _entries(statement: Statement) -> dict[str, Any]:
    entries: dict[str, Any] = {"name": statement.name, "expression": as_data(statement.expression)}
    for key in ("phase", "role", "of", "why"):
        if value := getattr(statement, key):
            entries[key] = value
    if statement.source is not None:
        entries["place"] = _place(statement.source)
    return entries


def _place(source: Source) -> dict[str, Any]:
    return {
        "file": source.file,
        "lines": [source.line, source.end_line],
        "columns": list(source.columns),
        "code": source.code,
        "calls": [list(call) for call in source.calls],
        "turns": list(source.turns),
    }


def as_data(expression: Expression) -> Any:
    """Return an expression as data: a name, a number, or `[function, options, *arguments]`."""
    if isinstance(expression, Name):
        return expression.id
    if isinstance(expression, Call):
        arguments = [as_data(argument) for argument in expression.arguments]
        return [expression.function, dict(expression.options), *arguments]
    return expression.value


def written(value: Any) -> str:
    """Write a value in TOML; None as an empty table."""
    if value is None:
        return "{}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "nan" if math.isnan(value) else f"{value:+}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{written(str(key))} = {written(one)}" for key, one in value.items()) + "}"
    return "[" + ", ".join(map(written, value)) + "]"


def tensors_of(values: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the bytes of the file of tensors."""
    header: dict[str, Any] = {}
    end = 0
    for name, value in values.items():
        start, end = end, end + value.nbytes
        entry = {"dtype": DTYPES[value.dtype.name], "shape": list(value.shape), "data_offsets": [start, end]}
        header[name] = entry
    text = json.dumps(header, ensure_ascii=False).encode()
    yield len(text).to_bytes(8, "little")
    yield text
    for value in values.values():
        yield np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
