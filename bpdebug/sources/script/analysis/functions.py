"""A call of a function with a backward of its own, cut out of a recording and analysed by itself.

What goes into the function and into its backward is data then: what the script does before and after does
not matter, and another call of the same function is another execution of the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import NamedTuple

from bpdebug.late import names_of
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.seen_libraries import LIBRARIES

analysis_of = names_of(
    "libraries", {name: f"bpdebug.sources.{name}.analysis:analysis_of" for name in LIBRARIES}
)
"""A library -> what analyses a call of a function of its own; only who has used it imports it."""


class FunctionAnalysis(NamedTuple):
    """A call, and what it is.

    Attributes
    ----------
    call : FunctionCall
        The call.
    recording : Recording
        In which it was made, with what the analysis has added.
    analysis : Analysis
        The inputs as parameters, with the derived gradients of `Σ output · incoming gradient`.
    free : tuple of str
        The inputs that are not judged: the backward has no gradient of them, and nobody has asked for one.
    incoming : mapping
        The number of what stands for an incoming gradient in the analysis -> that gradient.
    """

    call: FunctionCall
    recording: Recording
    analysis: Analysis
    free: tuple[str, ...] = ()
    incoming: Mapping[int, Node] = MappingProxyType({})


def calls_of(recording: Recording) -> list[FunctionCall]:
    """Return the calls that were recorded as a whole, forwards and backwards."""
    nodes = recording.nodes
    return [
        call
        for call in recording.functions
        if call.incoming
        and all(one.id < len(nodes) and nodes[one.id] is one for one in (*_given(call), *_made(call)))
    ]


def _given(call: FunctionCall) -> Iterator[Node]:
    """Yield what goes into a function and into its backward."""
    yield from (one.origin for one in call.inputs if one is not None)
    yield from (one for one in call.incoming if one is not None)


def _made(call: FunctionCall) -> Iterator[Node]:
    """Yield what comes out of them."""
    yield from (one for one in (*call.outputs, *call.gradients) if one is not None)


@contextmanager
def cut_out(call: FunctionCall) -> Iterator[None]:
    """Let what goes into a function and into its backward be computed from nothing, for a while."""
    given = list({node.id: node for node in _given(call)}.values())
    kept = [(node.function, node.operands, node.options) for node in given]
    for node in given:
        node.function, node.operands, node.options = None, (), {}
    try:
        yield
    finally:
        for node, own in zip(given, kept, strict=True):
            node.function, node.operands, node.options = own
