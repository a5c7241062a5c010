"""The journal: every change of a list, a dict or the attributes of an object, and how to undo it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

MISSING = object()


class Write(NamedTuple):
    """One change of a list, a dict or the attributes of an object: how to undo it.

    `moment` counts all writes. `key` is MISSING where the whole was kept, as before `list.sort`; `old` is
    MISSING where nothing was there.
    """

    moment: int
    key: Any
    old: Any


Journal = Mapping[int, tuple[Any, list[Write]]]
"""The identity of a container -> the container, and the changes of it."""
