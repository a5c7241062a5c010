"""Where the mean over a batch is taken: at the loss, or at the parameters.

Where the loss is a mean over m examples, a factor 1/m enters the backward pass at its start, and all
gradients carry it. In Ng's course each column of `dz` is the gradient of its own example's loss, and
1/m stands where examples are added up: `dw = dz @ a_prev.T / m`. Gradients are linear in what comes in,
so the factor may be moved from one place to the other, and that is all that is done here: the derived
statements are rewritten. The gradients of the parameters stay the same.
"""

from __future__ import annotations

from dataclasses import replace

from bpdebug.engine.language.nodes import Call, Expression, Name, names, rewrite
from bpdebug.engine.program.program import Program

EXAMPLES = "m"
"""What the forward pass calls the number of examples, by which it divides the sum of their losses."""


def mean_at_parameters(program: Program) -> Program:
    """Move the division by m from the start of the backward pass to the parameters' gradients."""
    flowing: set[str] = set()
    rewritten = []
    for statement in program.statements:
        read = names(statement.expression)
        if statement.phase == "backward":
            if EXAMPLES in read:
                statement = replace(statement, expression=rewrite(statement.expression, _undivided))
                flowing.add(statement.name)
            elif not flowing.isdisjoint(read):
                if statement.of in program.parameters:
                    divided = Call("divide", (statement.expression, Name(EXAMPLES)))
                    statement = replace(statement, expression=divided)
                else:
                    flowing.add(statement.name)
        rewritten.append(statement)
    return replace(program, statements=tuple(rewritten), summed=frozenset(flowing))


def _undivided(node: Expression) -> Expression:
    if isinstance(node, Call) and node.function == "divide" and node.arguments[1] == Name(EXAMPLES):
        return node.arguments[0]
    return node
