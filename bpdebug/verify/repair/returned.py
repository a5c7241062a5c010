"""The wrong name behind `return`: what a backward has computed right, and not returned where it belongs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from bpdebug.sources.script import Instance, Node
from bpdebug.sources.script.analysis.computed import stem_of_gradient
from bpdebug.sources.script.environment import Environment
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import same
from bpdebug.sources.script.recorder.tensors import is_tensor
from bpdebug.verify.repair.evaluating import valued
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trying import Candidate, Correction
from bpdebug.verify.repair.wording import SENTENCES

COST = 1.0


def wrong_names(search: Search, call: FunctionCall, before: Replaced) -> Iterator[Correction]:
    """Yield corrections of names that are returned, where another one has the very gradient.

    Parameters
    ----------
    search : Search
        What tries edits.
    call : FunctionCall
        The call whose backward is looked at.
    before : mapping
        Corrections that have been made already.
    """
    bases = [search.judged(trial, before) for trial in search.trials]
    for name, given, gradient in zip(call.names, call.inputs, call.gradients, strict=False):
        instance = gradient.instance if gradient is not None and gradient.function is same else None
        is_name = (
            instance is not None and instance.site.role == "return" and instance.site.code.isidentifier()
        )
        if not is_name or given is None or all(base.get(name) == "right" for base in bases):
            continue
        assert instance is not None
        assert gradient is not None
        for other, node in _that_are(search, instance, given, name):
            one = _candidate(instance, gradient, other, node)
            mended = search.mended(one, before, bases)
            if mended:
                suspect = Suspect(instance.site, (instance,), (instance,), is_explained=False)
                yield Correction(suspect, *one.texts, mended, COST, one.replaced)
                break


def _candidate(instance: Instance, gradient: Node, other: str, node: Node) -> Candidate:
    """Return the edit that returns another variable."""
    site = instance.site
    words = other, SENTENCES["another tensor"].format(part=f"`{site.code}`")
    replaced = {gradient.id: partial(valued, node)}
    return Candidate(site.place, site.code, COST, replaced, "another tensor", lambda: words)


def _that_are(search: Search, instance: Instance, given: Node, name: str) -> Iterator[tuple[str, Node]]:
    """Yield the variables that are the gradient of an input on all values, the likelier by its name first."""
    scope = Environment(search.recording, instance)
    held = ((other, scope.node(value)) for other, value in scope.local.items() if is_tensor(value))
    known = [(other, node) for other, node in held if node is not None and other != instance.site.code]
    for other, node in sorted(known, key=lambda each: stem_of_gradient(each[0]) != name):
        if all(
            _is_same(search.replay.run(trial.replaced)(node), trial.gradients.get(given.origin.id))
            for trial in search.trials
        ):
            yield other, node.origin


def _is_same(value: Any, gradient: Any) -> bool:
    is_shaped = gradient is not None and np.shape(value) == np.shape(gradient) and np.any(gradient)
    return bool(is_shaped and np.allclose(value, gradient, 1e-5, 1e-12))
