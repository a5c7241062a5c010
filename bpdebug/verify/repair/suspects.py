"""Which lines can be at fault: those that a wrong gradient was computed through, and no right one.

What a right gradient was computed from is innocent, unless that gradient is zero and proves nothing. Of the
others those come first whose value is the gradient of nothing that is known: the earliest of them is where it
went wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from bpdebug.sources.script import Instance, Node, Recording, Site
from bpdebug.sources.script.recorder.records import same
from bpdebug.verify.repair.replay import ancestors


class Suspect(NamedTuple):
    """A line that can be at fault.

    Attributes
    ----------
    site : Site
        Its expression.
    instances : tuple of Instance
        All executions of it; an edit changes them all.
    involved : tuple of Instance
        Those that a wrong gradient was computed through, first those whose value is not accounted for.
    is_explained : bool
        Whether all of these are the gradients of something, as far as is known.
    is_update : bool
        Whether it gives parameters their new values.
    is_of_loss : bool
        Whether the loss is computed of it, too: an output beside its target, which it squares.
    """

    site: Site
    instances: tuple[Instance, ...]
    involved: tuple[Instance, ...]
    is_explained: bool
    is_update: bool = False
    is_of_loss: bool = False

    @property
    def first(self) -> Instance:
        """The execution to look at."""
        return self.involved[0]


def suspects(
    recording: Recording,
    wrong: Iterable[Node],
    right: Iterable[Node],
    forward: Collection[int],
    dependent: Collection[int],
    explained: Collection[int],
    updates: Collection[int] = (),
    given: Collection[int] = (),
    errors: Collection[int] = (),
) -> list[Suspect]:
    """Return the lines that can be at fault, the likelier first.

    Parameters
    ----------
    recording : Recording
        What ran.
    wrong, right : iterable of Node
        The gradients that are wrong, and those that are right and not zero.
    forward : collection of int
        The numbers of the nodes of the forward pass. A line that any of them was computed by is no suspect:
        to edit it is to change the loss.
    dependent : collection of int
        The numbers of the nodes that depend on a parameter; a rate or data is no gradient.
    explained : collection of int
        The numbers of nodes whose values are the right gradients of something.
    updates : collection of int
        The numbers of the nodes that are the new values of parameters.
    given : collection of int
        The numbers of those of which a loss is computed: what lies behind them is of another one.
    errors : collection of int
        The numbers of the nodes with which the backward pass begins, although the loss is computed of them.
    """
    # Whoever reads `a` after `b = a` cannot be told from who reads `b`: of the second name nothing is known.
    assigned = [one.node for one in recording.instances if one.node is not None and one.site.role == "assign"]
    renamed = {node.id for node in assigned if node.function is same}
    reached = (ancestors(wrong, given) & set(dependent)) - (ancestors(right, given) - renamed)
    by_site: dict[int, list[Instance]] = defaultdict(list)
    for instance in recording.instances:
        by_site[instance.site.number].append(instance)
    found = []
    for instances in by_site.values():
        involved = [one for one in instances if any(node.id in reached for node in _results(one))]
        computed = [node.id for one in instances for node in _computed(one) if node.id in forward]
        if not involved or not set(errors).issuperset(computed):
            continue
        unexplained = [one for one in involved if all(node.id not in explained for node in _results(one))]
        known = [one for one in involved if one not in unexplained]
        found.append(
            Suspect(
                instances[0].site,
                tuple(instances),
                (*unexplained, *known),
                is_explained=not unexplained,
                is_update=any(node.origin.id in updates for one in involved for node in _results(one)),
                is_of_loss=bool(computed),
            )
        )
    return sorted(found, key=lambda suspect: (suspect.is_explained, _time(suspect.first)))


def read_by(suspect: Suspect) -> list[Node]:
    """Return what a statement reads."""
    read: list[Node] = []
    waiting = [suspect.first.node] if suspect.first.node is not None else []
    while waiting:
        for parent in waiting.pop().parents():
            if parent.site is not None and parent.site.statement == suspect.site.statement:
                waiting.append(parent)
            else:
                read.append(parent)
    return read


def is_handed_on(node: Node) -> bool:
    """Whether a function returns something as it came: whether that belongs there, nobody knows."""
    if node.function is not same:
        return False
    is_stored = node.instance is not None and bool(node.instance.site.targets)
    return not is_stored or is_handed_on(node.operands[0])


def built_by(suspect: Suspect) -> list[Node]:
    """Return what a line has built in the end: of what it puts together in several turns, the whole."""
    stored = [one.result if one.result is not None else one.node for one in suspect.involved]
    nodes = [node for node in stored if node is not None]
    gone_on = {node.operands[0].id for node in nodes if node.operands and type(node.operands[0]) is Node}
    return [node for node in nodes if node.id not in gone_on]


def _results(instance: Instance) -> Sequence[Node]:
    """Return the value of an expression, and what its statement stored."""
    return [node for node in (instance.node, instance.result) if node is not None]


def _computed(instance: Instance) -> Sequence[Node]:
    """Return what a statement computes: `dw += x` hands on a tensor of the forward pass, and computes dw."""
    is_added = instance.site.role == "augment" and instance.result is not None
    return _results(instance)[-1:] if is_added else _results(instance)


def _time(instance: Instance) -> int:
    return instance.time
