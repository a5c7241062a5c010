"""What tensors are called: as they are written in the source, with versions where a name is used again.

`delta` that is assigned for the second time is `delta ·2`. What has no name of its own is called as a
function calls it that is given it, after the function that returned it, or after its line.
"""

from __future__ import annotations

from collections import Counter

from bpdebug.engine.program.variables import version_name
from bpdebug.sources.script.recorder.records import Instance, Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.sites import GRADIENT, MODULE, Site

LONGEST_NAME = 40


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


def written_name(node: Node, instance: Instance | None) -> str:
    """Return what the person calls a value; where it has no name, what is written for it."""
    names = instance.names if instance is not None and instance.names else node.names
    if names:
        return names[-1]
    if node.argument:
        return node.argument
    if node.site is None and (owner := next(node.parents(), None)) is not None:
        return written_name(owner, owner.instance)  # an array that was written to through a view of it
    if instance is not None and instance.site.role == "return":
        return f"{instance.site.function_name}()"
    site = instance.site if instance is not None else node.site
    text = " ".join(site.code.split()) if site is not None else ""
    call = node.frame.site
    if call is not None and call.role == MODULE and node.function is not None:
        text = f"{call.function}()"
    elif site is not None and site.role == GRADIENT:
        text = f"d({' '.join(site.targets[0].text.split())})"
    return text if 0 < len(text) <= LONGEST_NAME else (text[: LONGEST_NAME - 1] + "…" if text else "value")


def input_names(recording: Recording, start: int) -> dict[int, str]:
    """Return the best name of each node from before the iteration: that of an attribute or an item."""
    found: dict[int, str] = {}
    for node in recording.nodes:
        if node.id >= start and node.function is not None:
            break
        for name in node.names:
            origin = node.origin.id
            held = found.get(origin, "")
            if not held or (("." in name or "[" in name) and not ("." in held or "[" in held)):
                found[origin] = name
    return found
