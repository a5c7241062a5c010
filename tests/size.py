"""How much code there is, room by room: `python -m tests.size` prints it, and fails past the budget.

A line counts where it holds code: no blank line, comment or docstring does, so that none is saved by saying
less about the rest. Who needs more than the budget moves it in the same commit, and says why there.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "bpdebug"
BUDGET = 47_200
"""How many lines of code the package may have."""
NO_CODE = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


def lines_of_code(text: str) -> int:
    """Count the lines of a module that hold code."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    held = {
        line
        for token in tokens
        if token.type not in NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(held - _said(text))


def _said(text: str) -> set[int]:
    """Return the lines of the docstrings, those behind a name included."""
    return {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def rooms() -> Counter[str]:
    """Count the lines of code of every room: the folders up to two deep, and the modules at the top."""
    found: Counter[str] = Counter()
    for path in PACKAGE.rglob("*.py"):
        room = "/".join(path.relative_to(PACKAGE).parts[:-1][:2]) or path.name
        found[room] += lines_of_code(path.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Print the size of every room, and return whether all of them together go past the budget."""
    found = rooms()
    for room, lines in sorted(found.items()):
        print(f"{lines:7,}  {room}")
    print(f"{found.total():7,}  of {BUDGET:,} lines of code")
    return int(found.total() > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
