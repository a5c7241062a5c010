"""The rooms of the code from their docstrings, and who may import whom from the contracts."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.manual.markdown import first_paragraph

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "bpdebug"
WIDTH = 24


def tree() -> str:
    """Write every package, and the modules at the top, each with what its docstring says first."""
    lines = [f"{PACKAGE.name}/", *_entries(PACKAGE, 1)]
    return "\n".join(["```text", *lines, "```"])


def _entries(folder: Path, depth: int) -> Iterator[str]:
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        home = path / "__init__.py" if path.is_dir() else path
        is_shown = home.exists() and (path.is_dir() or (depth == 1 and path.stem.strip("_") == path.stem))
        if path.suffix not in ("", ".py") or not is_shown:
            continue
        name = "  " * depth + path.name + "/" * path.is_dir()
        docstring = first_paragraph(ast.get_docstring(ast.parse(home.read_text(encoding="utf-8"))))
        yield f"{name:{WIDTH}} {docstring}".rstrip()
        if path.is_dir():
            yield from _entries(path, depth + 1)


def order() -> str:
    """Write which room may import which: each only those above it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    parts = []
    for contract in contracts:
        if contract["type"] == "layers":
            rooms = "\n".join(reversed(contract["layers"]))
            parts.append(f"{contract['name']}:\n\n```text\n{rooms}\n```")
    return "\n\n".join(parts)
