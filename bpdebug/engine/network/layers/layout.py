"""Layouts: how a network lays out its tensors, which is all in which conventions of common code differ.

    columns, out_in    z = w @ a_prev + b        b (outputs, 1)    Ng, Nielsen
    columns, in_out    z = w.T @ a_prev + b      b (outputs, 1)    Goodfellow
    rows, out_in       z = a_prev @ w.T + b      b (outputs,)      PyTorch
    rows, in_out       z = a_prev @ w + b        b (outputs,)      CS231n, Keras

A layer kind asks the layout for its shapes and for its weighted sum, and so works in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple


class Multiple(NamedTuple):
    """So many times a named extent: `Multiple(4, "hidden")` where four gates lie one below the other."""

    times: int
    of: str


Extent = str | int | Multiple
Pattern = tuple[Extent, ...]
"""A shape with named extents: `("outputs", "inputs")`, `("outputs", 1)`."""

BATCH = "batch"
"""What patterns call the number of examples."""
REST = "..."
"""Stands in a pattern for any number of axes, none included."""
ONES = "1..."
"""Stands in the pattern of a parameter for an axis of length 1 in the place of each of these axes."""

IMAGE_AXES, CHANNEL_AXIS = 4, 1
"""How many axes images have, batch × channels × height × width, and which of them counts the channels."""


def length_of(extent: Extent, lengths: Mapping[str, int]) -> int:
    """Return the length of an extent, where those of the named ones are known.

    Raises
    ------
    KeyError
        If it is not.
    """
    if isinstance(extent, Multiple):
        return extent.times * lengths[extent.of]
    return extent if isinstance(extent, int) else lengths[extent]


def smallest_shape(pattern: Pattern) -> tuple[int, ...]:
    """Return the shape in which everything that has a name has length 1."""
    named = {extent.of if isinstance(extent, Multiple) else extent for extent in pattern}
    lengths = {name: 1 for name in named if isinstance(name, str)}
    return tuple(length_of(extent, lengths) for extent in pattern if extent not in (REST, ONES))


class Layout(NamedTuple):
    """Where the examples of a batch lie, and which way round the weights are.

    Attributes
    ----------
    name : str
        `columns`: features × batch, each example is a column. `rows`: batch × features.
    weight_shape : str
        `out_in`: a row of weights for each output. `in_out`: a column.
    images : str
        How the numbers of an image lie in a row: `nchw`, channel by channel, or `nhwc`, place by place.
    """

    name: Literal["columns", "rows"] = "columns"
    weight_shape: Literal["out_in", "in_out"] = "out_in"
    images: Literal["nchw", "nhwc"] = "nchw"

    @property
    def batch_axis(self) -> int:
        """The axis of the examples."""
        return 1 if self.name == "columns" else 0

    @property
    def feature_axis(self) -> int:
        """The axis of the features; along it a softmax adds up to 1."""
        return 0 if self.name == "columns" else -1

    def axis_of_features(self, axes: int) -> int:
        """Return the axis of the features of a tensor with so many axes: of an image, its channels."""
        return CHANNEL_AXIS if axes == IMAGE_AXES else self.feature_axis

    def examples(self, features: Extent) -> Pattern:
        """Return the shape of what holds so many features of each example."""
        return (features, BATCH) if self.name == "columns" else (BATCH, features)

    def positions(self, features: Extent) -> Pattern:
        """Return the shape of what holds so many features at each of any number of positions of an example.

        Only rows have room for them: between the examples and the features, as the words of a sentence.
        """
        return self.examples(features) if self.name == "columns" else (BATCH, REST, features)

    def channels(self, features: Extent) -> Pattern:
        """Return the shape of what holds so many features of each example: numbers, lines or images.

        Only rows have room for lines and images: behind their channels, as in PyTorch.
        """
        return self.examples(features) if self.name == "columns" else (BATCH, features, REST)

    def per_channel(self, features: Extent) -> Pattern:
        """Return the shape of what holds a number for each of these channels, the same all over it."""
        return self.shared(features) if self.name == "columns" else (features, ONES)

    def in_order(self, role: str, axes: int) -> str:
        """Write a tensor of so many axes with its numbers in the order in which they lie in a row."""
        if self.images == "nchw" or axes != IMAGE_AXES:
            return role
        return f"permute({role}, axes=(0, 2, 3, 1))"

    def along_channels(self, role: str, count: int, axes: int) -> str:
        """Write what has a number for each channel, in so many axes, as it meets a tensor of others."""
        ones = ", 1" * (axes - 2)
        return f"reshape({role}, shape=(-1{ones}))" if count == 1 and ones else role

    def weights(self, outputs: Extent, inputs: Extent) -> Pattern:
        """Return the shape of a matrix with a weight for each pair of an output and an input."""
        return (outputs, inputs) if self.weight_shape == "out_in" else (inputs, outputs)

    def shared(self, features: Extent) -> Pattern:
        """Return the shape of what holds a number for each feature, the same for all examples."""
        return (features, 1) if self.name == "columns" else (features,)

    def weighted_sum(self, weights: str, inputs: str) -> str:
        """Write the sums of the inputs, each times its weight."""
        if self.name == "columns":
            return f"{weights} @ {inputs}" if self.weight_shape == "out_in" else f"{weights}.T @ {inputs}"
        return f"{inputs} @ {weights}.T" if self.weight_shape == "out_in" else f"{inputs} @ {weights}"


COLUMNS = Layout("columns")
ROWS = Layout("rows")
