"""Which inner results the backward pass will need, before it is derived: so it is derived once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from bpdebug.engine.language.derivation.flow import Flows
from bpdebug.engine.language.nodes import Expression, Name, Statement, with_names
from bpdebug.errors import DerivationError


def needed_backwards(forward: Sequence[Statement], seed: str, flows: Flows) -> Iterator[Expression]:
    """Yield what the backward pass computes from the tensors of the forward pass alone.

    Parameters
    ----------
    forward : sequence of Statement
        The forward pass.
    seed : str
        The tensor whose gradient comes in.
    flows : Flows
        What flows back through its statements.
    """
    reached: set[Expression] = {Name(seed)}
    for statement in reversed(forward):
        if Name(statement.name) in reached:
            with suppress(DerivationError):  # the derivation says so, and where
                flow, meanings = flows.through(statement.expression)
                for part in flow.parts:
                    yield with_names(part, meanings)
                reached.update(meanings[piece.to] for piece in flow.pieces if piece.to in meanings)
