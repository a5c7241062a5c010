"""A node computed again, from other values of its operands."""

from __future__ import annotations

from typing import Any

from bpdebug.sources.script.recorder.records import CONTAINERS, Node, ValueOf


def recomputed(node: Node, value_of: ValueOf) -> Any:
    """Compute a node again.

    Parameters
    ----------
    node : Node
        One that has a function.
    value_of : callable
        Gives the value of each node among its operands.
    """
    assert node.function is not None, "what nobody computed here cannot be computed again"
    operands = [
        value_of(one)
        if (kind := type(one)) is Node
        else _filled(one, value_of)
        if kind in CONTAINERS
        else one
        for one in node.operands
    ]
    options = {name: _filled(value, value_of) for name, value in node.options.items()}
    return node.function(*operands, **options)


def _filled(value: Any, value_of: ValueOf) -> Any:
    kind = type(value)
    if kind is Node:
        return value_of(value)
    if kind is tuple or kind is list:
        return kind(_filled(part, value_of) for part in value)
    if kind is slice:
        return slice(*(_filled(part, value_of) for part in (value.start, value.stop, value.step)))
    return value
