"""A tensor as a scenario writes it: a nested list of numbers, `{ random = ... }`, or `{ file = ... }`.

Checking tells its shape and nothing is allocated for it yet; `array` then makes the values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, Field, PlainValidator, ValidationInfo

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.sources.declared import MAX_AXES, FileTensor, Flaw, tensor_error, too_many_elements
from bpdebug.sources.files import ScenarioFolder
from bpdebug.sources.literal import LiteralTensor, read_numbers
from bpdebug.sources.problems import RefusalError, described
from bpdebug.sources.tensors import reference

MAX_SEED = 2**63 - 1
"""The largest integer that TOML promises to keep."""


RANDOM_KEYS = frozenset({"random", "shape", "seed", "scale"})


class RandomTensor(BaseModel, extra="forbid", strict=True, defer_build=True):
    """A tensor of random numbers, the same on every machine.

    Attributes
    ----------
    random : str
        `uniform`: every number between -scale and scale is equally likely, so that both signs occur.
        `normal`: a normal distribution around 0 with the standard deviation `scale`.
    extents : list of int
        The shape; a scenario calls it `shape`.
    seed : int
        The seed of NumPy's default generator.
    scale : float
        How large the numbers are.
    """

    random: Literal["uniform", "normal"]
    extents: Annotated[
        list[Annotated[int, Field(ge=1)]], Field(alias="shape", min_length=1, max_length=MAX_AXES)
    ]
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    scale: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0

    @property
    def shape(self) -> Shape:
        """The shape as a tuple."""
        return tuple(self.extents)

    def array(self) -> Array:
        """Return the values in float64."""
        generator = np.random.default_rng(self.seed)
        if self.random == "uniform":
            return generator.uniform(-self.scale, self.scale, self.shape)
        return generator.normal(0.0, self.scale, self.shape)


class GeneratedTensor(NamedTuple):
    """A tensor that follows from the settings of a layer, made when the numbers are wanted."""

    shape: Shape
    make: Callable[[], Array]

    def array(self) -> Array:
        """Return the values in float64."""
        return self.make()


AnyTensor = LiteralTensor | RandomTensor | FileTensor | GeneratedTensor


def read_tensor(value: Any, folder: ScenarioFolder | None) -> AnyTensor:
    """Check a tensor and tell its shape.

    Parameters
    ----------
    value : object
        What the scenario says.
    folder : ScenarioFolder, optional
        Where a file may be; without it no file is looked at, and the shape of a tensor in one is not known.

    Raises
    ------
    ValidationError
        With every flaw in it.
    """
    match value:
        case list():
            return read_numbers(value)
        case {"file": _}:
            try:
                return reference.read_reference(value, folder)
            except RefusalError as refusal:
                raise tensor_error([Flaw((), refusal.message, refusal.hint)]) from None
        case dict() if RANDOM_KEYS & value.keys():
            return _read_random(value)
    expected = "a nested list of numbers, { random = ..., shape = ..., seed = ... }, or { file = ... }"
    raise tensor_error([Flaw((), f"not a tensor: found {described(value)}, expected {expected}")])


def _read_field(value: object, details: ValidationInfo) -> AnyTensor:
    return read_tensor(value, details.context)


TensorField = Annotated[Any, PlainValidator(_read_field)]
"""The type of a key whose value is a tensor.

To pydantic it is anything: `read_tensor` says what it is, and a type named here would be taken apart
at start-up.
"""


def _read_random(value: dict[str, Any]) -> RandomTensor:
    tensor = RandomTensor.model_validate(value)
    excess = too_many_elements(tensor.shape)
    if excess:
        raise tensor_error([Flaw(("shape",), excess)])
    return tensor
