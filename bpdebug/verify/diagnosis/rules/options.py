"""Options and what is inside a function: another axis, a stride forgotten, `=` for `+=` in a loop."""

from __future__ import annotations

from collections.abc import Iterator

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Option
from bpdebug.engine.language.shapes import options_of
from bpdebug.verify.diagnosis.misreadings import MISREAD
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution

ABSENT: dict[str, Option] = {"stride": 1, "padding": 0, "dilation": 1, "eps": 0.0}
"""What an option comes to where code does without it."""


def another_option(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`softmax(z1, axis=0)` for `softmax(z1, axis=1)`, or a stride or an epsilon left out."""
    if isinstance(node, Call) and node.function != "sum":
        defaults = FUNCTIONS[node.function].options
        for name, value in options_of(node).items():
            if name in defaults and name != "keepdims":
                for other in _others(node, name, value, defaults[name], scope):
                    options = {**dict(node.options), name: other}
                    yield Call(node.function, node.arguments, tuple(options.items())), "another option", 1.1


def _others(call: Call, name: str, value: Option, default: Option, scope: FormulaScope) -> Iterator[Option]:
    if isinstance(value, bool):
        yield not value
    elif name == "axis" and isinstance(value, int):
        rank = len(scope.shape(call.arguments[0]) or ())
        yield from (axis for axis in range(rank) if axis != value % rank)
    elif name in ABSENT:
        yield from (other for other in dict.fromkeys((ABSENT[name], default)) if other != value)
        if name == "padding":
            # What lies in the padding was taken off at one side only.
            pads = value if isinstance(value, tuple) else (value,)
            doubled = tuple(2 * pad for pad in pads if isinstance(pad, int))
            yield doubled if isinstance(value, tuple) else doubled[0]


def misread(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`max_pool2d_gradient(da1, a0, add=False)`: the function is computed wrongly inside."""
    if not isinstance(node, Call) or node.function not in MISREAD:
        return
    if dict(node.options).keys() <= FUNCTIONS[node.function].options.keys():
        for way in MISREAD[node.function].ways:
            options = (*node.options, *way.options.items())
            yield Call(node.function, node.arguments, options), "misread", way.cost
