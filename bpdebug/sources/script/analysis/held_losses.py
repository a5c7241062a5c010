"""What an object holds that is called a loss: the number in `loss`, where an engine wraps every number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

from bpdebug.sources.script import Instance, Node, Recording
from bpdebug.sources.script.environment import Environment
from bpdebug.sources.script.recorder.tensors import is_tensor

MOST_FRAMES = 200
"""So many calls are looked at, the last ones."""


def held_in_objects(recording: Recording, words: re.Pattern[str]) -> Iterator[tuple[Node, str]]:
    """Yield the tensors that objects of some names hold as attributes, each with the name.

    Parameters
    ----------
    recording : Recording
        What ran.
    words : re.Pattern
        What a name holds that is looked at.
    """
    for instance in _last_of_frames(recording):
        names = instance.scope if instance.scope is not None else instance.variables
        environment = Environment(recording, instance, _itself)
        for name in [one for one in names if words.search(one)]:
            if not isinstance(names[name], ModuleType | type) and not is_tensor(names[name]):
                held = getattr(environment.get(name), "__dict__", {})
                yield from ((one, name) for one in held.values() if type(one) is Node)


def _itself(node: Node) -> Node:
    """In the place of a value, the node whose it is."""
    return node


def _last_of_frames(recording: Recording) -> Iterator[Instance]:
    seen: set[int] = set()
    for instance in reversed(recording.instances):
        if id(instance.frame) not in seen:
            seen.add(id(instance.frame))
            yield instance
        if len(seen) >= MOST_FRAMES:
            return
