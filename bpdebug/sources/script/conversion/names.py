"""What tensors are called: as they are written in the source, with versions where a name is used again.

`delta` that is assigned for the second time is `delta ·2`. What has no name of its own is called after the
function that returned it, or after its line.
"""

from __future__ import annotations

from collections import Counter

from bpdebug.engine.program.variables import version_name
from bpdebug.sources.script.recorder.records import Node

UNNAMED = "line "
"""What is called after its line begins with this."""


class Names:
    """Gives names, each once.

    Attributes
    ----------
    versions : dict
        What is called otherwise than it is written: its name -> how it is written.
    """

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._taken: set[str] = set()

    def new(self, text: str) -> str:
        """Return a name that nothing has: the text itself, or with a version."""
        while True:
            self._counts[text] += 1
            name = version_name(text, self._counts[text])
            if name not in self._taken:
                self._taken.add(name)
                if name != text:
                    self.versions[name] = text
                return name


def text_of(node: Node) -> str:
    """Return what a tensor is called, without a version."""
    if node.names:
        return node.names[0]
    site = node.site if node.instance is None else node.instance.site
    if site is None:
        return "value"
    if site.role == "return" and site.function:
        return f"{site.function.rpartition('.')[2]}()"
    return f"{UNNAMED}{site.line}"
