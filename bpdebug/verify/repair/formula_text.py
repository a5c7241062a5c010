"""A derived formula as Python, with what the person has at a place of the code.

A part of it that is the value of a variable is that variable, and what the line computes already stays as it
is written there; anything else is written out. The gradients that the person has may be multiples of the
derived ones, by a factor that is made up for elsewhere: it is followed through the formula. Beside what was
derived as it stands, there are short forms.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.long_sums import sum_of
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.errors import BpdebugError
from bpdebug.sources.script import Instance
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.verify.repair.formula_parts import (
    TOLERANCE,
    Text,
    Unwritable,
    added,
    as_often,
    factor_of,
    negative,
    signed,
)
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.scopes import scope_of
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.short_forms import ShortForms
from bpdebug.verify.repair.values_at_hand import ValuesAtHand
from bpdebug.verify.repair.vectors import RESHAPED, Vectors

DEEPEST = 12
"""So often a name of the derivation is replaced by what it stands for, one within the other."""
WRITTEN: Mapping[str, str] = {
    "multiply": "({x}) * ({y})",
    "divide": "({x}) / ({y})",
    "matmul": "({x}) @ ({y})",
    "power": "({x}) ** ({y})",
    "transpose": "({x}).T",
    "square": "({x}) ** 2",
    "greater": "(({x}) > ({y}))",
    "less": "(({x}) < ({y}))",
    "greater_equal": "(({x}) >= ({y}))",
    "less_equal": "(({x}) <= ({y}))",
    "equal": "(({x}) == ({y}))",
    "count": "({x}).size",
    "identity": "{x}",
    "sigmoid": "1 / (1 + {np}.exp(-({x})))",
    "relu": "{np}.maximum(({x}), 0)",
    "relu_prime": "(({x}) > 0)",
    "broadcast_like": "({x}) * {np}.ones_like({y})",
    "reshape_like": "({x}).reshape(({y}).shape)",
}
"""How Python writes a function over its arguments; what is missing is written as NumPy calls it."""
NUMPY = frozenset(
    {
        "abs", "exp", "exp2", "expm1", "log", "log1p", "sqrt", "cbrt", "sign", "sin", "cos", "tan", "arcsin",
        "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh",
        "sum", "mean", "max", "min", "maximum", "minimum", "where", "outer", "dot",
    }
)  # fmt: skip
SIGNED = frozenset({"multiply", "divide", "matmul", "transpose", "reshape_like"})
"""What is negative where one of its arguments is."""
OF_RESULT: Mapping[str, tuple[str, str]] = {
    "tanh_prime": ("tanh", "1 - ({x}) ** 2"),
    "sigmoid_prime": ("sigmoid", "({x}) * (1 - ({x}))"),
    "relu_prime": ("relu", "(({x}) > 0)"),
}
"""Derivatives that are written over the function's result: the function, and how."""


