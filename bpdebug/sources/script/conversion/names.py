"""What tensors are called: as they are written in the source, with versions where a name is used again.

`delta` that is assigned for the second time is `delta ·2`. What has no name of its own is called as a
function calls it that is given it, after the function that returned it, or after its line.
"""

from __future__ import annotations

from collections import Counter

from bpdebug.engine.program.variables import version_name
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.sites import Site


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


def is_named(node: Node) -> bool:
    """Whether a tensor has a name, or a function that returned it; what has neither is called by its line."""
    return bool(node.names) or _site_of(node) is None or _is_returned(node)


def text_of(node: Node) -> str:
    """Return what a tensor is called, without a version."""
    if node.names or node.argument:
        return (*node.names, node.argument)[0]
    site = _site_of(node)
    if site is None:
        return "value"
    return f"{site.function_name}()" if _is_returned(node) else f"line {site.line}"


def _site_of(node: Node) -> Site | None:
    return node.site if node.instance is None else node.instance.site


def _is_returned(node: Node) -> bool:
    site = _site_of(node)
    return site is not None and site.role == "return" and bool(site.function)
