"""Which node a tensor stands for: its memory says so, and not the object.

torch makes new objects for what it has: `ctx.saved_tensors`, `w.grad` and every second view. So a tensor is
known by the place of its elements in memory (see `memory`), and the storages are kept, so that no other gets
their addresses.

A write is kept in a list of its storage. A tensor of that storage that is met again reads what was written
since, by the exact overlap of its elements with those that were written: whether one is a view of the other,
of the same third one, or a piece of `unsafe_split`, makes no difference.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch._C._functorch import get_unwrapped, is_functorch_wrapped_tensor

from bpdebug.sources.script.recorder.operations import elements, put_elements
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.torch.memory import Key, common, key_of, positions
from bpdebug.sources.torch.sparse import dense_part, in_full

Add = Callable[..., Node]
Found = TypeVar("Found")
WIDER = {torch.bfloat16: torch.float32}
"""What NumPy has no type for, and the next larger one that it has."""


class StorageWrite(NamedTuple):
    """What was written to a storage: the place, and the node of what stands there since."""

    key: Key
    node: Node


class StoredTensor:
    """What a place in memory stands for, and has stood for.

    Attributes
    ----------
    version : int
        How many writes to its storage it knows of.
    history : list of (int, Node)
        What it stood for from which time on.
    """

    __slots__ = ("history", "node", "tensor", "version")

    def __init__(self, tensor: torch.Tensor, node: Node, version: int) -> None:
        self.tensor, self.node, self.version = tensor, node, version
        self.history = [(node.id, node)]

    def becomes(self, node: Node, version: int) -> None:
        """Note that from now on it stands for another node."""
        self.node, self.version = node, version
        self.history.append((node.id, node))


class Storage:
    """Some memory: the places in it that are known, the writes to it, and the nodes whose value it is.

    `seen` says what it was, where something may write to it that torch does not tell of (see `unseen`).
    """

    __slots__ = ("entries", "held", "live", "seen", "writes")

    def __init__(self, held: Any) -> None:
        self.held = held
        self.entries: dict[Key, StoredTensor] = {}
        self.writes: list[StorageWrite] = []
        self.live: list[Node] = []
        self.seen: Any = None

    def keep(self) -> None:
        """Give the nodes whose value is the memory itself a copy of it, before it is written to."""
        for node in self.live:
            if isinstance(node._value, np.ndarray):
                node._value = node._value.copy()
        self.live = []

    def is_shared(self, own: Mapping[int, int]) -> bool:
        """Whether anything but the recording holds the memory; `own` says how often that holds a tensor."""
        tensors = [entry.tensor for entry in self.entries.values()]
        arrays = {id(base) for base in map(_base, self.live) if base is not None}
        if torch._C._storage_Use_Count(self.held._cdata) > 1 + len(tensors) + len(arrays):
            return True
        viewed = {id(one._base) for one in tensors}
        return any(sys.getrefcount(one) > HOLDERS + own[id(one)] + (id(one) in viewed) for one in tensors)


HOLDERS = 4
"""So many hold a tensor while that is counted: its entry, and what counts."""


def _base(node: Node) -> Any:
    """Return the tensor whose memory the value of a node is, if that is an array of one."""
    found = node._value
    while isinstance(found, np.ndarray):
        found = found.base
    return found if isinstance(found, torch.Tensor) else None


class Tensors:
    """All tensors that are known.

    Parameters
    ----------
    add : callable
        Makes a node: (site, function, operands, options, value) -> Node.

    Attributes
    ----------
    look : callable
        Finds what was written unseen.
    """

    def __init__(self, add: Add) -> None:
        self.add = add
        self.look: Callable[[Storage], None] = lambda storage: None
        self.storages: dict[int, Storage] = {}

    def storage(self, tensor: torch.Tensor) -> Storage:
        """Return the storage of a tensor."""
        held = dense_part(tensor).untyped_storage()
        number: int = held._cdata
        found = self.storages.get(number)
        if found is None:
            found = self.storages[number] = Storage(held)
        return found

    def entry(self, tensor: torch.Tensor) -> StoredTensor | None:
        """Return what is known of a tensor, out of date or not."""
        return self.storage(tensor).entries.get(key_of(tensor))

    def node_of(self, tensor: torch.Tensor) -> Node:
        """Return the node that a tensor stands for now; one that was never seen becomes a leaf."""
        storage, key = self.storage(tensor), key_of(tensor)
        if storage.seen is not None:
            self.look(storage)
        entry = storage.entries.get(key)
        if entry is None:
            return self._met(tensor, storage, key)
        if entry.version != len(storage.writes):
            self._refresh(entry, storage, key)
        return entry.node

    def is_current(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is known, and nothing was written to its storage since."""
        storage = self.storage(tensor)
        entry = storage.entries.get(key_of(tensor))
        return entry is not None and entry.version == len(storage.writes)

    def stands_for(self, tensor: torch.Tensor, node: Node) -> None:
        """Let a tensor stand for a node whose value it is."""
        storage, key = self.storage(tensor), key_of(tensor)
        entry = storage.entries.get(key)
        if entry is None:
            storage.entries[key] = StoredTensor(tensor, node, len(storage.writes))
        else:
            entry.becomes(node, len(storage.writes))
        storage.live.append(node)

    def written(self, tensor: torch.Tensor, node: Node) -> None:
        """Let a tensor stand for what was written to it; whatever overlaps it is out of date."""
        storage = self.storage(tensor)
        storage.seen = None
        storage.writes.append(StorageWrite(key_of(tensor), node))
        self.stands_for(tensor, node)

    def lost(self, tensor: torch.Tensor) -> None:
        """Forget all that is known of the storage of a tensor: what was written to it is not known."""
        storage = self.storage(tensor)
        storage.keep()
        storage.entries.clear()

    def settle(self, own: Mapping[int, int]) -> None:
        """Let no node have a value that a later write changes; see `OtherTensors.settle`."""
        for storage in self.storages.values():
            if storage.is_shared(own):
                storage.keep()

    def leaves(self) -> Iterator[tuple[torch.Tensor, Node]]:
        """Yield the tensors that nothing computed, and their nodes."""
        for storage in self.storages.values():
            for entry in storage.entries.values():
                _, first = entry.history[0]
                if first.function is None:
                    yield entry.tensor, first

    # ---- what is not known, or not any more

    def _met(self, tensor: torch.Tensor, storage: Storage, key: Key) -> Node:
        """Return a node for a tensor that nobody was seen to make: a part of a known one, or a leaf."""
        for other, entry in list(storage.entries.items()):
            if entry.version != len(storage.writes):
                self._refresh(entry, storage, other)
            inside = common(key, other) if other[4] == key[4] else None
            if inside is not None and len(inside[0]) == positions(key).size:
                place = np.reshape(inside[1], key[2])
                node = self.add(None, elements, (entry.node, place), {}, array_of(tensor))
                self.stands_for(tensor, node)
                return node
        node = self.add(None, None, (), {}, array_of(tensor))
        self.stands_for(tensor, node)
        return node

    def _refresh(self, entry: StoredTensor, storage: Storage, key: Key) -> None:
        """Read what was written since."""
        node = entry.node
        for write in storage.writes[entry.version :]:
            if write.key[4] != key[4]:  # the bytes of a view of another dtype
                node = self.add(None, None, (), {}, np.array(array_of(entry.tensor)))
                break
            node = self._after(node, key, write)
        if node is entry.node:
            entry.version = len(storage.writes)
        else:
            entry.becomes(node, len(storage.writes))

    def _after(self, node: Node, key: Key, write: StorageWrite) -> Node:
        if write.key == key:
            return write.node
        inside = common(key, write.key)
        if inside is None:
            return node
        mine, theirs = inside
        if len(mine) == positions(key).size:
            place = np.reshape(theirs, key[2])
            return self.add(None, elements, (write.node, place), {}, elements(write.node.value, place))
        part = self.add(None, elements, (write.node, theirs), {}, elements(write.node.value, theirs))
        return self.add(
            None, put_elements, (node, mine, part), {}, put_elements(node.value, mine, part.value)
        )


def array_of(tensor: torch.Tensor) -> Any:
    """Return the elements of a tensor as an array of NumPy's; it shares the memory where it can."""
    plain = in_full(tensor).data  # and not `detach()`, which is a view, and holds the tensor
    if plain.device.type != "cpu":
        plain = plain.cpu()
    if plain.dtype in WIDER:
        plain = plain.to(WIDER[plain.dtype])
    return plain.resolve_conj().resolve_neg().numpy()


def unwrapped(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor within what `vmap` and the like put around one: that is what is computed with."""
    while is_functorch_wrapped_tensor(tensor):
        tensor = get_unwrapped(tensor)
    return tensor


def tensor_of(value: Any, like: torch.Tensor) -> torch.Tensor:
    """Return an array of NumPy's as a tensor, of the dtype and on the device of another."""
    return torch.from_numpy(np.array(value)).to(dtype=like.dtype, device=like.device)


def within(value: Any, kind: type[Found]) -> Iterator[Found]:
    """Yield all of a kind in a value: it itself, or what lists, tuples and dicts in it hold."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from within(part, kind)
    elif isinstance(value, dict):
        for part in value.values():
            yield from within(part, kind)
