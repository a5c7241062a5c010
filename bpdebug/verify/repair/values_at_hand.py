"""What the person has at a place of the code: variables and parts of the line, each with its value there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.sources.script import Instance
from bpdebug.sources.script.analysis.standard import is_natural, multiple
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.formula_parts import TOLERANCE, Text
from bpdebug.verify.repair.rules.replacement import Scope
from bpdebug.verify.repair.search import Search


class ValuesAtHand:
    """Knows what can be read at a place, by its value.

    Parameters
    ----------
    search : Search
        Knows the recording.
    instance : Instance
        An execution of what stands there.
    value_of : callable
        The value of each node.
    scope : Scope
        What can be written there.

    Attributes
    ----------
    parts : frozenset of str
        The parts of the line itself that compute something.
    known : dict of (str, array)
        What can be read -> its value there.
    """

    def __init__(self, search: Search, instance: Instance, value_of: ValueOf, scope: Scope) -> None:
        self.parts = frozenset(_parts(instance.site.code))
        # A parameter that nothing here reads comes last: `self.w[layer]` is the one of every turn.
        texts = (*scope.tensors, *scope.counts, *self.parts, *search.known.parameters)
        self.known = dict(_known(search, instance, value_of, texts))

    def of_shape(self, shape: Shape) -> str:
        """Return a variable of a shape, the shortest."""
        return min((text for text, held in self.known.items() if held.shape == shape), key=len, default="")

    def with_value(self, value: Any, is_gradient: bool) -> Iterator[Text]:
        """Yield the variables of a value, as they are or transposed; of a gradient, also multiples of it."""
        value = np.asarray(value, dtype=float)
        if not np.any(value):
            return  # zeros are the value of anything
        for text, held in self.known.items():
            may_be_multiple = is_gradient and value.size > 1 and text not in self.parts
            other = text.removesuffix(".T") if text.endswith(".T") else f"{text}.T"
            turned = [(held.T, other)] if held.ndim == 2 else []
            for laid, form in ((held, text), *turned):
                # A single number is a multiple of any other.
                ratio = multiple(laid, value, TOLERANCE) if laid.shape == value.shape else None
                if ratio is not None and abs(ratio - 1) < TOLERANCE:
                    yield Text(form)
                elif ratio is not None and abs(ratio + 1) < TOLERANCE and not is_gradient:
                    yield Text(f"-{form}")
                elif ratio is not None and may_be_multiple and is_natural(ratio, TOLERANCE):
                    yield Text(form, ratio)


def _parts(code: str) -> Iterator[str]:
    """Yield the parts of an expression that compute something, as operands."""
    try:
        whole = ast.parse(f"({code}\n)", mode="eval").body
    except SyntaxError:
        return
    for node in ast.walk(whole):
        if node is not whole and isinstance(node, ast.BinOp):
            yield f"({ast.unparse(node)})"


def _known(
    search: Search, instance: Instance, value_of: ValueOf, texts: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    for text in texts:
        try:
            yield text, np.asarray(value_at(search.recording, instance, text, value_of), dtype=float)
        except Exception:  # noqa: S112 (what stands elsewhere need not make sense here)
            continue
