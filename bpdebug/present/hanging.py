"""Lines of two columns, where there is less room than they take."""

from __future__ import annotations

import re
from textwrap import wrap


def hanging(text: str, width: int) -> str:
    """Break long lines; what goes on stands under the second column, which two spaces part from the first."""

    def broken(line: str) -> list[str]:
        columns = re.match(r"\s*\S.*?\s{2,}", line)
        start = len(line) - len(line.lstrip())
        indent = columns.end() if columns is not None and 2 * columns.end() < width + 10 else start
        return wrap(line, max(1, width), subsequent_indent=" " * indent) if len(line) > width else [line]

    return "\n".join(part for line in text.splitlines() for part in broken(line))
