"""What if: a run with some of its numbers replaced, and everything downstream computed again.

The original run stays what it was; the branch shares every tensor that nothing changed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Index, index_text, numpy_index
from bpdebug.engine.trace import Trace, read_only, recorded
from bpdebug.errors import BpdebugError


def branch(trace: Trace, replaced: Mapping[str, Array]) -> Trace:
    """Run a program again with some tensors replaced, inputs or results.

    Parameters
    ----------
    trace : Trace
        The original run; it is not changed.
    replaced : mapping
        The new values, each in the shape and dtype of the tensor whose place it takes.

    Returns
    -------
    Trace
        The run in which each replaced tensor has its new value, whatever its statement would give.
    """
    values = {**trace.values, **{name: read_only(value) for name, value in replaced.items()}}
    changed = set(replaced)
    with np.errstate(all="ignore"):
        for result, function, operands in trace.program.runnable:
            if result not in replaced and changed.intersection(operands):
                values[result] = recorded(function(*[values[name] for name in operands]))
                changed.add(result)
    return Trace(trace.program, values)


def with_part(value: Array, index: Index, part: Array) -> Array:
    """Return a copy of a tensor with a part of it replaced.

    Parameters
    ----------
    value : array
        The tensor.
    index : Index
        Which part; `()` for all of it.
    part : array
        The new numbers, in the part's shape or one that is repeated to it.

    Raises
    ------
    BpdebugError
        If the tensor has no such part, or the numbers do not fit in it.
    """
    result = value.copy()
    try:
        with np.errstate(all="ignore"):
            result[numpy_index(index)] = part
    except IndexError:
        raise BpdebugError(f"[{index_text(index)}] does not exist in shape {value.shape}") from None
    except ValueError:
        expected = value[numpy_index(index)].shape
        raise BpdebugError(f"found shape {np.shape(part)}, expected {expected}") from None
    return result
