"""The derivative rules of the function table as expressions, ready for a call."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import parsed_rules
from bpdebug.engine.language.nodes import Call, Expression, Name, Option, rewrite, walk
from bpdebug.engine.language.parsing import parse
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


class DerivativeRule(NamedTuple):
    """The derivative of a function for one of its arguments, ready for its calls with certain options.

    Attributes
    ----------
    expression : Expression
        What flows back, in terms of `g`, the arguments and the result.
    uses : int
        How often it reads `g`.
    """

    expression: Expression
    uses: int


@lru_cache(maxsize=4096)
def with_options(rule: Expression, function: str, options: tuple[tuple[str, Option], ...]) -> DerivativeRule:
    """Replace the names that stand for options by the options of the call that is differentiated.

    Parameters
    ----------
    rule : Expression
        The derivative of a function for one of its arguments.
    function : str
        The function.
    options : tuple
        The options that the call has.
    """
    given = {**FUNCTIONS[function].options, **dict(options)}

    def fill(node: Expression) -> Expression:
        if not isinstance(node, Call):
            return node
        filled = ((key, given[value.id] if isinstance(value, Name) else value) for key, value in node.options)
        defaults = FUNCTIONS[node.function].options
        return Call(node.function, node.arguments, tuple((k, v) for k, v in filled if v != defaults[k]))

    expression = rewrite(rule, fill)
    return DerivativeRule(expression, sum(node == Name("g") for node in walk(expression)))
