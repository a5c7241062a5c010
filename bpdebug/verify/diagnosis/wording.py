"""What a mistake is called, and why it is wrong: one entry for each kind of edit.

In the texts, `{old}` and `{new}` are what was replaced by what; `{old_names}` and `{new_names}` are the
tensors that they read.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpdebug.engine.language.nodes import Call, names
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.language.shapes import options_of
from bpdebug.verify.diagnosis.edits import FormulaEdit
from bpdebug.verify.diagnosis.misreadings import misreading_of


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
    "function left out": Words(
        "{new} for {old}", "A function is missing: its argument stands here as it is."
    ),
    "function twice": Words("{new} for {old}", "A function was applied twice."),
    "function for its derivative": Words(
        "{new} for {old}", "The activation itself was used where its derivative belongs."
    ),
    "derivative left out": Words(
        "{old} became {new}",
        "The derivative of the activation was forgotten: what comes in was passed on as it is.",
    ),
    "derivative too many": Words(
        "{old} became {new}", "The derivative of an activation was applied where the forward pass has none."
    ),
    "factor left out": Words("{old} became {new}", "A factor is missing."),
    "term left out": Words(
        "{old} became {new}",
        "A term is missing. What acts on the loss in several ways receives the sum of what each sends back.",
    ),
    "constant left out": Words(
        "{old} became {new}",
        "A constant is missing; under a root or below a line it keeps the quotient finite.",
    ),
    "terms left out": Words(
        "{old} became {new}",
        "Only one term is there. What else the tensor acts through was treated as a constant, as the mean "
        "and the variance of a batch often are.",
    ),
    "taken as constant": Words(
        "{old} was left out everywhere",
        "What flows back through {old} is missing: what this is the gradient of was treated as a constant.",
    ),
    "term twice": Words("{old} became {new}", "A term was added twice."),
    "inverted": Words("{new} for {old}", "Multiplied where the formula divides."),
    "divided": Words("{new} for {old}", "Divided where the formula multiplies."),
    "derivative twice": Words("{old} became {new}", "The derivative of the activation was applied twice."),
    "factor twice": Words("{old} became {new}", "A factor was applied twice."),
    "transpose left out": Words("{new} for {old}", "A transpose is missing."),
    "transposed": Words("{new} for {old}", "This was transposed."),
    "not reshaped": Words("{old} became {new}", "Not laid out as the tensor is whose gradient it is."),
    "another product": Words(
        "{new} for {old}", "The matrix product and the product element by element were confused."
    ),
    "inner product": Words(
        "{new} for {old}",
        "The inner product, one number, stands where the outer product belongs: of two vectors, `np.dot` "
        "is the inner one.",
    ),
    "operands exchanged": Words("{new} for {old}", "The operands of the matrix product were exchanged."),
    "not summed": Words(
        "{old} became {new}",
        "The sum is missing: what belongs added up, as over a batch or over all outputs of a softmax, was "
        "used element by element.",
    ),
    "one number for all": Words(
        "{new} for {old}",
        "One number for all: everything was added up, and broadcasting gave the total to every unit. Each "
        "has a sum of its own.",
    ),
    "all zeros": Words(
        "zeros for {old}",
        "It holds zeros alone: it was made and never filled, or a derivative that is 0 everywhere went in.",
    ),
    "zeros in places": Words(
        "0 except where {new_names} > 0",
        "Right except where it is 0: elements were switched off by the sign of {new_names}, as a relu does.",
    ),
    "averaged": Words(
        "{new} for {old}",
        "The mean was taken where the sum belongs. If the loss is a mean, what comes in has the 1/m already.",
    ),
    "not divided": Words("{new} for {old}", "The sum was taken where the mean belongs."),
    "one less": Words(
        "{new} for {old}", "Divided by n − 1 in place of n: the unbiased variance for the biased one."
    ),
    "another axis": Words("{new} for {old}", "The sum runs over the wrong axis."),
    "another option": Words("{new} for {old}", "{option}"),
    "misread": Words("{new} for {old}", "{misreading}"),
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
    "penalty": Words(
        "{new} · {old} was added",
        "A multiple of {old} was added: a penalty on it (regularisation) that the loss here does not have.",
    ),
    "added term": Words(
        "{new} · {old} was added", "A multiple of {old} was added, which does not belong here."
    ),
    "exchanged": Words("{old} and {new} exchanged", "{old} and {new} stand in each other's place."),
    "places exchanged": Words(
        "{old} and {new} in each other's place",
        "The parts were laid side by side in another order than in the tensor whose gradient they are.",
    ),
    "another step": Words("{new} for {old}, and so at each step", "Taken from another time step."),
    "mask left out": Words(
        "{new} for {old}", "The mask was forgotten: a query got a share of keys that come after it."
    ),
    "width of all heads": Words(
        "{new} for {old}", "Scaled by the width of all heads together; a score adds up products of one head."
    ),
    "reset before the product": Words(
        "{new} for {old}",
        "The reset gate scaled the state before its weighted sum, as the GRU was first written; here, as in "
        "PyTorch, it scales the sum with its bias.",
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
    "beside the root": Words(
        "{new} for {old}", "What keeps the quotient finite was added beside the root, not under it."
    ),
    "not carried": Words(
        "without what later steps send back",
        "What a step passes on to the one before never got there: there the gradients began at 0.",
    ),
    "power left out": Words("{old} became {new}", "A power is missing."),
    "root left out": Words("{old} became {new}", "A root is missing."),
    "one example only": Words(
        "{new} for {old}", "Only one example of the batch was used: the sum over the others is missing."
    ),
}

OTHERS = Words("{new} for {old}", "The formula has {old} here.")
"""The words for a kind of edit that has none of its own."""

OPTIONS: dict[str, str] = {
    "axis": "Computed along the wrong axis.",
    "stride": "The stride was left out, or is another: the windows lie elsewhere.",
    "padding": "The padding was left out, or taken off at the wrong side: the windows lie elsewhere.",
    "dilation": "The dilation was left out: the places of a filter lie further apart.",
    "eps": "Epsilon was left out.",
    "last": "The other part was taken.",
    "index": "Another part was taken.",
}
"""Why another option is wrong, by its name."""


def done(edit: FormulaEdit) -> str:
    """Say what was changed."""
    return WORDS.get(edit.kind, OTHERS).done.format(**_fields(edit))


def why(edit: FormulaEdit) -> str:
    """Say why it is wrong."""
    return WORDS.get(edit.kind, OTHERS).why.format(**_fields(edit))


def _fields(edit: FormulaEdit) -> dict[str, str]:
    return {
        "option": _another_option(edit) if edit.kind == "another option" else "",
        "misreading": misreading_of(edit.new).why
        if edit.kind == "misread" and isinstance(edit.new, Call)
        else "",
        "old": numpy_text(edit.old),
        "new": numpy_text(edit.new),
        "old_names": ", ".join(names(edit.old)),
        "new_names": ", ".join(names(edit.new)),
    }


def _another_option(edit: FormulaEdit) -> str:
    """Say what is wrong with the option in which two calls differ."""
    assert isinstance(edit.old, Call)
    assert isinstance(edit.new, Call)
    old = options_of(edit.old)
    name = next(name for name, value in edit.new.options if old[name] != value)
    return OPTIONS.get(name, f"Computed with another {name} than the formula says.")
