"""Stores: what stands in for the owner of an item or an attribute while something is stored in it.

`x[i] = v` is carried out as `Store(x)[i] = v`, and `x[i] += v` as `Change(x)[i] += v`: Python itself
evaluates `x`, `i` and `v` in its own order and calls these in place of the owner's methods. So one
mechanism serves every kind of target: items, attributes (private ones too), unpacking, `for`, `with`, `del`.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.changes import augmented
from bpdebug.sources.script.recorder.journal import MISSING
from bpdebug.sources.script.recorder.operations import InPlace, own_index, put, shaped
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.statements import add_effect, item_name, name_parts
from bpdebug.sources.script.recorder.tensors import is_other, is_tensor
from bpdebug.sources.script.sites import Site

PLAIN = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
}
"""What `+=` computes."""


class Store(tuple[Recorder, Site, Any]):
    """Stands in for an owner to which something is stored."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        recorder, site, owner = self
        set_item(recorder, site, owner, key, value)

    def __setattr__(self, name: str, value: Any) -> None:
        recorder, site, owner = self
        set_attribute(recorder, site, owner, name, value)

    def __delitem__(self, key: Any) -> None:
        recorder, _, owner = self
        if recorder.on and type(owner) in (list, dict):
            recorder.write(owner, MISSING, owner.copy())
        del owner[key]

    def __delattr__(self, name: str) -> None:
        recorder, _, owner = self
        attributes = getattr(owner, "__dict__", None)
        if recorder.on and type(attributes) is dict:
            recorder.write(attributes, MISSING, dict(attributes))
        delattr(owner, name)


