"""The files of a script as code with hooks: what cannot be read, or is not Python, is said in words."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import CodeType

from bpdebug.errors import Problem, ScriptError
from bpdebug.plain import printable
from bpdebug.sources.files import NotRegularError, open_regular
from bpdebug.sources.script.imports import OwnFiles
from bpdebug.sources.script.notebooks import cells


def read_script(name: str) -> bytes:
    """Return what a file holds; say what is wrong with it where that is no file."""
    try:
        with open_regular(Path(name)) as file:
            return file.read()
    except FileNotFoundError:
        raise ScriptError(Problem(name, "", "no such file", "expected a Python script")) from None
    except (NotRegularError, IsADirectoryError) as error:
        found = "a folder" if isinstance(error, IsADirectoryError) else "a pipe or a device"
        raise ScriptError(Problem(name, "", f"found {found}, expected a Python script")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ScriptError(Problem(name, "", f"cannot be read: {reason}")) from None


def instrumented(text: str | bytes, file: str, finder: OwnFiles) -> CodeType:
    """Return a text as code with hooks; say where it is not Python."""
    finder.files.add(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return finder.compiled(text, file)
    except SyntaxError as error:
        where = f"{file}:{error.lineno}" if error.lineno else file
        message = f"not Python: {error.msg}"
        line = printable((error.text or "").expandtabs(4).strip())
        raise ScriptError(Problem(where, "", message, line)) from None
    except (ValueError, LookupError, RecursionError) as error:
        raise ScriptError(Problem(file, "", f"not Python: {error}")) from None


def cells_of(
    name: str, data: bytes, finder: OwnFiles, messages: list[str], texts: Mapping[str, str]
) -> list[CodeType]:
    """Return the cells of a notebook as code with hooks; what is not Python is left out, and said."""
    found: list[CodeType] = []
    for cell in cells(data.decode("utf-8", errors="replace"), name):
        file = f"{name}[{cell.number}]"
        text = texts.get(file, cell.text)
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        try:
            found.append(instrumented(text, file, finder))
        except ScriptError as error:
            messages.append(f"cell {cell.number} was left out: {error.problems[0].message}")
    return found
