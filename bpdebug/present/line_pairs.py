"""Which tensors the ledger shows for a line of a person's own code: what it reads and writes.

Where it is known which tensor a gradient belongs to, it lies under that; what it is called does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping

from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.present.snapshot import MOST_PAIRS, PairNames


def gradients_by_tensor(program: Program) -> Mapping[str, str]:
    """Return for each tensor its gradient, as far as that is known; of several, the last."""
    return {
        statement.of: statement.name
        for statement in program.statements
        if statement.phase == "backward" and statement.of and not statement.part
    }


def pairs_of_line(statement: Statement, gradients: Mapping[str, str]) -> tuple[PairNames, ...]:
    """Return the pairs to show for a statement: what it reads, and at the right what it writes.

    Parameters
    ----------
    statement : Statement
        The current one; backwards, what it writes stands at the left.
    gradients : mapping
        Tensor -> its gradient.
    """
    tensors = {gradient: tensor for tensor, gradient in gradients.items()}
    in_use = [*names(statement.expression), statement.name]
    if statement.phase == "backward":
        in_use.reverse()
    pairs: dict[str, PairNames] = {}
    for name in in_use:
        tensor = tensors.get(name, name)
        gradient = gradients.get(tensor, "")
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
