"""What a correction says of the mistake: one sentence for each kind, in the words of the field."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from bpdebug.verify.repair.trees import Code

SENTENCES: Mapping[str, str] = {
    "transposed": "{part} is transposed here, and should not be",
    "not transposed": "{part} should be transposed",
    "turned": "{part} is turned round here, and should not be",
    "not turned": "{part} should be turned by 180°: what a convolution does is undone with the kernel turned",
    "factor too many": "the factor {part} does not belong here",
    "factor missing": "the factor {part} is missing",
    "mask missing": "the mask {part} is missing",
    "factor for a term": "{part} should be added, not multiplied by",
    "term too many": "the term {part} does not belong here",
    "term missing": "the term {part} is missing",
    "divided": "it should be divided by {part}, not multiplied by it",
    "multiplied": "it should be multiplied by {part}, not divided by it",
    "division too many": "it should not be divided by {part}",
    "division missing": "it should be divided by {part}",
    "matrix product": "a matrix product belongs here, not a product of elements",
    "product of elements": "a product of elements belongs here, not a matrix product",
    "outer product": "an outer product belongs here",
    "other transposed": "the other factor of the matrix product should be transposed",
    "operands exchanged": "the operands of the matrix product are the wrong way round",
    "sign": "the sign is wrong",
    "square missing": "{part} should be squared",
    "power too many": "{part} should not be raised to a power",
    "comparison": "the comparison is the wrong way round",
    "sum too many": "{part} should not be summed here",
    "sum missing": "the sum over the examples is missing",
    "axis": "the sum goes over the wrong axis",
    "mean for a sum": "a sum belongs here, not a mean",
    "sum for a mean": "a mean belongs here, not a sum",
    "option": "the option {part} should be the other way round",
    "function too many": "{part} should not be applied here",
    "another function": "{part} belongs here",
    "another slice": "the wrong part is taken of {part}",
    "another divisor": "{part} is not what this is divided by on the way forward",
    "another position": "this is put at the wrong position",
    "another index": "the wrong element or time step is read",
    "part for the whole": "all of it belongs here, not the part {part}",
    "one for the sum": "{part} is only one of those that should be summed",
    "another tensor": "{part} is the wrong tensor here",
    "names exchanged": "two tensors have each other's place",
    "indices exchanged": "the indices are the wrong way round",
    "number": "the number {part} is wrong",
    "derivative missing": "the derivative of the activation, {part}, is missing",
    "derivative of its own": "{part} is the activation, and its derivative belongs here",
    "derivative of what is applied": "{part} is applied to a gradient: its derivative belongs there",
    "another derivative": "{part} is not the derivative that belongs here",
    "activation missing": "the activation {part} is missing",
    "another axis": "it goes over the wrong axis, and should go over {part}",
    "written otherwise beside": "the lines beside that do the same are written {part}",
    "bounds": "the loop goes over one step too many or too few",
    "order": "the loop goes the wrong way round",
    "arguments exchanged": "two arguments have each other's place",
    "= for +=": "what is there already is overwritten: it should be added to",
    "+= for =": "it is added to what is there already: it should take its place",
    "index repeated": "what an index names more than once is added to only once: `np.add.at` adds each time",
    "sign of +=": "it should be {part}",
}

DERIVATIVES = frozenset(
    {"derivative missing", "derivative of its own", "derivative of what is applied", "another derivative"}
)
"""The kinds that are about the derivative of an activation."""
MISSING = DERIVATIVES | {
    "factor missing",
    "mask missing",
    "term missing",
    "division missing",
    "sum missing",
    "square missing",
    "outer product",
    "written otherwise beside",
}
"""The kinds that are about what is not there at all."""


def sentence(kind: str, part: ast.expr | None, code: Code) -> str:
    """Say what was wrong.

    Parameters
    ----------
    kind : str
        The kind of mistake.
    part : ast.expr or None
        What it is about.
    code : Code
        The person's expression, from which the text of the part is taken where it is there.
    """
    said = "" if part is None else f"`{' '.join(code.written(part).split())}`"
    return SENTENCES[kind].format(part=said)
