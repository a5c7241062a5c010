"""Changes in place: the array is changed by what the person wrote, and stands for a new node then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.journal import MISSING
from bpdebug.sources.script.recorder.operations import InPlace
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.statements import add_effect
from bpdebug.sources.script.recorder.tensors import is_other, is_tensor
from bpdebug.sources.script.sites import Site


def change(
    recorder: Recorder,
    site: Site,
    function: Callable[..., Any],
    target: Any,
    values: tuple[Any, ...],
    options: Mapping[str, Any],
    do: Callable[[], Any],
    name: str,
) -> Any:
    """Let a function change an array in place, and record what it made of it.

    Parameters
    ----------
    function : callable
        What gives the new value of the array from `values`.
    do : callable
        Changes it.
    """
    operands = recorder.operands(site, values)
    if options:
        options = dict(zip(options, recorder.operands(site, tuple(options.values())), strict=True))
    objects = recorder.objects  # those of now: a new iteration may have begun with the operands
    old = objects.node_of(target)
    objects.before_write(target)
    try:
        result = do()
    except BaseException:
        objects.written(target, old)
        raise
    node = recorder.add(site, function, operands, options, target)
    objects.written(target, node)
    # What has a name keeps it: `for p, g in pairs: p -= rate * g` changes `w1`.
    known = old.names or old.origin.names
    add_effect(recorder, site, node, name if name in known or not known else known[0])
    recorder.steps.check(site, old, node, name)
    return result


def augmented(
    recorder: Recorder,
    site: Site,
    operation: Callable[..., Any],
    plain: Callable[..., Any],
    old: Any,
    value: Any,
    name: str,
) -> Any:
    """Do `old += value`, and record it."""
    if isinstance(old, np.ndarray) and is_tensor(old):
        function = plain if _keeps_dtype(old, value) else InPlace(operation)
        return change(
            recorder, site, function, old, (old, value), NOTHING, lambda: operation(old, value), name
        )
    if type(old) is list:
        recorder.write(old, MISSING, list(old))
    result = operation(old, value)
    if is_tensor(result) and not is_other(result) and id(result) not in recorder.objects.known:
        is_zero = type(old) is int and recorder.zeros.is_known(site.targets[0])
        known = recorder.zeros.operand(site.targets[0]) if is_zero else old
        recorder.record(site, plain, (known, value), NOTHING, result)
        node = recorder.objects.node_of(result)
        add_effect(recorder, site, node, name)
        if is_zero:
            recorder.steps.check_zero(site, node, name)
            return result
        if node.operands and type(node.operands[0]) is Node:  # none: everything was just forgotten
            recorder.steps.check(site, node.operands[0], node, name)
    elif result is not old and is_other(result) and is_other(old):  # where no tensor changes, it is new
        node = recorder.objects.node_of(result)
        add_effect(recorder, site, node, name)
        recorder.steps.check(site, recorder.objects.node_of(old), node, name)
    return result


def _keeps_dtype(old: Any, value: Any) -> bool:
    """Whether an operation in place gives what the same operation gives anywhere else."""
    return not is_tensor(value) or isinstance(value, float) or bool(np.result_type(old, value) == old.dtype)
