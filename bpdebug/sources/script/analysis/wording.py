"""What was found in a recording, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.sites import line_text

MOST_NAMED = 12
"""So many parameters are named; of more, their number is said."""


def sentences(analysis: Analysis) -> tuple[str, ...]:
    """Say what the parameters are, the loss, whose gradient is which tensor, the rate, and how sure it is."""
    return tuple(_sentences(analysis))


def _sentences(analysis: Analysis) -> Iterator[str]:
    updated = [one.name for one in analysis.parameters if one.is_updated]
    others = [one.name for one in analysis.parameters if not one.is_updated]
    if updated:
        yield f"parameters: {_listed(updated)}"
    if others:
        yield f"a gradient, but no update: {_listed(others)}"
    loss = analysis.loss
    if loss is not None:
        also = "".join(f"; as well explained by {other.text}" for other in analysis.equals[:1])
        yield f"loss: {loss.text}{also}"
        yield from _gradients(analysis)
        yield from _convention(analysis)
        yield certainty(analysis)
    yield from analysis.notes


def _gradients(analysis: Analysis) -> Iterator[str]:
    assert analysis.loss is not None
    pairs = []
    for parameter, verdict in zip(analysis.parameters, analysis.loss.verdicts.each, strict=True):
        node = verdict.gradient
        if node is not None:
            line = line_text(node.site.place, analysis.recording.path) if node.site else ""
            name = "".join(node.names[:1])
            gradient = f"{name} ({line})" if name and line else f"{name}{line}"
            pairs.append(f"{gradient} of {parameter.name}")
    if pairs:
        yield f"gradients: {_listed(pairs)}"


def _convention(analysis: Analysis) -> Iterator[str]:
    """Say by what factor gradients and steps differ from the derivatives of the loss."""
    assert analysis.loss is not None
    factor, ratio = analysis.loss.verdicts.factor, analysis.loss.verdicts.ratio
    if factor is None or ratio is None:
        return
    if f"{ratio:.6g}" != "1":
        yield f"the gradients are {ratio:.6g} times the derivatives of this loss, all of them"
    if any(one.is_updated for one in analysis.parameters):
        rate = factor / ratio
        yield f"the step is {-rate:.6g} times the gradient"
    for parameter, verdict in zip(analysis.parameters, analysis.loss.verdicts.each, strict=True):
        if verdict.has_own_rate:
            yield f"{parameter.name} has a rate of its own"
        if verdict.leaves_decay_out:
            yield f"the step of {parameter.name} has a weight decay that is not in the loss"


def certainty(analysis: Analysis) -> str:
    """Say how many gradients follow from the loss; nothing where none was found."""
    if analysis.loss is None:
        return ""
    each = analysis.loss.verdicts.each
    proving = [verdict for verdict in each if not verdict.is_zero]
    right = sum(verdict.is_right for verdict in proving)
    text = f"{right} of {len(proving)} gradients follow from this loss"
    zero = len(each) - len(proving)
    return text + (
        f"; {zero} {'is' if zero == 1 else 'are'} 0 by nature, which proves nothing" if zero else ""
    )


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
