"""An array as `numpy.array2string` writes it, at a fraction of the cost: a trace has ten thousands of them.

NumPy finds out how to write each array by code that is in Python and general. Here is what a trace needs: as
many digits behind the point as the longest element has, six at most, and a power of ten where the elements
lie far apart. A test holds it against NumPy, which still writes all that is no float.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpdebug.engine.language.functions.entry import Array

DIGITS = 6
MAX_SHOWN = 100
"""An array with more elements than this is abbreviated."""
EDGE = 4
"""Where it is, so many entries at each end of an axis are shown."""
WIDTH = 100
NEW_LINE = "\n"
LARGE, SMALL, FAR_APART = 1e8, 1e-4, 1000.0
"""Elements from here on, below this, or with a larger ratio are written with powers of ten."""


def array_text(value: Array) -> str:
    """Write an array, rows below each other.

    Parameters
    ----------
    value : array
        Any shape, any dtype.
    """
    short = value.size > MAX_SHOWN
    shown = value
    for axis in range(value.ndim if short else 0):
        if value.shape[axis] > 2 * EDGE:
            shown = shown.take([*range(EDGE), *range(-EDGE, 0)], axis)
    if value.dtype.kind != "f" or not shown.ndim or not shown.size:
        return np.array2string(
            value,
            max_line_width=WIDTH,
            precision=DIGITS,
            threshold=MAX_SHOWN,
            edgeitems=EDGE,
            floatmode="maxprec_equal",
        )
    return _laid_out(iter(_words(shown.ravel())), value.shape, short, 1)


def _words(values: Array) -> list[str]:
    """Write elements alike, each as wide as all."""
    is_finite = np.isfinite(values)
    finite = iter(_finite(values[is_finite]))
    words = [next(finite) if here else str(value) for here, value in zip(is_finite, values, strict=True)]
    width = max(map(len, words))
    return [word.rjust(width) for word in words]


def _finite(values: Array) -> list[str]:
    """Write elements with as many digits as one of them needs."""
    if not values.size:
        return []
    sizes = np.abs(values[values != 0])
    least, most = (sizes.min(), sizes.max()) if sizes.size else (1.0, 1.0)
    with np.errstate(over="ignore"):
        is_scientific = bool(most >= LARGE or least < SMALL or most / least > FAR_APART)
    form = "e" if is_scientific else "f"
    if values.dtype == np.float64 and least > np.finfo(np.float64).tiny:
        # It has so many digits that those which tell it from its neighbours are the first six of all.
        written = _rounded(values, form, DIGITS)
        digits = DIGITS - min(len(text) - len(text.rstrip("0")) for text in _mantissas(written))
    else:
        write = np.format_float_scientific if is_scientific else np.format_float_positional
        written = [write(value, DIGITS, trim=".") for value in values]
        digits = max(len(text.partition(".")[2]) for text in _mantissas(written))
    words = _rounded(values, form, digits)
    if is_scientific:
        power = max(len(text.partition("e")[2]) for text in words)
        parts = [text.partition("e") for text in words]
        words = [f"{text}e{exponent[0]}{exponent[1:].rjust(power - 1, '0')}" for text, _, exponent in parts]
    return words


def _rounded(values: Array, form: str, digits: int) -> list[str]:
    return (f"%#.{digits}{form} " * len(values) % tuple(values.tolist())).split()


def _mantissas(written: list[str]) -> Iterator[str]:
    """Yield what is before the power of ten."""
    return (text.partition("e")[0] for text in written)


def _laid_out(words: Iterator[str], shape: tuple[int, ...], short: bool, depth: int) -> str:
    """Write the next words as an array of this shape, which begins so many places to the right."""
    count, margin = shape[0], " " * depth
    is_cut = short and count > 2 * EDGE
    entries = [
        _laid_out(words, shape[1:], short, depth + 1) if len(shape) > 1 else next(words)
        for _ in range(2 * EDGE if is_cut else count)
    ]
    if is_cut:
        entries.insert(EDGE, "...")
    if len(shape) > 1:
        return f"[{(NEW_LINE * (len(shape) - 1) + margin).join(entries)}]"
    lines, line = [], margin
    for entry in entries:
        if len(line) + len(entry) >= WIDTH + 1 - depth and len(line) > depth:
            lines.append(line.rstrip())
            line = margin
        line += f"{entry} "
    lines.append(line[:-1])
    return f"[{NEW_LINE.join(lines)[depth:]}]"
