"""Whatever is there may be wrong: how operands are joined, what is summed, what is read."""

from __future__ import annotations

from bpdebug.verify.repair.rules import operands, operators, reductions, repeated
from bpdebug.verify.repair.rules.replacement import Rule

RULES: tuple[Rule, ...] = (
    *operators.RULES,
    *reductions.RULES,
    *operands.RULES,
    *repeated.RULES,
)
