"""Which node an object stands for: data flow is followed by the identity of objects.

Every array and every float that an operation gives is a new object, so an object that is met again is the
value that was computed there, whatever it is called and wherever it was kept. Integers, truths and strings
have no identity in Python and are taken as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.known import ArrayView, Family, Known, node_then
from bpdebug.sources.script.recorder.operations import elements, put_elements
from bpdebug.sources.script.recorder.records import Node, Undo
from bpdebug.sources.script.recorder.tensors import NUMERIC, OtherTensors, is_other, is_tensor

MOST_UNDONE = 100
"""After so many parts, a write keeps a copy of the whole: a value is got back in a few steps."""
LONGEST_OPERAND = 5000
"""A longer list is an operand as it is: it is data, not a few tensors."""


ZeroKey = tuple[int, str]
"""The identity of an object and the name of its attribute; 0 and the name of a variable."""
Add = Callable[..., Node]


class Objects:
    """All objects that are known, by identity.

    The integer 0 has none. A bias that begins as one is known by its name: `zeros` holds the variables and
    attributes that were added to a tensor while they were 0, each with the node that it stood for.

    Parameters
    ----------
    add : callable
        Makes a node: (site, function, operands, options, value) -> Node.
    other : OtherTensors, optional
        Knows the tensors of another library, where the script uses one.
    """

    def __init__(self, add: Add, other: OtherTensors | None = None) -> None:
        self.add, self.other = add, other
        self.known: dict[int, Known] = {}
        self.families: dict[int, Family] = {}
        self.zeros: dict[ZeroKey, Node] = {}

    def get(self, value: Any) -> Known | None:
        """Return what is known of an object, out of date or not."""
        return self.known.get(id(value))

    def is_known(self, value: Any) -> bool:
        """Whether an object stands for a node."""
        return id(value) in self.known or (
            self.other is not None and is_other(value) and self.other.is_known(value)
        )

    def register(self, value: Any, node: Node, view: ArrayView | None = None) -> Known:
        """Let an object stand for a node."""
        family = None
        if isinstance(value, np.ndarray):
            family = self.family(value)
            family.live.append(node)
            if family.root is value:
                family.node = node
        known = self.known[id(value)] = Known(value, node, family, view)
        return known

    def family(self, value: Any) -> Family:
        """Return the family of an array."""
        root = value
        while isinstance(root.base, np.ndarray):
            root = root.base
        family = self.families.get(id(root))
        if family is None:
            family = self.families[id(root)] = Family(root)
        return family

    def node_of(self, value: Any) -> Node:
        """Return the node that a tensor stands for now; one that was never seen becomes a leaf."""
        if self.other is not None and is_other(value):
            return self.other.node_of(value)
        known = self.known.get(id(value))
        if known is None:
            return self._new(value)
        family = known.family
        if family is not None and known.version != family.version:
            self._refresh(known, family)
        return known.node

    def operand(self, value: Any) -> Any:
        """Return a value as an operand: tensors as nodes, also those in lists, tuples and slices."""
        kind = type(value)
        if kind is np.ndarray or kind is float:
            return self.node_of(value) if kind is float or value.dtype.kind in NUMERIC else value
        if kind is int or kind is str or kind is bool or value is None:
            return value
        if kind is list or kind is tuple:
            if len(value) > LONGEST_OPERAND:
                return value
            parts = [self._element(part) for part in value]
            return parts if kind is list else tuple(parts)
        if is_tensor(value):
            return self.node_of(value)
        return value

    def _element(self, value: Any) -> Any:
        """Return a part of an operand: a float that nothing computed is data, and stays what it is."""
        return value if type(value) is float and id(value) not in self.known else self.operand(value)

    def node_at(self, value: Any, time: int) -> Node | None:
        """Return the node that an object stood for at a time; None if it is not known."""
        if self.other is not None and is_other(value):
            return self.other.node_at(value, time)
        known = self.known.get(id(value))
        if known is None:
            return None
        return node_then(known.history, time)

    # ---- what writes

    def before_write(self, value: Any, index: Any = None, part: Any = None) -> Undo | None:
        """Keep what the nodes of an array's family have as their values, before it is written to.

        Parameters
        ----------
        value : array
            What will be written to.
        index, part : optional
            Where, and a copy of what is there: where that is less than half of the array, it is kept in
            place of a copy of the whole.

        Returns
        -------
        Undo or None
            What undoes the write, for the node that the array stood for; its `following` is still missing.
        """
        family = self.family(value)
        kept = None
        if part is not None and family.root is value and np.size(part) * 2 < value.size:
            kept = family.node
            is_live = kept is not None and kept._undo is None and kept._value is value
            if not is_live or family.parts >= MOST_UNDONE:
                kept = None
        family.keep(but=kept)
        family.parts = 0 if kept is None else family.parts + 1
        return None if kept is None else Undo(index, part, kept)

    def settle(self, own: Mapping[int, int]) -> None:
        """Let no node have a value that a later write changes; see `OtherTensors.settle`."""
        for family in self.families.values():
            family.keep()
        if self.other is not None:
            self.other.settle(own)

    def renamed(self, value: Any, node: Node) -> None:
        """Let an object stand for a node that is the same as the one that it stood for."""
        if self.other is not None and is_other(value):
            self.other.renamed(value, node)
            return
        known = self.known.get(id(value))
        if known is None:  # all before the node was forgotten as it was added
            self.register(value, node)
            return
        known.becomes(node)
        if known.family is not None:
            known.family.live.append(node)
            if known.family.root is value:
                known.family.node = node

    def written(self, value: Any, node: Node, undo: Undo | None = None) -> None:
        """Let an array stand for the node of what was written to it.

        Parameters
        ----------
        value : array
            What has been written to.
        node : Node
            Its new value.
        undo : Undo or None
            What `before_write` returned.
        """
        if undo is not None:
            undo.following._undo = undo._replace(following=node)
        family = self.family(value)
        family.version += 1
        known = self.known.get(id(value))
        if known is None:
            known = self.register(value, node)
        known.becomes(node)
        family.live.append(node)
        if family.root is value:
            family.node = node
        elif family.node is not None:
            positions = positions_of(value, family.root)
            if positions is None:
                family.node = None
                return
            whole = self.add(None, put_elements, (family.node, positions, node), {}, family.root)
            family.node = whole
            family.live.append(whole)

    # ---- what is not known, or not any more

    def _new(self, value: Any) -> Node:
        if isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray):
            family = self.family(value)
            node = self._seen_through(family, value) if family.node is not None else None
            if node is not None:
                return node
        node = self.add(None, None, (), {}, value)
        self.register(value, node)
        return node

    def _seen_through(self, family: Family, value: Any) -> Node | None:
        """Return a new node for a view that somebody else took of a known array."""
        positions = positions_of(value, family.root)
        if positions is None:
            return None
        node = self.add(None, elements, (family.node, positions), {}, value)
        self.register(value, node)
        return node

    def _refresh(self, known: Known, family: Family) -> None:
        value = known.object
        node: Node | None = None
        if value is family.root:
            node = family.node
        elif known.view is not None:
            source, function, rest, options = known.view
            node = self.add(None, function, (self.node_of(source), *rest), options, value)
        elif family.node is not None and (positions := positions_of(value, family.root)) is not None:
            node = self.add(None, elements, (family.node, positions), {}, value)
        if node is None:
            node = self.add(None, None, (), {}, value)
        if value is not family.root:
            family.live.append(node)
        known.becomes(node)


def positions_of(view: Any, root: Any) -> Any:
    """Return which elements of an array a view shows, counted in the order of C; None if that is unclear."""
    size = root.itemsize
    if size != view.itemsize or size == 0 or not (root.flags.c_contiguous or root.flags.f_contiguous):
        return None
    offset = view.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    if offset % size or any(stride % size for stride in view.strides):
        return None
    positions: Any = np.full(view.shape, offset // size, dtype=np.intp)
    for axis, (extent, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        steps = np.arange(extent) * (stride // size)
        positions = positions + steps.reshape(-1, *[1] * (view.ndim - axis - 1))
    if not root.flags.c_contiguous:
        in_memory = np.arange(root.size).reshape(root.shape[::-1]).T
        in_order = np.empty(root.size, dtype=np.intp)
        in_order[in_memory.ravel()] = np.arange(root.size)
        positions = in_order[positions]
    return positions
