"""What a check takes for granted: the loss, the gradients, a common factor; found without being told."""

from __future__ import annotations

from collections.abc import Iterator

from bpdebug.sources.script import Node, Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.verify.repair.known import TOLERANCE
from bpdebug.verify.repair.report import Assumed


def assumed(recording: Recording, analysis: Analysis) -> Assumed:
    """Say what was found without being told."""
    loss = analysis.loss
    assert loss is not None
    gradients = {
        parameter.name: (verdict.gradient.names or ("its step",))[0]
        for parameter, verdict in zip(analysis.parameters, loss.verdicts.each, strict=True)
        if verdict.gradient is not None
    }
    ratio = loss.verdicts.ratio
    notes = [*said_of(recording)]
    notes += [f"another loss explains as much: {other.text}" for other in analysis.equals]
    computed = analysis.computed
    if computed is not None:
        line = computed.candidate.line
        notes.append(
            f"line {line} computes another loss, by which they are not right: --loss {line} checks that"
        )
    if ratio is not None and abs(ratio - 1) > TOLERANCE:
        notes.append(f"all gradients are {ratio:.6g} times those of this loss: a convention")
    notes += [_as_constant(node) for node in loss.candidate.constants]
    return Assumed(loss.text, 1.0 if ratio is None else ratio, gradients, (*notes, *analysis.notes))


def _as_constant(node: Node) -> str:
    """Say of what depends on the parameters that nobody goes back through it."""
    site = node.instance.site if node.instance is not None else node.site
    name = node.names[0] if node.names else node.site.code if node.site is not None else "a tensor"
    where = f"line {site.line}: " if site is not None else ""
    return f"{where}`{name}` depends on the parameters and is taken as a constant, as the backward pass does"


def said_of(recording: Recording) -> Iterator[str]:
    """Yield what there is to say of a recording, first whether it did not come to the end of an iteration."""
    if recording.ended_early:
        yield recording.ended_early
    yield from recording.messages
