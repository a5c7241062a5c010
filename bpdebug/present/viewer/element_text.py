"""The element under the cursor in words: its full index, and its exact value in everything compared."""

from __future__ import annotations

from collections.abc import Sequence

from bpdebug.present.cells import exact_text
from bpdebug.present.slicing import Slicing
from bpdebug.present.viewer.subject import ShownValues


def exact_value(values: ShownValues, slicing: Slicing) -> str:
    """Write the element under the cursor so that Python reads the same number back."""
    return exact_text(values[slicing.index].item(), values.dtype)


def cursor_text(
    name: str, choices: Sequence[ShownValues], shown: ShownValues, slicing: Slicing
) -> tuple[str, str]:
    """Write the element under the cursor.

    Parameters
    ----------
    name : str
        The tensor.
    choices : sequence of ShownValues
        All that can be shown of it.
    shown : ShownValues
        What is shown now.
    slicing : Slicing
        Where the cursor is.

    Returns
    -------
    tuple of str
        `dw2[0, 1] = 0.0066`, and what else is known of the element: `mine 0.0132 · mine − reference 0.0066`.
    """
    if 0 in slicing.shape:
        return f"{name} has no elements", ""
    others = [
        f"{values.label} {exact_value(values, slicing)}"
        for values in choices
        if values is not shown and values.shape == shown.shape
    ]
    return f"{slicing.element(name)} = {exact_value(shown, slicing)}", " · ".join(others)