class FormulaWriter:
    """Writes derived formulas at a place of the person's code.

    Parameters
    ----------
    search : Search
        Knows the recording, and computes it again.
    analysis : Analysis
        Has the derivation.
    instance : Instance
        An execution of what stands there.
    before : mapping
        Corrections that have been made already.
    """

    def __init__(self, search: Search, analysis: Analysis, instance: Instance, before: Replaced) -> None:
        assert analysis.loss is not None
        self.reference, self.instance = analysis.loss.reference, instance
        self.values = self.reference.values()
        value_of = search.replay.run(before)
        self.scope = scope_of(search.recording, instance, value_of)
        self.at_hand = ValuesAtHand(search, instance, value_of, self.scope)
        self.definitions = {one.name: one.expression for one in self.reference.program.statements}
        self._parts_of_gradients = {one.name for one in self.reference.program.statements if one.part}
        self.ratio = analysis.loss.verdicts.ratio
        self.vectors = Vectors(self._value, self._opened)
        gradients = {name: self.values[name] for name in self.reference.program.index.gradient_of.values()}
        self.short_forms = ShortForms(
            self.at_hand.known, gradients, lambda one: self._written(one, 0), self.scope.library
        )

    @cached_property
    def factors(self) -> tuple[float, ...]:
        """What the person's gradients may be multiplied by: 1, and what those that are known are."""
        found = [1.0, *([self.ratio] if self.ratio is not None else [])]
        for name in self.reference.program.index.gradient_of.values():
            found += [one.factor for one in self._matches(name)]
        return tuple(dict.fromkeys(round(one, 12) for one in found))

    def gradient_of(self, number: int) -> str:
        """Return what the gradient of a node is called in the derivation; empty where none was derived."""
        return self.reference.program.index.gradient_of.get(self.reference.forward.names.get(number, ""), "")

    def named_after(self, gradient: Sequence[str]) -> str:
        """Return what the person calls the tensor that something derived is the gradient of."""
        forward = self.reference.forward
        of = next((one.of for one in self.reference.program.statements if one.name in gradient), "")
        return next(iter(forward.nodes[of].names), "") if of in forward.nodes else ""

    def gradients(self, gradient: Sequence[str], factor: float) -> list[str]:
        """Write a derived gradient, or a sum of parts, so many times: in every way, the shortest first.

        What was not derived, because the forward is opaque or has no derivative but 0, has no formula.
        """
        if not all(name in self.definitions for name in gradient):
            return []
        is_whole = len(gradient) == 1 and self._is_whole(gradient[0])
        found = [*self.short_forms.of(gradient[0])] if is_whole else []
        with contextlib.suppress(Unwritable):
            if len(gradient) == 1:
                found.append(self._written(self.definitions[gradient[0]], 0))
            else:
                found.append(self._written(sum_of([Name(name) for name in gradient]), 0))
        return sorted((self._scaled(one, factor) for one in found), key=len)

    def _scaled(self, written: Text, factor: float) -> str:
        """Write what is so many times the derived gradient."""
        text, own = written
        wanted = factor / own
        if abs(wanted + 1) < TOLERANCE:
            text = negative(written).text
        elif abs(wanted - 1) > TOLERANCE:
            counts = [
                one for one in self.scope.counts if abs(wanted * self.at_hand.known[one] - 1) < TOLERANCE
            ]
            count = min(counts, key=len, default="")
            text = f"({text}) / {count}" if count else f"({text}) * {wanted:.10g}"
        return ast.unparse(ast.parse(text, mode="eval"))

    def _written(self, expression: Expression, depth: int) -> Text:
        if depth > DEEPEST:
            raise Unwritable
        if isinstance(expression, Number):
            return Text(repr(expression.value))
        known = next(self._matches_of(expression), None)
        if known is not None:
            return known
        if isinstance(expression, Name):
            return self._defined(expression.id, depth)
        return self._called(expression, depth)

    def _defined(self, name: str, depth: int) -> Text:
        """Write out what a name stands for, where the person has no variable of that value."""
        if name in self.reference.program.incoming:
            return Text("1")
        if name in self.definitions:
            return self._written(self.definitions[name], depth + 1)
        value = self.values[name]
        if np.size(value) == 1:
            return Text(f"{float(np.ravel(value)[0]):.10g}")
        raise Unwritable

    def _called(self, call: Call, depth: int) -> Text:
        function, arguments = call.function, call.arguments
        if function == "broadcast_like" and np.size(self._value(arguments[0])) == 1:
            return self._written(arguments[0], depth)
        if function in OF_RESULT:
            result, form = OF_RESULT[function]
            known = next(self._matches_of(Call(result, arguments, call.options)), None)
            if known is not None or function not in WRITTEN:
                inner = known or self._written(Call(result, arguments, call.options), depth)
                return Text(form.format(x=inner.text))
        if function == "count" and (same := self.at_hand.of_shape(np.shape(self._value(arguments[0])))):
            return Text(f"{same}.size")
        if (product := self.vectors.product(call)) is not None:
            x, y = (self._written(one, depth) for one in (product.left, product.right))
            return self._formed(product.form, [x, y], factor_of("matmul", [x.factor, y.factor]))
        if function in RESHAPED:
            return self._reshaped(call, depth)
        if function == "negative":
            return negative(self._written(arguments[0], depth))
        parts = [self._written(one, depth) for one in arguments]
        if function in ("add", "subtract"):
            x, y = parts[0], as_often(parts[1], parts[0].factor)
            return added(x, y if function == "add" else negative(y))
        texts = [part.text for part in parts]
        factor = factor_of(function, [part.factor for part in parts])
        if (function == "multiply" and "1" in texts) or (function == "divide" and texts[1] == "1"):
            return Text(next((text for text in texts if text != "1"), "1"), factor)
        if function in WRITTEN and (not call.options or function == "broadcast_like"):
            if function in SIGNED:
                return self._formed(WRITTEN[function], parts, factor)
            sides = dict(zip("xyz", texts, strict=False))
            return Text(WRITTEN[function].format(**sides, np=self.scope.library), factor)
        if function in NUMPY:
            options = [f"{key}={value!r}" for key, value in call.options if value not in (None, False)]
            return Text(f"{self.scope.library}.{function}({', '.join([*texts, *options])})", factor)
        raise Unwritable

    def _formed(self, form: str, parts: Sequence[Text], factor: float) -> Text:
        """Write what is as often negative as its parts are."""
        signs, texts = zip(*(signed(part.text) for part in parts), strict=True)
        sides = dict(zip("xy", texts, strict=False))
        written = Text(form.format(**sides, np=self.scope.library), factor)
        return negative(written) if sum(signs) % 2 else written

    def _reshaped(self, call: Call, depth: int) -> Text:
        """Write what is laid otherwise, unless that changes nothing."""
        inner = self._opened(call.arguments[0])
        written = self._written(inner, depth)
        if np.shape(self._value(inner)) == np.shape(self._value(call)):
            return written
        form = self.vectors.laid(call)
        if form:
            return written._replace(text=form.format(x=written.text))
        if call.function == "reshape_like":
            like = self._written(call.arguments[1], depth)
            return written._replace(text=WRITTEN["reshape_like"].format(x=written.text, y=like.text))
        raise Unwritable

    def _opened(self, expression: Expression) -> Expression:
        """Return what a name stands for, as long as the person has nothing of that value."""
        while isinstance(expression, Name) and expression.id in self.definitions:
            if next(self._matches_of(expression), None) is not None:
                break
            expression = self.definitions[expression.id]
        return expression

    # ---- what the person has

    def _matches_of(self, expression: Expression) -> Iterator[Text]:
        """Yield the person's variables that have the value of an expression; a name's own first."""
        if isinstance(expression, Name):
            # `h[3]` is what it is called in one turn: in another it is `h[t]` still.
            own = "" if expression.id[-2:-1].isdigit() else expression.id
            yield from sorted(self._matches(expression.id), key=lambda one: one.text != own)
        else:
            value = self._value(expression)
            if np.size(value) > 1 or not _is_round(float(value.item())):
                yield from self.at_hand.with_value(value, False)

    def _matches(self, name: str) -> Iterator[Text]:
        yield from self.at_hand.with_value(self.values[name], self._is_whole(name))

    def _is_whole(self, name: str) -> bool:
        return name in self.reference.program.gradients and name not in self._parts_of_gradients

    def _value(self, expression: Expression) -> Any:
        try:
            return np.asarray(evaluate(expression, self.values))
        except (BpdebugError, ValueError, TypeError, IndexError):
            raise Unwritable from None


def _is_round(number: float) -> bool:
    """Whether a number may stand anywhere: 0, 1, a half, a sixth."""
    return not np.isfinite(number) or abs(12 * number - round(12 * number)) < TOLERANCE
