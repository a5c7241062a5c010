"""What the manual shows, to be tried out: the blocks of code of a page, in order.

Three habits of the pages say what a block is:

- The line before it ends with the name of a file in backquotes and a colon: it is the content of that file.
- It is a `console` block: each line that begins with `$ ` is a command, and what follows is what it prints. A
  line `...` stands for any number of lines; rounding errors are another machine's own.
- It is a `toml` block without a title: a part of a scenario, which goes into that of the scenario format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FENCED = re.compile(
    r"(?:^(?P<before>[^\n]+)\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
FILE = re.compile(r"`([\w.]+\.\w+)`:$")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
INLINE = re.compile(r"(?<!`)`(bpdebug(?: [^`]*)?)`(?!`)")


class Block(NamedTuple):
    """One fenced block of a page; `file` is the name of the file that it is, or empty."""

    language: str
    text: str
    file: str


class Command(NamedTuple):
    """One command of a console block, and what is shown of what it prints."""

    line: str
    shown: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    found = []
    for match in FENCED.finditer(page):
        file = FILE.search(match["before"] or "")
        found.append(Block(match["language"], match["text"], file[1] if file else ""))
    return found


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a console block."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        yield Command(line, shown)


def inline_commands(page: str) -> list[str]:
    """Return the commands that stand in the text, in backquotes."""
    return INLINE.findall(FENCED.sub("", COMMENT.sub("", page)))


def is_shown(printed: str, shown: str) -> bool:
    """Whether what was printed is what a page shows."""
    pattern = ""
    for line in shown.rstrip().splitlines():
        certain, rounding, _ = line.partition("largest relative error ")
        exact = re.escape(certain + rounding) + (".*" if rounding else "") + "\n"
        pattern += "(?:.*\n)*" if line == "..." else exact
    return re.fullmatch(pattern, printed.rstrip() + "\n") is not None


def with_part(scenario: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario with a part of one in the place of what it had there.

    A loss takes the place of the gradient, and layers do away with it, because their result may be of another
    shape. A tensor that no table has is one of the first layer.
    """
    taken = {"gradient"} if {"loss", "layers"} & set(part) else set()
    whole = {key: value for key, value in scenario.items() if key not in taken}
    own = {key: value for key, value in part.items() if key in ("w", "b")}
    whole["layers"] = [{**whole["layers"][0], **own}, *whole["layers"][1:]]
    return {**whole, **{key: value for key, value in part.items() if key not in own}}


def toml(scenario: Mapping[str, Any]) -> str:
    """Write a scenario as TOML, a line for each key."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in scenario.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)


def base_scenario(docs: Path) -> str:
    """Return the scenario that parts go into: the first of the scenario format."""
    page = (docs / "scenarios.md").read_text(encoding="utf-8")
    return next(block.text for block in blocks(page) if block.language == "toml")


def run_python(text: str, folder: Path) -> None:
    """Run Python that a page shows, as a script of the folder."""
    path = folder / "shown.py"
    path.write_text(text, encoding="utf-8")
    exec(compile(text, str(path), "exec"), {"__name__": "__main__"})
