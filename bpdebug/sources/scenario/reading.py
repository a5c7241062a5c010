"""From a name on the command line to a TOML table; the files that it names are read in `sources/tensors`.

A scenario may come from a stranger, so everything is bounded before it is done: only regular files are
opened (a pipe would never end), and no more of them is read than a parser can hold.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from bpdebug.engine.language.nearest import nearest
from bpdebug.errors import Problem, ScenarioError
from bpdebug.limits import LIMITS, at_most
from bpdebug.plain import printable
from bpdebug.sources.files import NotRegularError, open_regular
from bpdebug.sources.floats import read_float

MAX_FILE_BYTES = LIMITS.file_bytes

MAX_TITLE_BYTES = 2**16
"""A larger file is not read twice, only to show its title a moment earlier."""

_SUFFIX = ".toml"
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w.-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{LIMITS.key_parts}}}")
"""A key of more parts than there may be; nowhere else do so many words stand between dots."""
_PLACE = r"^(?s:(?P<message>.*)) \(at (?P<place>[^()]*)\)$"


def shipped_scenarios() -> tuple[Path, ...]:
    """Return the scenario files that come with bpdebug, in the order of their names."""
    installed = Path(__file__).parent / "shipped"
    folder = installed if installed.is_dir() else Path(__file__).parents[3] / "scenarios"
    return tuple(sorted(folder.glob(f"*{_SUFFIX}")))


def find_scenario(source: str) -> Path:
    """Return the file that is meant by a path, or by the bare name of a shipped scenario.

    Raises
    ------
    ScenarioError
        If a bare name is neither a shipped scenario nor a file.
    """
    path = Path(source)
    if path.name != source:
        return path
    shipped = {path.stem: path for path in shipped_scenarios()}
    if source in shipped:
        return shipped[source]
    if path.suffix != _SUFFIX and not os.path.lexists(path):
        expected = f"no such scenario: found neither a file nor a shipped one, expected {', '.join(shipped)}"
        near = nearest(source, shipped)
        hint = f"did you mean {near}?" if near else "a file in another folder is given by its path"
        raise ScenarioError(Problem(printable(source), "", expected, hint))
    return path


def title_of(source: str) -> str:
    """Return the title of a scenario, and look at nothing else; empty if it is large, or has none.

    Raises
    ------
    ScenarioError
        If there is no such file, or it is not TOML.
    """
    path = find_scenario(source)
    try:
        large = path.stat().st_size > MAX_TITLE_BYTES
    except OSError:
        large = False
    title = "" if large else read_table(path, source).get("title")
    return printable(title) if isinstance(title, str) else ""


def read_table(path: Path, shown: str, limit: str = "file_bytes") -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path : Path
        The file.
    shown : str
        What problems call it.
    limit : str
        The limit of its size.

    Raises
    ------
    ScenarioError
        If it cannot be read, is not UTF-8, is not TOML, or is larger than its limit.
    """

    def refuse(message: str, hint: str = "", place: str = "") -> ScenarioError:
        return ScenarioError(Problem(printable(shown), place, message, hint))

    most = MAX_FILE_BYTES if limit == "file_bytes" else getattr(LIMITS, limit)
    try:
        with open_regular(path) as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise refuse("no such file", "`bpdebug list` shows the scenarios that are always there") from None
    except IsADirectoryError:
        raise refuse("found a folder, expected a TOML file") from None
    except NotRegularError:
        raise refuse("found a pipe or a device, expected a TOML file") from None
    except (OSError, ValueError) as error:
        raise refuse(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > most:
        raise refuse(
            f"too large: found more than {most:,} bytes, expected at most that (the limit {limit})",
            "write large tensors as { random = ... }" if limit == "file_bytes" else "",
        )
    try:
        return _parse(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse(
            f"not UTF-8: found the byte 0x{content[error.start]:02x}", "save it as UTF-8", f"line {line}"
        ) from None
    except RecursionError:
        raise refuse(
            "nested too deeply: found more brackets than can be read, expected a level for each axis"
        ) from None
    except tomllib.TOMLDecodeError as error:
        found = re.match(_PLACE, str(error))
        message, place = (found["message"], found["place"]) if found else (str(error), "")
        raise refuse(f"not TOML: {printable(message[:1].lower() + message[1:])}", place=place) from None
    except ValueError:
        digits = sys.get_int_max_str_digits()
        raise refuse(
            f"not TOML: found an integer of more than {digits:,} digits, expected at most 19"
        ) from None


def _parse(content: bytes) -> dict[str, Any]:
    text = content.decode("utf-8-sig").replace("\r\n", "\n")
    long = _LONG_KEY.search(text)
    if long is not None:
        line = text.count("\n", 0, long.start()) + 1
        raise tomllib.TOMLDecodeError(
            f"a key has {at_most('key_parts', 'parts')}: found more (at line {line})"
        )
    return tomllib.loads(text, parse_float=read_float)
