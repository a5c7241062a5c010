"""A notebook is its code cells, one after the other; what is no Python is left out, with a message."""

from __future__ import annotations

import json
from typing import NamedTuple

from bpdebug.errors import Problem, ScriptError


class CodeCell(NamedTuple):
    """A code cell: its number among the code cells, from 1, and its text."""

    number: int
    text: str


def cells(text: str, file: str) -> list[CodeCell]:
    """Return the code cells of a notebook.

    A line for IPython (`%matplotlib inline`, `!pip list`, `x?`) is blanked: the lines keep their numbers.

    Raises
    ------
    ScriptError
        If the file is no notebook.
    """
    try:
        document = json.loads(text)
        found = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
        texts = ["".join(cell["source"]) for cell in found]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"not a notebook: {type(error).__name__}: {error}"
        raise ScriptError(Problem(file, "", message, "expected the JSON of a Jupyter notebook")) from None
    return [CodeCell(number, _python(text)) for number, text in enumerate(texts, start=1)]


def _python(text: str) -> str:
    """Blank what is for IPython; a cell that is another language's (`%%bash`) as a whole."""
    if text.lstrip().startswith("%%") and not text.lstrip().startswith(("%%time", "%%capture")):
        return ""
    return "\n".join("" if _is_for_ipython(line) else line for line in text.split("\n"))


def _is_for_ipython(line: str) -> bool:
    stripped = line.strip()
    return stripped.startswith(("%", "!", "?")) or stripped.endswith("?")
