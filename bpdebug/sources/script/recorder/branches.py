"""What a branch decides: `if margin > 0: dw += x` makes dw of data alone, of which data the weights say.

The operands do not say that dw depends on the weights; the test that the branch was taken by does. What
stands in the statement of a test, and was computed after it, is *decided* by what was compared there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from bpdebug.sources.script.recorder.records import Node, nodes_in
from bpdebug.sources.script.recorder.updates import depends_on, nodes_behind
from bpdebug.sources.script.sites import Site

MOST_TESTS = 2_000
"""So many are looked at, the latest: a step is decided shortly before it."""


class Test(NamedTuple):
    """What a branch was decided by: other values may decide otherwise, and the recording would not hold.

    `operator` is None where the value itself was asked for its truth.
    """

    site: Site
    operator: Callable[..., Any] | None
    left: Any
    right: Any
    truth: bool
    time: int


def is_decided_by(deltas: Sequence[Node], old: Node, tests: Sequence[Test]) -> bool:
    """Whether a step was computed in a branch whose test depended on the old value.

    Parameters
    ----------
    deltas : sequence of Node
        The terms of the step.
    old : Node
        What it is a step of.
    tests : sequence of Test
        All tests so far, in order.
    """
    since = [test for test in tests[-MOST_TESTS:] if test.time > old.id and test.site.is_branch]
    if not since:
        return False
    behind = [node for node in nodes_behind(deltas, old.id) if node.site is not None]
    return any(
        any(is_within(node, test) for node in behind) and any(depends_on(side, old) for side in sides(test))
        for test in since
    )


def is_within(node: Node, test: Test) -> bool:
    """Whether a node stands in the statement of a test, and came after it."""
    if node.site is None or node.id < test.time:
        return False
    inner, outer = node.site.statement, test.site.statement
    begins_later = (inner.line, inner.column) > (outer.line, outer.column)
    return inner.file == outer.file and begins_later and inner.end_line <= outer.end_line


def sides(test: Test) -> Iterator[Node]:
    """Yield the nodes that a test compares."""
    yield from nodes_in((test.left, test.right))
