"""What a backward has computed right, and not returned where it belongs: a wrong name, a wrong order."""

from __future__ import annotations

import ast
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
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.places import source_of
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.report import Finding
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


def not_returned(judge: Judge, call: FunctionCall) -> Iterator[Finding]:
    """Yield what is said of inputs for which None is returned, and whose gradients are wanted and not 0.

    Their gradient may be returned for another input that wants none: then the two are exchanged.

    Parameters
    ----------
    judge : Judge
        Knows the derived gradients of the inputs, here and on fresh values.
    call : FunctionCall
        The call.
    """
    returned = list(zip(call.names, call.inputs, call.wanted, call.gradients, strict=False))
    for place, (name, given, is_wanted, gradient) in enumerate(returned):
        if given is None or not is_wanted or gradient is not None:
            continue
        wanted = [trial.gradients.get(given.origin.id) for trial in judge.trials]
        ran = next((one.instance for one in call.gradients if one and one.instance), None)
        if ran is None or wanted[0] is None or not np.any(wanted[0]):
            continue
        text = ran.site.source.code(ran.site.statement) if ran.site.source is not None else ""
        source = source_of(ran.site, ran, ran.site.statement)
        values = [judge.replay.run(trial.replaced) for trial in judge.trials]
        for other, (mistaken, _, is_needed, found) in enumerate(returned):
            if found is None or is_needed:
                continue
            shown = [value_of(found) for value_of in values]
            correction = _exchanged(text, place, other)
            if correction is not None and all(map(_is_same, shown, wanted)):
                said = f"the gradient of `{name}` is returned for `{mistaken}`, and none for `{name}`"
                yield Finding(source, "wrong", text, name, said, correction, True, also_wrong=(name,))
                break
        else:
            said = f"None is returned for `{name}`, whose gradient is not 0"
            yield Finding(source, "missing", text, name, said, also_wrong=(name,))


def _exchanged(text: str, first: int, second: int) -> str | None:
    """Return a statement that returns several values with two of them exchanged; None for any other."""
    try:
        (statement,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    value = statement.value if isinstance(statement, ast.Return) else None
    if not isinstance(value, ast.Tuple) or len(value.elts) <= max(first, second):
        return None
    parts: list[ast.expr] = list(value.elts)
    written = [ast.get_source_segment(text, part) or ast.unparse(part) for part in parts]
    written[first], written[second] = written[second], written[first]
    return f"return {', '.join(written)}"
