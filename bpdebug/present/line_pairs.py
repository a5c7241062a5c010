"""Which tensors the ledger shows for a line of a person's own code: what it reads and writes.

Where it is known which tensor a gradient belongs to, it lies under that, also while it is still added to;
what it is called does not matter.
"""

from __future__ import annotations

from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.present.snapshot import MOST_PAIRS, PairNames


def pairs_of_line(program: Program, statement: Statement) -> tuple[PairNames, ...]:
    """Return the pairs to show for a statement: what it reads, and at the right what it writes.

    Parameters
    ----------
    program : Program
        Knows which gradient belongs to which tensor.
    statement : Statement
        The current one; backwards, what it writes stands at the left.
    """
    in_use = [*names(statement.expression), statement.name]
    if statement.phase == "backward":
        in_use.reverse()
    index = program.index
    pairs: dict[str, PairNames] = {}
    for name in in_use:
        tensor = index.tensor_of.get(name, name)
        gradients = index.gradients_of.get(tensor, ())
        if (owner := program.partial_sums.get(name)) and owner not in pairs:
            tensor, gradients = owner, (name,)  # what it is added to stands beside it
        # Of several gradients of a tensor, the one that the line is about.
        gradient = name if name in gradients else next(iter(gradients), "")
        pairs.setdefault(tensor, PairNames(tensor, tensor, gradient, gradient))
    return _with_room(tuple(pairs.values()), statement.name)


def _with_room(pairs: tuple[PairNames, ...], written: str) -> tuple[PairNames, ...]:
    """Leave out what no width has room for; what is written stays."""
    if len(pairs) <= MOST_PAIRS:
        return pairs
    kept = [pair for pair in pairs if written in (pair.tensor, pair.gradient)]
    others = [pair for pair in pairs if pair not in kept][: MOST_PAIRS - len(kept)]
    return tuple(pair for pair in pairs if pair in kept or pair in others)


def most_pairs_of_lines(program: Program) -> int:
    """Return a number of pairs that no statement exceeds."""
    counts = (len(names(statement.expression)) + 1 for statement in program.statements)
    return min(MOST_PAIRS, max(counts, default=0))
