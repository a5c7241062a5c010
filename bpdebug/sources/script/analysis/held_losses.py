"""What an object holds that is called a loss: the number in `loss`, where an engine wraps every number."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from bpdebug.sources.script import Instance, Node, Recording
from bpdebug.sources.script.analysis.explicit_losses import LOSS_WORDS
from bpdebug.sources.script.environment import Environment
from bpdebug.sources.script.recorder.tensors import is_tensor

MOST_FRAMES = 200
"""So many calls are looked at, the last ones."""


def held_in_losses(recording: Recording) -> Iterator[tuple[Node, str]]:
    """Yield the tensors that objects which are called a loss hold as attributes, each with the name.

    Parameters
    ----------
    recording : Recording
        What ran.
    """
    for instance in _last_of_frames(recording):
        names = instance.scope if instance.scope is not None else instance.variables
        objects = [name for name in names if LOSS_WORDS.search(name) and _is_object(names[name])]
        environment = Environment(recording, instance, _itself) if objects else {}
        for name in objects:
            held = getattr(environment.get(name), "__dict__", {})
            yield from ((one, name) for one in held.values() if type(one) is Node)


def _is_object(value: Any) -> bool:
    return not (is_tensor(value) or isinstance(value, ModuleType | type))


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
