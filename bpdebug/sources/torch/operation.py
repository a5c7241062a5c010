"""An operation as torch calls it, and which tensors it gives and writes to, by its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch


class Operation(NamedTuple):
    """`function(*arguments, **options)`, of torch's."""

    function: Any
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]

    def __call__(self) -> Any:
        """Let torch compute it."""
        return self.function(*self.arguments, **self.options)

    @property
    def schema_name(self) -> str:
        """What its schema calls it: `add_` where it is in place."""
        return str(self.function._schema.name.partition("::")[2])

    @property
    def name(self) -> str:
        """What its table entry is called: `add`, in place or not."""
        name = self.schema_name
        return name.rstrip("_") if name.endswith("_") and self.written() else name

    def written(self) -> list[torch.Tensor]:
        """Return the tensors that it writes to."""
        schema = self.function._schema
        if not schema.is_mutable:
            return []
        found: list[torch.Tensor] = []
        for place, argument in enumerate(schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                given = self.arguments
                value = given[place] if place < len(given) else self.options.get(argument.name)
                found += [one for one in results_of(value) if one is not None]
        return found


def results_of(value: Any) -> list[torch.Tensor | None]:
    """Return the results of an operation; None for what is no tensor."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return [part if isinstance(part, torch.Tensor) else None for part in parts]
