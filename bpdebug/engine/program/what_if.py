"""What if: a run with some of its numbers replaced, and everything downstream computed again.

The original run stays what it was; the branch shares every tensor that nothing changed. Where only a part of
a tensor is replaced, its replacement is a masked array, and the masked elements are computed as ever.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Subscript, index_text, numpy_index
from bpdebug.engine.program.trace import Trace, read_only, recorded
from bpdebug.errors import BpdebugError


def branch(trace: Trace, replaced: Mapping[str, Array]) -> Trace:
    """Run a program again with some tensors replaced, inputs or results.

    Parameters
    ----------
    trace : Trace
        The original run; it is not changed.
    replaced : mapping
        The new values, each in the shape and dtype of the tensor whose place it takes; masked where it does
        not take its place.

    Returns
    -------
    Trace
        The run in which each replaced element has its new value, whatever its statement would give.
    """
    values, changed = dict(trace.values), set(replaced)
    values |= {name: read_only(over(replaced[name], values[name])) for name in replaced}
    with np.errstate(all="ignore"):
        for result, function, operands in trace.program.runnable:
            if changed.intersection(operands) and not is_whole(replaced.get(result)):
                value = recorded(function(*[values[name] for name in operands]))
                values[result] = read_only(over(replaced[result], value)) if result in replaced else value
                changed.add(result)
    return Trace(trace.program, values)


def is_whole(replacement: Array | None) -> bool:
    """Whether a replacement leaves nothing of its tensor to be computed."""
    return replacement is not None and not np.ma.is_masked(replacement)


def over(replacement: Array, value: Array) -> Array:
    """Return what a tensor is under its replacement, if it is computed to have a value."""
    return np.where(np.ma.getmaskarray(replacement), value, np.ma.getdata(replacement))


def pinned(replacement: Array | None, value: Array, index: Subscript, part: Array) -> Array:
    """Return a replacement that a part was added to.

    Parameters
    ----------
    replacement : array, optional
        What is replaced so far.
    value : array
        The tensor.
    index : Subscript
        Which part; `()` for all of it.
    part : array
        Its new numbers, in its shape or one that is repeated to it.

    Raises
    ------
    BpdebugError
        As `with_part`.
    """
    data = with_part(value if replacement is None else np.ma.getdata(replacement), index, part)
    mask = np.ones(value.shape, bool) if replacement is None else np.ma.getmaskarray(replacement).copy()
    mask[numpy_index(index)] = False
    return np.ma.MaskedArray(data, mask) if mask.any() else data


def with_part(value: Array, index: Subscript, part: Array) -> Array:
    """Return a copy of a tensor with a part of it replaced.

    Parameters
    ----------
    value : array
        The tensor.
    index : Subscript
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
