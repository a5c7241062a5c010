"""Tensors whose numbers name something: the class of an example, the row of a table."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.sources.problems import KeyPath, ProblemReport, RefusalError, described
from bpdebug.sources.scenario.conversion import in_dtype


def check_indices(
    numbers: Array, count: int, dtype: str, what: str, path: KeyPath, report: ProblemReport, hint: str = ""
) -> None:
    """Check that every number is one of 0, 1, ..., count - 1, and still is that in the scenario's dtype.

    Parameters
    ----------
    numbers : array
        The indices, of any dtype.
    count : int
        How many there are to name.
    dtype : str
        The dtype of the scenario.
    what : str
        What they name: `class`, `row`.
    path : tuple
        Where in the file the tensor is.
    report : ProblemReport
        Takes the first number that is wrong.
    hint : str
        What a problem says besides where there is no such thing.
    """
    bad = np.argwhere((numbers != np.floor(numbers)) | (numbers < 0) | (numbers >= count))
    if len(bad):
        index = tuple(int(i) for i in bad[0])
        found = described(float(numbers[index]))
        message = f"no such {what}: found {found}, expected a whole number from 0 to {count - 1}"
        report.add((*path, *index), message, hint)
        return
    try:
        in_dtype(numbers.astype(np.int64), dtype)
    except RefusalError as refusal:
        report.add((*path, *refusal.path), refusal.message, f"it would become another {what}")
