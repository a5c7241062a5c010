"""What statements do: a value that one keeps, a variable that it binds, an array that it changes.

Each execution of a value expression is an instance, with a node of its own.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.journal import MISSING
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.records import Instance, Node, same
from bpdebug.sources.script.recorder.scopes import scope_of
from bpdebug.sources.script.recorder.steps import DEEPEST_SLOT, LONGEST_SLOT
from bpdebug.sources.script.recorder.tensors import is_container, is_other, is_tensor, parts_of
from bpdebug.sources.script.recorder.updates import MAY_BE_STEP, SCALE
from bpdebug.sources.script.sites import Site, Target

PLAIN_KEYS = (int, str, np.integer, slice, tuple, float, bool, type(None))


def add_value(recorder: Recorder, site: Site, value: Any) -> None:
    """Note the value of an expression that a statement keeps."""
    if recorder.limits.until[1]:
        recorder.reach(site)
    call = recorder.stack[-1]
    if is_tensor(value):
        node = recorder.objects.node_of(value)
        if site.role != "augment" and not _is_own(recorder, node, site):
            recorder.operands(site, (value,))
            node = named_again(recorder, site, value)
        add_instance(recorder, site, node)
    elif site.role in ("assign", "augment"):
        call.latest = None
    if site.targets:
        for target in site.targets:
            if not target.place:
                bind(recorder, site, target, value)


def _is_own(recorder: Recorder, node: Node, site: Site) -> bool:
    """Whether a node was computed by this statement, and is nobody else's value."""
    own = node.site
    return (
        node.instance is None
        and own is not None
        and own.statement is site.statement
        and node.frame is recorder.stack[-1]
    )


def named_again(recorder: Recorder, site: Site, value: Any) -> Node:
    """Return a new node for a value that is there already."""
    old = recorder.objects.node_of(value)
    node = recorder.add(site, same, (old,), NOTHING, old._value if is_other(value) else value)
    recorder.objects.renamed(value, node)
    return node


def add_instance(recorder: Recorder, site: Site, node: Node | None) -> Instance:
    """Add an instance."""
    frame = recorder.frame()
    call = recorder.stack[-1]
    start, moment = len(recorder.nodes), recorder.moment
    if call.began is not None:
        line, *began = call.began
        if site.statement.line <= line <= site.statement.end_line:
            start, moment = began
        call.began = None
    instance = Instance(
        site, node, len(recorder.nodes), call, scope_of(frame), frame.f_globals, start, moment
    )
    recorder.instances.append(instance)
    call.latest = instance
    if node is not None:
        node.instance = instance
    return instance


def bind(recorder: Recorder, site: Site, target: Target, value: Any) -> None:
    """Note that a variable gets a value; an item or an attribute gets it at its store."""
    if not target.name:
        return
    node = recorder.objects.node_of(value) if is_tensor(value) else None
    if node is not None:
        recorder.name(node, target.text)
        if recorder.other is not None and is_other(value):
            recorder.other.named(value, target.text)
    has_parts = is_container(value)
    may_update = has_parts or (node is not None and node.origin.function in MAY_BE_STEP)
    may_replace = node is not None and node.origin.function in SCALE
    if target.is_global or may_update or may_replace:
        frame = recorder.frame()
        variables = frame.f_globals if target.is_global else frame.f_locals
        old = variables.get(target.name, MISSING)
        if target.is_global:
            recorder.write(variables, target.name, old)
        if may_update and site.role != "augment":  # of `w -= v`, v takes no place
            recorder.steps.slot(site, old, value, target.text)
        elif node is not None and may_replace and is_tensor(old) and recorder.objects.is_known(old):
            recorder.steps.replaced(site, recorder.objects.node_of(old), node)
    if has_parts:
        name_parts(recorder, value, target.text)


def name_parts(recorder: Recorder, value: Any, name: str, depth: int = 0) -> None:
    """Give the tensors in a container that is stored their names in it."""
    if depth >= DEEPEST_SLOT or len(value) > LONGEST_SLOT:
        return
    for written, part in parts_of(value, name).items():
        if is_tensor(part):
            node = recorder.objects.node_of(part) if recorder.objects.is_known(part) else None
            if node is not None and not node.names:
                recorder.name(node, written)
        elif is_container(part):
            name_parts(recorder, part, written, depth + 1)


def add_effect(recorder: Recorder, site: Site, node: Node, name: str) -> None:
    """Note that a statement changed an array: what it stored is the new value of that array."""
    call = recorder.stack[-1]
    instance = call.latest
    if instance is None or instance.statement is not site.statement or instance.result is not instance.node:
        instance = add_instance(recorder, site, None)
        instance.time = node.id
    instance.result = node
    node.instance = instance
    recorder.name(node, name)


def name_arguments(recorder: Recorder, frame: FrameType) -> None:
    """Let what a function is given, and has no name, be called as the function calls it."""
    for name, value in frame.f_locals.items():
        if is_tensor(value) and id(value) in recorder.objects.known:
            node = recorder.objects.node_of(value)
            if not node.names and not node.argument:
                node.argument = name


def item_name(target: Target, key: Any) -> str:
    """Return what an item is called: as it is written where that says which, else with its key."""
    if target.is_fixed or not isinstance(key, PLAIN_KEYS):
        return target.text
    return f"{target.owner}[{key.item() if isinstance(key, np.generic) else key!r}]"
