"""The pages of the manual, and the parts of them that are written from the tables of the code.

A part stands between two comments, which Markdown does not show:

    <!-- generated: commands -->

    ...

    <!-- end -->

`python -m tests.manual` writes all parts anew; a test asserts that this would change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.manual import command_line, functions, keys, layers, rooms, scenario_keys

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = (README, *sorted(DOCS.glob("*.md")))

PARTS: dict[str, Callable[[], str]] = {
    "command line": command_line.options,
    "commands": command_line.commands,
    "functions": functions.functions,
    "keys of the app": keys.app,
    "keys of the viewer": keys.viewer,
    "layer kinds": layers.kinds,
    "names of the actions": keys.names,
    "order of the rooms": rooms.order,
    "rooms": rooms.tree,
    "scenario keys": scenario_keys.scenario,
    "loss keys": scenario_keys.losses,
    "optimizer keys": scenario_keys.optimizers,
    "shipped scenarios": scenario_keys.shipped,
}
"""What is generated, by its name in the pages."""

PART = re.compile(r"<!-- generated: (.+?) -->\n.*?<!-- end -->", re.DOTALL)


def current(page: str) -> str:
    """Return a page as it should be: each generated part as the tables have it today."""
    return PART.sub(lambda part: f"<!-- generated: {part[1]} -->\n\n{PARTS[part[1]]()}\n\n<!-- end -->", page)
