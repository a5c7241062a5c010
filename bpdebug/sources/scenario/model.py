"""What a scenario file may say, as pydantic models.

The keys of a layer are those of its `LayerKind`: its settings and its parameters. A new kind brings its
own keys, and nothing changes here. Each table of the file is checked by itself, so that a mistake in
one does not hide those in the others.

Pydantic takes up to a millisecond to make a model, which start-up feels: more keys cost little, but a model
that not every scenario uses is made when it is needed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

import pydantic
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    create_model,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from bpdebug.engine.language.nearest import nearest
from bpdebug.engine.network.layers import LAYER_KINDS, Setting
from bpdebug.limits import LIMITS
from bpdebug.sources.declared import MAX_AXES
from bpdebug.sources.problems import KeyPath, ProblemReport, described, did_you_mean
from bpdebug.sources.scenario.channels import Images
from bpdebug.sources.scenario.tensors import AnyTensor, RandomTensor, TensorField, read_tensor
from bpdebug.sources.wordings import READY, add_finding

NonEmptyText = Annotated[str, Field(min_length=1)]
LayerNames = Annotated[list[NonEmptyText], Field(min_length=1, max_length=LIMITS.layer_inputs)]


Kind = TypeVar("Kind")

STRICT = ConfigDict(extra="forbid", strict=True, validate_assignment=True)
"""How every table is read: unknown keys are problems, and nothing is converted."""


class Document(BaseModel, defer_build=True):
    """What every file says, however it writes its program; its inner tables are checked one by one, later."""

    model_config = STRICT

    title: NonEmptyText = ""
    about: str = ""
    layout: Literal["columns", "rows"] | None = None
    dtype: Literal["float64", "float32", "float16"] = "float64"
    inputs: dict[str, Any]
    gradient: dict[str, Any] | None = None
    mine: dict[str, Any] = Field(default_factory=dict)
    debug: dict[str, Any] = Field(default_factory=dict)
    optimizer: dict[str, Any] | None = None
    training: dict[str, Any] | None = None


class NetworkDocument(Document):
    """A file that writes its program as `[[layers]]`."""

    layout: Literal["columns", "rows"]
    weight_shape: Literal["out_in", "in_out"] = "out_in"
    layers: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=LIMITS.layers)]
    loss: dict[str, Any] | None = None


class Inputs(BaseModel):
    """What goes into the network."""

    model_config = STRICT

    a0: TensorField
    axes: Images = "nchw"


def check_kind(
    kinds: Mapping[str, Kind],
    table: Mapping[str, Any],
    path: KeyPath,
    report: ProblemReport,
    unlisted: Collection[str] = (),
) -> Kind | None:
    """Return the kind that a table says, on which its other keys depend; None if it is not known.

    Parameters
    ----------
    kinds : mapping
        The kinds that there are, by name.
    table : mapping
        What the file says.
    path : tuple
        Where in the file the table is.
    report : ProblemReport
        Takes what is wrong.
    unlisted : collection of str, optional
        Others that may be meant.
    """
    kind = table.get("kind")
    if isinstance(kind, str):
        if kind in kinds:
            return kinds[kind]
        message = f"unknown kind: found {described(kind)}, expected one of {', '.join(kinds)}"
        report.add((*path, "kind"), message, did_you_mean(kind, (*kinds, *unlisted)))
        return None
    fields: dict[str, Any] = {"kind": (Literal[*kinds], ...)}
    model = create_model("kind", __config__=ConfigDict(strict=True, extra="ignore"), **fields)
    check(model, table, path, report)
    return None


@lru_cache
def layer_model(name: str, shares: bool = False) -> type[BaseModel]:
    """Return the model of a layer of the kind that has this name; one that shares has no parameters."""
    kind = LAYER_KINDS[name]
    fields: dict[str, Any] = {
        "kind": (str, ...),
        "name": (NonEmptyText | None, None),
        "inputs": (LayerNames | None, None),
        "share": (NonEmptyText | None, None),
    }
    for setting in kind.settings:
        fields[setting.name] = (_type_of(setting), setting.default)
    for made in kind.generated:
        if made.refusal:
            fields[made.name] = (TensorField | None, None)
    for parameter in () if shares else kind.parameters:
        fields[parameter.name] = (TensorField, ...) if parameter.required else (TensorField | None, None)
    return create_model(kind.name, __config__=STRICT, **fields)


def _type_of(setting: Setting) -> Any:
    if setting.choices:
        return Literal[*setting.choices]
    if isinstance(setting.default, bool):
        return bool
    limits: dict[str, Any] = dict(setting.bounds)
    if isinstance(setting.default, tuple):
        numbers = Field(min_length=1, max_length=MAX_AXES - 1)  # the batch is an axis, too
        return Annotated[list[Annotated[int, Field(**limits)]], numbers, AfterValidator(tuple)]
    if isinstance(setting.default, float):
        limits["allow_inf_nan"] = False
    number: Any = Annotated[type(setting.default), Field(**limits)]
    return _number_or_one_for_each_axis(number, setting.axes) if setting.axes > 1 else number


def _number_or_one_for_each_axis(number: Any, axes: int) -> Any:
    """Return the type of a whole number, or of a list of so many of them, which becomes a tuple."""
    strict = ConfigDict(strict=True)
    single: pydantic.TypeAdapter[int] = pydantic.TypeAdapter(number, config=strict)
    several: pydantic.TypeAdapter[list[int]] = pydantic.TypeAdapter(list[number], config=strict)

    def read(value: object) -> int | tuple[int, ...]:
        if not isinstance(value, list):
            return single.validate_python(value)
        if len(value) != axes:
            expected = f"one number for all axes, or a list of {axes}"
            message = f"wrong value: found {described(value)}, expected {expected}"
            raise PydanticCustomError(READY, "{message}", {"message": message, "hint": ""})
        return tuple(several.validate_python(value))

    return Annotated[Any, PlainValidator(read)]


def check(
    model: type[BaseModel], table: Mapping[str, Any], path: KeyPath, report: ProblemReport
) -> dict[str, Any]:
    """Check one table of a file and return its values.

    Parameters
    ----------
    model : type
        What the table may say.
    table : mapping
        What it says.
    path : tuple
        Where in the file the table is.
    report : ProblemReport
        Takes what is wrong with it.

    Returns
    -------
    dict
        The values that are sound, and the defaults of others that have one.
    """
    try:
        return vars(model.model_validate(table, context=report.folder))
    except ValidationError as error:
        findings = error.errors(include_url=False)
    _add(findings, path, report, model)
    flawed = {finding["loc"][0] for finding in findings}
    sound = model.model_construct()
    for key in keys(model):
        if key in table and key not in flawed:
            # What a plain assignment does, with the folder.
            model.__pydantic_validator__.validate_assignment(sound, key, table[key], context=report.folder)
    return vars(sound)


def check_tensor(value: object, path: KeyPath, report: ProblemReport) -> AnyTensor | None:
    """Check a tensor whose key has no model; None is returned for one that is not sound."""
    try:
        return read_tensor(value, report.folder)
    except ValidationError as error:
        _add(error.errors(include_url=False), path, report, RandomTensor)
        return None


def _add(
    findings: Sequence[ErrorDetails], path: KeyPath, report: ProblemReport, model: type[BaseModel]
) -> None:
    unknown = [str(finding["loc"][-1]) for finding in findings if finding["type"] == "extra_forbidden"]
    for finding in findings:
        if finding["type"] == "missing" and nearest(str(finding["loc"][-1]), unknown):
            continue  # it is there, misspelt, and that is one problem
        add_finding(report, path, finding, keys(model if len(finding["loc"]) == 1 else RandomTensor))


def keys(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys that a table of this model may have."""
    return tuple(field.alias or name for name, field in model.model_fields.items())
