"""What a mistake is called, and why it is wrong: one entry for each kind of edit.

In the texts, `{old}` and `{new}` are what was replaced by what; `{old_names}` and `{new_names}` are the
tensors that they read.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpdebug.engine.expression.nodes import names
from bpdebug.engine.expression.printing import numpy_text
from bpdebug.verify.diagnosis.edits import Edit


@dataclass(frozen=True, slots=True)
class Words:
    """The words for one kind of edit: what was done, and why it is wrong."""

    done: str
    why: str


WORDS: dict[str, Words] = {
    "derivative at the output": Words(
        "{new} for {old}",
        "The derivative of the activation was taken at its output {new_names}, not at its input {old_names}.",
    ),
    "derivative from the output": Words(
        "{new} for {old}",
        "The derivative was written in the form that takes the activation's output, and was given "
        "another tensor, or belongs to another activation.",
    ),
    "another tensor": Words("{new} for {old}", "{new} stands where {old} belongs."),
    "another derivative": Words(
        "{new} for {old}", "This is the derivative of another activation than the forward pass applies."
    ),
    "another function": Words("{new} for {old}", "Another function was applied than the formula says."),
    "function for its derivative": Words(
        "{new} for {old}", "The activation itself was used where its derivative belongs."
    ),
    "derivative left out": Words(
        "{old} became {new}",
        "The derivative of the activation was forgotten: what comes in was passed on as it is.",
    ),
    "factor left out": Words("{old} became {new}", "A factor is missing."),
    "term left out": Words(
        "{old} became {new}",
        "A term is missing. A tensor that is used in several places receives the sum of their gradients.",
    ),
    "derivative twice": Words("{old} became {new}", "The derivative of the activation was applied twice."),
    "factor twice": Words("{old} became {new}", "A factor was applied twice."),
    "transpose left out": Words("{new} for {old}", "A transpose is missing."),
    "transposed": Words("{new} for {old}", "This was transposed."),
    "another product": Words(
        "{new} for {old}", "The matrix product and the product element by element were confused."
    ),
    "operands exchanged": Words("{new} for {old}", "The operands of the matrix product were exchanged."),
    "not summed": Words(
        "{old} became {new}",
        "The sum is missing: what belongs added up, as over a batch, was used element by element.",
    ),
    "averaged": Words(
        "{new} for {old}",
        "The mean was taken where the sum belongs. If the loss is a mean, what comes in has the 1/m already.",
    ),
    "another axis": Words("{new} for {old}", "The sum runs over the wrong axis."),
    "axis lost": Words("{new} for {old}", "The summed axis was dropped, or kept, where it should not be."),
    "opposite sign": Words("{new} for {old}", "A term has the wrong sign."),
    "opposite sign of all": Words(
        "the sign changed", "The sign is wrong, as when the target minus the output is taken for the reverse."
    ),
    "doubled": Words("times 2", "A factor 2 too many, as of a squared error without its ½."),
    "halved": Words("divided by 2", "A factor ½ too many, or the 2 of a squared error was lost."),
    "times m": Words(
        "times m, the batch size",
        "A factor m too many: 1/m was lost. Where the loss is a mean, it belongs in exactly once.",
    ),
    "divided by m": Words(
        "divided by m, the batch size",
        "A factor 1/m too many: what comes in already has the 1/m of a mean loss, so the sum belongs here.",
    ),
    "another factor": Words("{new} for {old}", "A constant factor too many."),
    "added term": Words(
        "{new} · {old} was added",
        "A multiple of {old} was added: a penalty on it (regularisation) that the loss here does not have, "
        "or another branch's gradient.",
    ),
    "updated parameter": Words(
        "{old} - {new} * d{old} for {old}",
        "{old} had already been updated, with a learning rate of {new}, when it was used: "
        "gradients need the values of the forward pass.",
    ),
    "updated too early": Words(
        "{new} for {old}",
        "{old} had already been updated when it was used: gradients need the values of the forward pass.",
    ),
    "miscounted": Words(
        "{new} for {old}",
        "The count is off by one: the first update is number 1, where the count began at 0.",
    ),
    "under the root": Words(
        "{new} for {old}", "What keeps the quotient finite was added under the root, not beside it."
    ),
    "power left out": Words("{old} became {new}", "A power is missing."),
    "one example only": Words(
        "{new} for {old}", "Only one example of the batch was used: the sum over the others is missing."
    ),
}


def done(edit: Edit) -> str:
    """Say what was changed."""
    return WORDS[edit.kind].done.format(**_fields(edit))


def why(edit: Edit) -> str:
    """Say why it is wrong."""
    return WORDS[edit.kind].why.format(**_fields(edit))


def _fields(edit: Edit) -> dict[str, str]:
    return {
        "old": numpy_text(edit.old),
        "new": numpy_text(edit.new),
        "old_names": ", ".join(names(edit.old)),
        "new_names": ", ".join(names(edit.new)),
    }