class Change(tuple[Recorder, Site, Any]):
    """Stands in for the owner of what an augmented assignment changes."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        recorder, site, owner = tuple.__iter__(self)
        return AugmentedOperand((recorder, site, owner, key, owner[key]))

    def __setitem__(self, key: Any, value: Any) -> None:
        recorder, site, owner = tuple.__iter__(self)
        if type(value) is InPlacePart:
            _stored_in_other(recorder, site, owner, key, value[0])
        elif type(value) is Part:
            value.stored_in(recorder, site, owner, key)
        else:
            set_item(recorder, site, owner, key, value)

    def __getattribute__(self, name: str) -> Any:
        recorder, site, owner = tuple.__iter__(self)
        return AugmentedOperand((recorder, site, owner, MISSING, getattr(owner, name)))

    def __setattr__(self, name: str, value: Any) -> None:
        recorder, site, owner = tuple.__iter__(self)
        set_attribute(recorder, site, owner, name, value)


class AugmentedOperand(tuple[Recorder, Site, Any, Any, Any]):
    """What an augmented assignment has read; the operator is applied to it. An attribute has no key."""

    __slots__ = ()

    def changed(self, value: Any) -> Any:
        """Apply the operator, and return what will be stored."""
        recorder, site, owner, key, old = self
        operation = site.operator
        assert operation is not None
        if not recorder.on:
            return operation(old, value)
        is_item = key is not MISSING
        if is_item and is_other(owner):
            return InPlacePart((operation(old, value),))
        if is_item and isinstance(owner, np.ndarray) and is_tensor(owner):
            return Part(recorder, site, owner, key, old, value)
        name = item_name(site.targets[0], key)
        return augmented(recorder, site, operation, PLAIN[operation], old, value, name)


for _operation in PLAIN:
    setattr(
        AugmentedOperand, f"__{_operation.__name__.strip('_')}__", lambda self, value: self.changed(value)
    )


class InPlacePart(tuple[Any]):
    """A part of a tensor of another library that has been changed in place."""

    __slots__ = ()


class Part:
    """A part of an array that has been changed, before it is stored where it was."""

    __slots__ = ("new", "node", "undo")

    def __init__(self, recorder: Recorder, site: Site, owner: Any, key: Any, old: Any, value: Any) -> None:
        operation = site.operator
        assert operation is not None
        whole, index, operand = recorder.operands(site, (owner, key, value))
        objects = recorder.objects
        before = np.array(old, copy=True) if isinstance(old, np.ndarray) else old
        self.undo = objects.before_write(owner, own_index(key), before)
        try:
            self.new = operation(old, value)
        except BaseException:
            objects.written(owner, whole)
            raise
        read = recorder.add(site, operator.getitem, (whole, index), NOTHING, before)
        after = np.array(self.new, copy=True) if isinstance(self.new, np.ndarray) else self.new
        exact = np.result_type(self.new) == np.result_type(before)
        function = PLAIN[operation] if exact else InPlace(operation)
        self.node = recorder.add(site, function, (read, operand), NOTHING, after)

    def stored_in(self, recorder: Recorder, site: Site, owner: Any, key: Any) -> None:
        """Store it, and record that."""
        (index,) = recorder.operands(site, (key,))
        objects = recorder.objects
        whole = objects.node_of(owner)
        owner[key] = self.new
        node = recorder.add(site, put, (whole, index, self.node), NOTHING, owner)
        objects.written(owner, node, self.undo)
        _has_changed(recorder, site, whole, node)


def set_item(recorder: Recorder, site: Site, owner: Any, key: Any, value: Any) -> None:
    """Do `owner[key] = value`, and record it."""
    if not recorder.on:
        owner[key] = value
    elif is_other(owner):
        _stored_in_other(recorder, site, owner, key, value, is_there=False)
    elif isinstance(owner, np.ndarray):
        if is_tensor(owner):
            _set_part(recorder, site, owner, key, value)
        else:
            owner[key] = value
    else:
        old = _held(owner, key)
        before = list(owner) if type(owner) is list and not isinstance(key, int) else None
        owner[key] = value
        if old is value:
            return
        if before is not None:
            recorder.write(owner, MISSING, before)
        elif type(owner) in (list, dict):
            recorder.write(owner, key, old)
        _named(recorder, site, old, value, key)


def set_attribute(recorder: Recorder, site: Site, owner: Any, name: str, value: Any) -> None:
    """Do `owner.name = value`, and record it."""
    if not recorder.on:
        setattr(owner, name, value)
        return
    if isinstance(owner, np.ndarray) and name == "shape":
        _set_shape(recorder, site, owner, value)
        return
    if name == "data" and is_other(owner):
        _set_data(recorder, site, owner, value)
        return
    attributes = getattr(owner, "__dict__", None)
    if type(attributes) is not dict:
        setattr(owner, name, value)
        return
    old = attributes.get(name, MISSING)
    setattr(owner, name, value)
    if attributes.get(name, MISSING) is value and old is not value:
        recorder.write(attributes, name, old)
        _named(recorder, site, old, value, None)


def _named(recorder: Recorder, site: Site, old: Any, value: Any, key: Any) -> None:
    """Name what was stored, and look whether it is an update of what was there."""
    name = item_name(site.targets[0], key)
    if is_tensor(value):
        recorder.name(recorder.objects.node_of(value), name)
    elif type(value) in (list, tuple, dict):
        name_parts(recorder, value, name)
    recorder.steps.slot(site, old, value, name)


def _held(owner: Any, key: Any) -> Any:
    """Return what is stored in a list or a dict now, as far as looking does no harm."""
    if type(owner) is dict:
        try:
            return owner.get(key, MISSING)
        except TypeError:
            return MISSING
    if type(owner) is list and isinstance(key, int) and -len(owner) <= key < len(owner):
        return owner[key]
    return MISSING


def _set_part(recorder: Recorder, site: Site, owner: Any, key: Any, value: Any) -> None:
    whole, index, part = recorder.operands(site, (owner, key, value))
    objects = recorder.objects
    try:
        before = np.array(owner[key], copy=True)
    except (IndexError, ValueError, TypeError):
        before = None
    undo = objects.before_write(owner, own_index(key), before)
    try:
        owner[key] = value
    except BaseException:
        objects.written(owner, whole)
        raise
    node = recorder.add(site, put, (whole, index, part), NOTHING, owner)
    objects.written(owner, node, undo)
    _has_changed(recorder, site, whole, node)


def _stored_in_other(
    recorder: Recorder, site: Site, owner: Any, key: Any, value: Any, is_there: bool = True
) -> None:
    """Store a part of a tensor of another library; the operations are recorded by who knows these."""
    objects = recorder.objects
    whole = objects.node_of(owner)
    if is_there and objects.other is not None:
        objects.other.stored(owner, key, value)
    else:
        owner[key] = value
    if recorder.objects is objects:
        _has_changed(recorder, site, whole, objects.node_of(owner))


def _has_changed(recorder: Recorder, site: Site, old: Node, new: Node, name: str = "") -> None:
    """Say that a tensor is another now, and look whether that is a step of it."""
    name = name or site.targets[0].owner
    add_effect(recorder, site, new, name)
    recorder.steps.check(site, old, new, name)


def _set_shape(recorder: Recorder, site: Site, owner: Any, shape: Any) -> None:
    if not is_tensor(owner):
        owner.shape = shape
        return
    (old,) = recorder.operands(site, (owner,))
    family = recorder.objects.family(owner)
    before = owner.view()
    owner.shape = shape
    for node in family.live:
        if node._value is owner:
            node._value = before
    node = recorder.add(site, shaped, (old, owner.shape), NOTHING, owner)
    recorder.objects.renamed(owner, node)
    add_effect(recorder, site, node, site.targets[0].owner)


def _set_data(recorder: Recorder, site: Site, owner: Any, value: Any) -> None:
    """Give a tensor of another library other elements: `w.data = w.data - step` is a step of w."""
    objects = recorder.objects
    old = objects.node_of(owner)
    owner.data = value
    node = objects.node_of(owner)
    if recorder.objects is objects and node is not old:
        if objects.other is not None:
            objects.other.moved(owner, old)
        _has_changed(recorder, site, old, node, next(iter(old.names or old.origin.names), ""))
