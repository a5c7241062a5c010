"""What containers hold when a recording ends in code that goes on.

The journal undoes the writes that came while something was recorded; those that come later are not seen. So
the lists, dicts and attributes that the recorded names lead to are copied once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.records import Instance

CODE = (type, FunctionType, ModuleType)
"""What has attributes, and is no object of the person's."""
DEEPEST = 8
"""Containers in containers are followed so deep."""
LONGEST = 10_000
"""What a longer container holds is not looked into: it is data, not a few tensors."""

Held = Mapping[int, tuple[Any, Any]]
"""The identity of a container -> the container, and a copy of what it held."""


def held_by(instances: Iterable[Instance]) -> Held:
    """Copy every container that the names of some instances lead to."""
    found: dict[int, tuple[Any, Any]] = {}
    for instance in instances:
        variables = instance.variables
        if id(variables) not in found:
            _hold(variables, found, 0)
        for value in () if instance.scope is None else instance.scope.values():
            _hold(value, found, 0)
    return found


def attributes_of(value: Any) -> dict[str, Any] | None:
    """Return the attributes of an object of the person's; None for anything else."""
    if isinstance(value, (*CODE, np.ndarray)):
        return None
    attributes = getattr(value, "__dict__", None)
    return attributes if type(attributes) is dict else None


def _hold(value: Any, found: dict[int, tuple[Any, Any]], depth: int) -> None:
    kind = type(value)
    if kind in (float, int, str, bool, np.ndarray) or depth > DEEPEST:
        return
    container = value if kind in (list, dict, tuple) else attributes_of(value)
    if container is None or id(container) in found:
        return
    if kind is not tuple:
        found[id(container)] = (container, container.copy())
    if len(container) <= LONGEST:
        for part in tuple(container.values() if type(container) is dict else container):
            _hold(part, found, depth + 1)
