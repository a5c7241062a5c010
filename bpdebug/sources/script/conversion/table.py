"""The one table: what was called -> how it is written in the language.

What is not in it is *opaque*: recorded and shown, and no gradient is derived through it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from bpdebug.engine.language.nodes import Expression
from bpdebug.sources.script.conversion import elementwise, moving, products, reductions
from bpdebug.sources.script.conversion.writer import Rule, Writer, call
from bpdebug.sources.script.recorder.records import Node

RULES: Mapping[Any, Rule] = elementwise.RULES | reductions.RULES | products.RULES | moving.RULES


def rules() -> Mapping[Any, Rule]:
    """Return the table, with the functions of SciPy where the script has imported it."""
    special = sys.modules.get("scipy.special")
    if special is None:
        return RULES
    found = {getattr(special, name, None): rule for name, rule in SPECIAL.items()}
    return {**RULES, **{function: rule for function, rule in found.items() if function is not None}}


def _called(name: str, writer: Writer, node: Node, x: Any) -> Expression:
    return call(name, writer.operand(x))


def _softmax(name: str, writer: Writer, node: Node, x: Any, axis: Any = None) -> Expression:
    operand = writer.operand(x)
    if axis is None and len(node.shape) > 1:
        row = call("reshape", operand, shape=(1, -1))
        return call("reshape", call(name, row, axis=-1), shape=node.shape)
    return call(name, operand, axis=-1 if axis is None else int(axis))


def _log_sum_exp(
    writer: Writer, node: Node, a: Any, axis: Any = None, b: Any = None, keepdims: Any = False
) -> Expression:
    total = RULES_OF_SUM(writer, node, a, axis=axis, keepdims=keepdims)
    (operand,) = total.arguments  # type: ignore[union-attr]
    return call("log", call("sum", call("exp", operand), **dict(total.options)))  # type: ignore[union-attr]


import numpy as np  # noqa: E402

RULES_OF_SUM = RULES[np.sum]
SPECIAL: Mapping[str, Rule] = {
    "expit": partial(_called, "sigmoid"),
    "softmax": partial(_softmax, "softmax"),
    "log_softmax": partial(_softmax, "log_softmax"),
    "logsumexp": _log_sum_exp,
}
"""What SciPy has that is a function of the language or made of a few."""
