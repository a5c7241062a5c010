"""What the function table holds: one `Function` is all there is to a function of the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.forms import ELEMENTWISE, Array, Cost, Form, Shape, element_count
from bpdebug.engine.language.nodes import Expression, Option, places
from bpdebug.engine.language.precedence import CALL
from bpdebug.errors import DerivationError

__all__ = ["MIXED", "POSITIVE", "Array", "Function", "Sample", "arrays"]

MIXED = ((-2.0, -0.5, 0.3), (1.7, 0.9, -1.2))
"""A sample argument with both signs, away from every corner of the functions here."""
POSITIVE = ((0.2, 1.5, 3.0), (0.7, 2.2, 0.9))
"""A sample argument for functions that are defined for positive numbers only."""

Parse = Callable[[str, tuple[str, ...]], Expression]
"""Reads an expression in which some names stand for the values of options."""


class Sample(NamedTuple):
    """Arguments and options on which a test compares the derivatives with finite differences."""

    arguments: tuple[Any, ...]
    options: Mapping[str, Option] = MappingProxyType({})


class Function(NamedTuple):
    """One function of the tensor language.

    Attributes
    ----------
    name : str
        Its name in the language.
    numpy : callable
        Its implementation: arrays and keyword options in, an array out.
    derivatives : tuple of (str or None), or None
        For each argument the gradient that flows to it: an expression of the language over `g` (the
        gradient of the result), `x`, `y`, `z` (the arguments), `out` (the result) and the options' names.
        Broadcasting is undone by the derivation, never here. None in the tuple: no gradient flows
        to that argument. None for the whole: there is no derivative, and asking for it is an error.
    explanation : str
        One sentence for the person who meets the function in a listing.
    samples : tuple of Sample
        Where its derivatives are tested.
    form : Form
        How its result lies over its arguments.
    options : mapping
        The keyword options, each with its default.
    notation : str
        How mathematics writes it; `name(x)` if empty. Beside the arguments it may name `{operands}`, which
        is all of them, `{axis}` and `{index}`.
    python : str
        How NumPy text writes it; `name(x, option=...)` if empty.
    precedence : int
        How tightly the written form binds, as Python's operators do.
    is_mask : bool
        Whether it writes −∞ on purpose, of which a softmax makes an exact 0.
    temporaries : int
        How many tensors as large as the largest that it takes or gives it holds on its way, where its form
        does not say what it costs; one of NumPy's own functions (a `ufunc`) holds none.
    variadic : bool
        Whether it takes any number of arguments; then one derivative serves all of them, and `{place}`
        in it is the number of the argument, from 0, and `{operands}` are all of them.
    derivative_of : str
        The function whose slope it is; empty for any other.
    """

    name: str
    numpy: Callable[..., Array]
    derivatives: tuple[str | None, ...] | None
    explanation: str
    samples: tuple[Sample, ...]
    form: Form = ELEMENTWISE
    options: Mapping[str, Option] = MappingProxyType({})
    notation: str = ""
    python: str = ""
    precedence: int = CALL
    is_mask: bool = False
    variadic: bool = False
    temporaries: int = 3
    derivative_of: str = ""

    def __hash__(self) -> int:
        """Tell it from others by its name: what is known of its calls is looked up very often."""
        return hash(self.name)

    @property
    def arity(self) -> int:
        """The number of positional arguments; of a function that takes any number, that in its samples."""
        return len(self.samples[0].arguments)

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        return count >= 1 if self.variadic else count == self.arity

    def cost(self, shapes: tuple[Shape, ...], options: Mapping[str, Option]) -> Cost:
        """Return what it takes on the way to its result; raises `ShapeError` where the arguments do not fit.

        Parameters
        ----------
        shapes : tuple of tuple of int
            The shapes of the arguments.
        options : mapping
            All options.
        """
        if self.form.cost is not None:
            return self.form.cost(shapes, options)
        largest = max(map(element_count, (self.form.shape(shapes, options), *shapes)))
        held = 0 if isinstance(self.numpy, np.ufunc) else self.temporaries
        return Cost(held * largest, 0, largest)

    def rules(self, count: int) -> tuple[str | None, ...] | None:
        """Return the derivatives for so many arguments; None if there is no derivative."""
        if self.derivatives is None or not self.variadic:
            return self.derivatives
        (rule,) = self.derivatives
        operands = ", ".join(places(count))
        return tuple(rule and rule.format(place=place, operands=operands) for place in range(count))


def arrays(sample: Sample) -> tuple[Array, ...]:
    """Return the arguments of a sample as float64 arrays."""
    return tuple(np.asarray(argument, dtype=float) for argument in sample.arguments)


def parsed_rules(function: Function, count: int, parse: Parse) -> tuple[Expression | None, ...] | None:
    """Return the derivatives of a function as expressions, one for each of so many arguments.

    Raises
    ------
    DerivationError
        If there is not one for each.
    """
    rules = function.rules(count)
    if rules is None:
        return None
    if len(rules) != count:
        raise DerivationError(
            f"the function {function.name} has {count} arguments but {len(rules)} derivatives"
        )
    options = tuple(function.options)
    return tuple(None if rule is None else parse(rule, options) for rule in rules)
