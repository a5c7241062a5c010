"""Every key of a scenario file, from the models that check one; and the scenarios that are shipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bpdebug.engine.network.losses import LOSS_KINDS
from bpdebug.engine.network.optimizers import OPTIMIZERS
from bpdebug.sources.scenario import shipped_scenarios, title_of
from bpdebug.sources.scenario.debug import Debug
from bpdebug.sources.scenario.loss import Regularisation, loss_model
from bpdebug.sources.scenario.model import NetworkDocument, layer_model
from bpdebug.sources.scenario.own_program import ProgramDocument
from bpdebug.sources.scenario.tensors import RandomTensor
from bpdebug.sources.scenario.training import TrainingTable
from tests.manual.markdown import code, table, written

HEADS = ("key", "value", "default")
NAMES = {str: "text", bool: "`true` or `false`", int: "whole number", float: "number", dict: "table"}
BOUNDS = {Ge: ("ge", "from"), Gt: ("gt", "more than"), Le: ("le", "to"), Lt: ("lt", "less than")}

Row = tuple[str, str, str]


def scenario() -> str:
    """Write the keys of the file, and of those tables in it that every scenario may have."""
    network, own = NetworkDocument.model_fields, ProgramDocument.model_fields
    common = {name: field for name, field in network.items() if repr(own.get(name)) == repr(field)}
    tables: tuple[tuple[str, Iterable[Row]], ...] = (
        ("Every file", _rows(common)),
        ("A network of layers", _rows(network, without=common)),
        ("A program of your own", _rows(own, without=common)),
        ("A layer of any kind; its kind adds its own", _rows(_shared_by_all_layers())),
        ("A random tensor", _rows(RandomTensor.model_fields)),
        ("`[training]`", _rows(TrainingTable.model_fields)),
        ("`[debug]`", _rows(Debug.model_fields)),
    )
    return "\n\n".join(f"{title}:\n\n{table(HEADS, rows)}" for title, rows in tables)


def losses() -> str:
    """Write the keys of a loss: those of every kind, then what a kind adds."""
    models = {name: loss_model(name).model_fields for name in LOSS_KINDS}
    common = set.intersection(*map(set, models.values()))
    first = next(iter(models.values()))
    rows = [("any", *row) for row in _rows({name: first[name] for name in first if name in common})]
    rows += [(code(name), *row) for name, fields in models.items() for row in _rows(fields, without=common)]
    rows += [("any", code(f"regularisation.{key[1:-1]}"), *rest) for key, *rest in _model(Regularisation)]
    return table(("kind", *HEADS), rows)


def optimizers() -> str:
    """Write the settings of each optimizer."""
    rows = []
    for optimizer in OPTIMIZERS.values():
        for setting in optimizer.settings:
            below = f", less than {setting.below:g}" if setting.below < float("inf") else ""
            value = NAMES[bool] if isinstance(setting.default, bool) else f"number from 0{below}"
            rows.append((code(optimizer.name), code(setting.name), value, written(setting.default)))
    return table(("kind", *HEADS), rows)


def shipped() -> str:
    """Write the names and titles of the shipped scenarios."""
    return table(("name", "title"), [(code(path.stem), title_of(path.stem)) for path in shipped_scenarios()])


def _model(model: type[BaseModel]) -> Iterator[Row]:
    return _rows(model.model_fields)


def _shared_by_all_layers() -> dict[str, FieldInfo]:
    """Return the keys of a layer whose kind has none of its own."""
    return layer_model("flatten").model_fields


def _rows(fields: dict[str, FieldInfo], without: Iterable[str] = ()) -> Iterator[Row]:
    for name, field in fields.items():
        if name not in without:
            yield code(field.alias or name), _words(field.annotation, field.metadata), _default(field)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    return "none" if default in (None, {}, [], "") else written(default)


def _words(annotation: Any, limits: Iterable[object] = ()) -> str:
    """Write in words what a value may be."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(inner[0], (*limits, *inner[1:]))
    if origin in (Union, UnionType):
        return " or ".join(_words(one, limits) for one in inner if one is not NoneType)
    if origin is Literal:
        return ", ".join(code(choice) for choice in inner)
    if origin is list:
        return f"list, each {_words(inner[0])}"
    if annotation is Any:
        return "tensor"
    words = NAMES[origin or annotation]
    return f"{words} {_limits(limits)}".strip() if "number" in words else words


def _limits(metadata: Iterable[object]) -> str:
    """Write the bounds of a number, which pydantic keeps beside its type."""
    found = [*metadata]
    found = [limit for one in found for limit in (one.metadata if isinstance(one, FieldInfo) else [one])]
    return " ".join(
        f"{words} {getattr(one, name):,}"
        for one in found
        for kind, (name, words) in BOUNDS.items()
        if isinstance(one, kind)
    )
