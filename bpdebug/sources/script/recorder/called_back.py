"""Functions of the person's that NumPy calls: for each element (`np.vectorize`), for each row or column.

NumPy hands them objects of its own and keeps copies of what they return. So the same calls are made with
elements that the recorder knows, and what comes out is recorded as an array of what they returned.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.tensors import is_tensor
from bpdebug.sources.script.sites import Site

MOST_ELEMENTS = 5000
"""Of a larger array it is opaque: each element goes through some operations of its own."""

CallingBack = Callable[[Recorder, Site, Any, tuple[Any, ...]], Any]
"""Call a function that calls the person's, and record what that gave."""


def calling_back(function: Any, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> CallingBack | None:
    """Return how a function is called that calls another for parts of arrays; None for any other."""
    if options or not (type(function) is np.vectorize or function is np.apply_along_axis):
        return None
    sizes = [math.prod(np.shape(argument)) for argument in arguments if is_tensor(argument)]
    if not sizes or not 0 < max(sizes) <= MOST_ELEMENTS:
        return None
    if type(function) is np.vectorize:
        return None if function.signature or function.excluded or function.cache else _vectorized
    return _along_axis if function is np.apply_along_axis and len(arguments) == 3 else None


def _vectorized(recorder: Recorder, site: Site, function: Any, arguments: tuple[Any, ...]) -> Any:
    """Call what `np.vectorize` made, which turns all into objects, and goes over these as `nditer` does."""
    elements = [np.asanyarray(argument, dtype=object) for argument in arguments]
    for array, own in zip(arguments, elements, strict=True):
        for place in np.ndindex(own.shape) if is_tensor(array) else ():
            recorder.record(site, operator.getitem, (array, place), NOTHING, own[place])
    gave: list[Any] = []
    probes = int(function.otypes is None)

    def one(*own: Any) -> Any:
        # The first call only asks what kind of number comes out; it gets what is not yet an object.
        first = [np.asarray(argument).flat[0] for argument in arguments] if len(gave) < probes else own
        gave.append(function.pyfunc(*first))
        return gave[-1]

    result = np.vectorize(one, otypes=function.otypes)(*elements)
    returned = gave[probes:]
    if recorder.on and isinstance(result, np.ndarray) and len(returned) == result.size:
        outputs = np.empty_like(result, dtype=object)
        with np.nditer(elements, ["multi_index", "refs_ok", "zerosize_ok"]) as order:
            for value, _ in zip(returned, order, strict=True):
                outputs[order.multi_index] = value
        recorder.record(site, np.array, (outputs.tolist(),), {"dtype": result.dtype}, result)
    return result


def _along_axis(recorder: Recorder, site: Site, function: Any, arguments: tuple[Any, ...]) -> Any:
    """Call `np.apply_along_axis`, which gives the rows along an axis, and puts what comes in their place."""
    own, axis, array = arguments
    gave: list[Any] = []

    def one(row: Any) -> Any:
        gave.append(own(row))
        return gave[-1]

    result = function(one, axis, array)
    if recorder.on and all(map(is_tensor, gave)):
        rows = np.array(gave)
        recorder.record(site, np.array, (gave,), NOTHING, rows)
        shape = (*np.delete(np.shape(array), axis), *rows.shape[1:])
        by_rows = rows.reshape(shape)
        recorder.record(site, np.reshape, (rows, shape), NOTHING, by_rows)
        first = range(axis % np.ndim(array), axis % np.ndim(array) + rows.ndim - 1)
        last = range(np.ndim(by_rows) - len(first), np.ndim(by_rows))
        recorder.record(site, np.moveaxis, (by_rows, tuple(last), tuple(first)), NOTHING, result)
    return result
