"""What a scenario file may say, as pydantic models.

The keys of a layer are those of its `LayerKind`: its settings and its parameters. A new kind brings its
own keys, and nothing changes here. Each table of the file is checked by itself, so that a mistake in
one does not hide those in the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from bpdebug.engine.layers import LAYER_KINDS
from bpdebug.scenario.problems import KeyPath, Report, nearest
from bpdebug.scenario.tensors import RandomTensor, Tensor

MAX_LAYERS = 10_000
"""The backward pass of so many takes a few seconds to derive, and its list of statements is still used."""

Text = Annotated[str, Field(min_length=1)]


class Table(BaseModel):
    """A table of the file: unknown keys are problems, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_assignment=True)


class Document(Table):
    """The whole file; its inner tables are checked one by one, later."""

    title: Text
    about: str = ""
    layout: Literal["columns", "rows"]
    weight_shape: Literal["out_in", "in_out"] = "out_in"
    dtype: Literal["float64", "float32", "float16"] = "float64"
    inputs: dict[str, Any]
    layers: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_LAYERS)]
    gradient: dict[str, Any] | None = None
    loss: dict[str, Any] | None = None
    mine: dict[str, Any] = Field(default_factory=dict)


class Inputs(Table):
    """What goes into the network."""

    a0: Tensor


class LayerHead(Table, extra="ignore"):
    """The key of a layer that says which others it has."""

    kind: Literal[*LAYER_KINDS]  # type: ignore[valid-type]


@lru_cache
def layer_model(name: str) -> type[Table]:
    """Return the model of a layer of the kind that has this name."""
    kind = LAYER_KINDS[name]
    fields: dict[str, Any] = {"kind": (str, ...), "name": (Text | None, None)}
    for setting in kind.settings:
        fields[setting.name] = (Literal[*setting.choices], setting.default)
    for parameter in kind.parameters:
        fields[parameter.name] = (Tensor, ...) if parameter.required else (Tensor | None, None)
    return create_model(kind.name, __base__=Table, **fields)


@lru_cache
def gradient_model(names: tuple[str, ...]) -> type[Table]:
    """Return the model of a `[gradient]` that may have these tensors."""
    fields: dict[str, Any] = dict.fromkeys(names, (Tensor | None, None))
    return create_model("gradient", __base__=Table, **fields)


def check(model: type[BaseModel], table: Mapping[str, Any], path: KeyPath, report: Report) -> dict[str, Any]:
    """Check one table of a file and return its values.

    Parameters
    ----------
    model : type
        What the table may say.
    table : mapping
        What it says.
    path : tuple
        Where in the file the table is.
    report : Report
        Takes what is wrong with it.

    Returns
    -------
    dict
        The values that are sound, and the defaults of others that have one.
    """
    try:
        return vars(model.model_validate(table))
    except ValidationError as error:
        findings = error.errors(include_url=False)
    unknown = [str(finding["loc"][-1]) for finding in findings if finding["type"] == "extra_forbidden"]
    for finding in findings:
        if finding["type"] == "missing" and nearest(str(finding["loc"][-1]), unknown):
            continue  # it is there, misspelt, and that is one problem
        report.add_finding(path, finding, keys(model if len(finding["loc"]) == 1 else RandomTensor))
    flawed = {finding["loc"][0] for finding in findings}
    sound = model.model_construct()
    for key in keys(model):
        if key in table and key not in flawed:
            setattr(sound, key, table[key])
    return vars(sound)


def keys(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys that a table of this model may have."""
    return tuple(field.alias or name for name, field in model.model_fields.items())
