"""The shipped scenarios as a course: in which order one meets them, and under which heading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

COURSE: tuple[tuple[str, str], ...] = (
    ("begin", "two_layer forward_pass sigmoid_layer batch delta_gradients hidden_delta rows"),
    ("activations", "relu_layer dead_relu vanishing exploding"),
    ("losses", "softmax_cross_entropy conventions"),
    ("training", "xor adam batch_norm mnist_mlp"),
    ("convolution", "conv_by_hand max_pool_overlap resnet_block segmentation"),
    ("sequences", "embedding lstm_step attention transformer_block"),
    ("find the bug", "find_the_bug find_the_conv_bug"),
)
"""Each heading, and the names of what stands under it."""
OWN = "in this folder"
"""The heading of a person's own files, which come first."""
PLACES = {
    name: (number, place, heading)
    for number, (heading, names) in enumerate(COURSE)
    for place, name in enumerate(names.split())
}
LAST = len(COURSE), 0, "more"


Lesson = TypeVar("Lesson")


def in_order(own: Iterable[Lesson], shipped: Iterable[tuple[str, Lesson]]) -> list[tuple[str, Lesson]]:
    """Return all lessons with their headings, in the order of the course.

    Parameters
    ----------
    own : iterable
        Those of the person, which come first.
    shipped : iterable
        The others, with their names.
    """
    ordered = sorted(shipped, key=lambda named: PLACES.get(named[0], LAST)[:2])
    return [
        *((OWN, lesson) for lesson in own),
        *((PLACES.get(name, LAST)[2], lesson) for name, lesson in ordered),
    ]
