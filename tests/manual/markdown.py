"""Markdown: tables and code, with what would end a cell or a span escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """Write a span of code."""
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def written(value: object) -> str:
    """Write a value as code, as a scenario has it; a text without its quotes."""
    return code(value if isinstance(value, str) else json.dumps(value))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def first_paragraph(docstring: str | None) -> str:
    """Return the first paragraph of a docstring as one line."""
    return " ".join((docstring or "").split("\n\n")[0].split())
