"""The derivative rules of the function table as expressions, ready for a call."""

from __future__ import annotations

from functools import lru_cache

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import parsed_rules
from bpdebug.engine.language.nodes import Call, Expression, Name, rewrite
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.shapes import options_of
from bpdebug.errors import DerivationError


@lru_cache
def derivative_rules(function: str, count: int) -> tuple[Expression | None, ...]:
    """Return the parsed derivative rules of a function, one for each of so many arguments.

    Raises
    ------
    DerivationError
        If the function has no derivative, or not one rule for each argument.
    """
    rules = parsed_rules(FUNCTIONS[function], count, parse)
    if rules is None:
        raise DerivationError(f"the function {function} has no derivative")
    return rules


def with_options(rule: Expression, call: Call) -> Expression:
    """Replace the names that stand for options by the options of the call that is differentiated.

    Parameters
    ----------
    rule : Expression
        The derivative of a function for one of its arguments.
    call : Call
        The call of that function.
    """
    given = options_of(call)

    def fill(node: Expression) -> Expression:
        if not isinstance(node, Call):
            return node
        filled = ((key, given[value.id] if isinstance(value, Name) else value) for key, value in node.options)
        defaults = FUNCTIONS[node.function].options
        return Call(node.function, node.arguments, tuple((k, v) for k, v in filled if v != defaults[k]))

    return rewrite(rule, fill)
