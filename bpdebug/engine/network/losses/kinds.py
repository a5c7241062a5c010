"""The kinds of loss, one entry each: forward statements that compare an output with its target `y`.

Each is defined as PyTorch's. What a kind writes down are its terms, one for each element or for each
example; their mean or sum, the penalty, and the backward pass are not its business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bpdebug.engine.network.layers.kind import Setting

Choices = Mapping[str, str | float]
TargetKind = Literal["numbers", "fractions", "classes"]
"""What a target is made of: any numbers; numbers from 0 to 1; probabilities of classes, or their indices."""

REDUCTIONS: Mapping[str, str] = {
    "mean": "the mean of all terms",
    "sum": "the sum of all terms",
    "batchmean": "the sum over the outputs of an example, and the mean over the examples",
}
"""What may be made of the terms, by the names that PyTorch has for it."""


@dataclass(frozen=True, slots=True)
class LossKind:
    """A kind of loss; one entry is all that there is to it.

    Attributes
    ----------
    name : str
        What a scenario calls it.
    terms : callable
        (name of the output, axis of the classes, choices) -> the formulas by the names of their
        results, in order; the last has the terms whose mean or sum is the loss.
    target : str
        What its target is made of.
    for_each : str
        Whether there is a term for each `element`, or for each `example`; for each of its pixels, where it
        is an image.
    settings : tuple of Setting
        Its choices.
    numbers : mapping
        Its positive numbers, each with its default.
    explanations : mapping
        For each result, one sentence that says why it is computed this way.
    reduction : str
        What is made of the terms where a scenario does not say; a key of `REDUCTIONS`.
    applies : str
        The activation that it applies to the output itself, if any: a network that ends with the same one
        would apply it twice.
    """

    name: str
    terms: Callable[[str, int, Choices], Mapping[str, str]]
    target: TargetKind
    for_each: Literal["element", "example"] = "element"
    settings: tuple[Setting, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    explanations: Mapping[str, str] = field(default_factory=dict)
    reduction: str = "mean"
    applies: str = ""


def _cross_entropy(output: str, axis: int, choices: Choices) -> Mapping[str, str]:
    if choices["form"] == "fused":
        return {"terms": f"cross_entropy({output}, y, axis={axis})"}
    return {
        "p": f"softmax({output}, axis={axis})",
        "nll": "-(y * log(p))",
        "terms": f"sum(nll, axis={axis}, keepdims=True)",
    }


LOSS_KINDS: dict[str, LossKind] = {
    kind.name: kind
    for kind in (
        LossKind(
            "mse",
            lambda output, axis, choices: {"error": f"{output} - y", "squares": "error ** 2"},
            "numbers",
            explanations={
                "error": "How far each output is from its target.",
                "squares": "Squared, large errors count for more, and their sign for nothing.",
                "derror": "The slope of a square is twice what is squared.",
                "dprediction": "What raises an output raises its error as much.",
            },
        ),
        LossKind(
            "squared_error",
            lambda output, axis, choices: {
                "error": f"{output} - y",
                "squares": "error ** 2",
                "halves": "squares / 2",
            },
            "numbers",
            reduction="sum",
            explanations={
                "error": "How far each output is from its target.",
                "squares": "Squared, large errors count for more, and their sign for nothing.",
                "halves": "Half of each square, so that its slope is the error itself.",
                "derror": "The slope of a square is twice what is squared; the half takes the 2 away.",
                "dprediction": "What raises an output raises its error as much.",
            },
        ),
        LossKind(
            "huber",
            lambda output, axis, choices: {
                "error": f"{output} - y",
                "terms": f"huber(error, delta={choices['delta']!r})",
            },
            "numbers",
            numbers={"delta": 1.0},
            explanations={
                "error": "How far each output is from its target.",
                "derror": "Small errors pull in proportion, large ones no harder than delta.",
            },
        ),
        LossKind(
            "bce",
            lambda output, axis, choices: {"terms": f"binary_cross_entropy({output}, y)"},
            "fractions",
            explanations={
                "terms": "Each output is the probability of a 1; the target says how often it is one."
            },
        ),
        LossKind(
            "bce_with_logits",
            lambda output, axis, choices: {"terms": f"binary_cross_entropy_with_logits({output}, y)"},
            "fractions",
            applies="sigmoid",
            explanations={
                "terms": "Each output is a score; the loss takes the sigmoid, and never overflows.",
                "dprediction": "The slope of the sigmoid cancels: what is left is probability minus target.",
            },
        ),
        LossKind(
            "cross_entropy",
            _cross_entropy,
            "classes",
            for_each="example",
            applies="softmax",
            settings=(Setting("form", ("fused", "softmax_nll"), default="fused"),),
            explanations={
                "p": "The softmax turns the scores of all classes into probabilities that add up to 1.",
                "nll": "Minus the log of the probability of the right class; of the others, nothing.",
                "terms": "How surprising the right class is, for each example or pixel.",
                "dp": "Only the probability of the right class counts; the less likely it was, the steeper.",
                "dprediction": "The softmax and the logarithm cancel: what is left is softmax minus target.",
            },
        ),
    )
}
