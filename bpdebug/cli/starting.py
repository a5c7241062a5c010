"""`bpdebug new`: a scenario to start from."""

from __future__ import annotations

from pathlib import Path

from bpdebug.cli.output import write
from bpdebug.errors import BpdebugError
from bpdebug.sources.files import written_whole
from bpdebug.verify.starting_scenario import starting_scenario


def write_new(weights: str, path: str | None) -> None:
    """Write a scenario for the weights in a file: to a new file, or to standard output."""
    text = starting_scenario(Path(weights), Path(path).parent if path else Path())
    if path is None:
        write([text])
        return
    try:
        with written_whole(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise BpdebugError(f"{path}: cannot be written: {error.strerror}") from None
