"""The `[optimizer]` and the `[training]` of a file: how the parameters are updated, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, create_model

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.engine.network.microbatches import in_microbatches
from bpdebug.engine.network.optimizers import OPTIMIZERS, Optimizer, Trained, update_of, with_update
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import read_only
from bpdebug.errors import BpdebugError
from bpdebug.limits import LIMITS, at_most
from bpdebug.sources.problems import ProblemReport
from bpdebug.sources.scenario.model import STRICT, check, check_kind

OPTIMIZER, TRAINING = "optimizer", "training"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class TrainingTable(BaseModel):
    """How often the parameters are updated."""

    model_config = STRICT

    iterations: Annotated[int, Field(ge=1, le=LIMITS.iterations)] = 1
    microbatches: Annotated[int, Field(ge=1, le=LIMITS.microbatches)] = 1


@dataclass(frozen=True, slots=True)
class Training:
    """What the two tables say, as far as they are sound.

    Attributes
    ----------
    optimizer : Optimizer
        The rule of the update.
    settings : mapping
        The values of all its settings.
    clip_value, clip_norm : float or None
        The bound on each element of a gradient, and on the norm of all gradients.
    iterations : int
        How often the parameters are updated.
    microbatches : int
        In how many parts the batch is run before each update.
    """

    optimizer: Optimizer
    settings: Mapping[str, float]
    clip_value: float | None
    clip_norm: float | None
    iterations: int = 1
    microbatches: int = 1

    def extend(self, program: Program, report: ProblemReport) -> Program:
        """Return a program with the update at its end; what makes that impossible is reported."""
        parameters = trained(program)
        if parameters and self.microbatches > 1:
            count = len(program.statements) * self.microbatches
            if count > LIMITS.statements:
                message = f"too many: found {count:,} statements in all, expected {at_most('statements')}"
                report.add((TRAINING, "microbatches"), message, "each microbatch has statements of its own")
                return program
            try:
                program = in_microbatches(program, self.microbatches)
            except BpdebugError as error:
                report.add((TRAINING, "microbatches"), f"cannot be divided: {error}")
                return program
            parameters = trained(program)
        if not parameters:
            message = "nothing to update: found no gradient of a parameter"
            report.add((OPTIMIZER,), message, "a [gradient] or a [loss] gives the parameters their gradients")
            return program
        update = update_of(self.optimizer, self.settings, parameters, self.clip_value, self.clip_norm)
        added = [*update.remembered, *(statement.name for statement in update.statements)]
        taken = [name for name in added if name in program.shapes]
        for name in taken:
            message = f"name in use: found a tensor {name}, expected none, because the optimizer writes it"
            report.add((OPTIMIZER,), message, "call your tensor differently")
        return program if taken else with_update(program, update)

    def remembered(self, program: Program, values: Mapping[str, Array], dtype: str) -> dict[str, Array]:
        """Return what the optimizer remembers before the first update: zeros, for inputs without a value."""
        missing = {name: shape for name, shape in program.inputs.items() if name not in values}
        return {name: read_only(np.zeros(shape, dtype=dtype)) for name, shape in missing.items()}


def read_training(document: Mapping[str, Any], report: ProblemReport) -> Training | None:
    """Check both tables.

    Parameters
    ----------
    document : mapping
        The keys of the file; one of the two tables is there.
    report : ProblemReport
        Takes what is wrong.
    """
    times = check(TrainingTable, document[TRAINING] or {}, (TRAINING,), report)
    table = document[OPTIMIZER]
    if table is None:
        message = "missing key: found [training], expected [optimizer] too"
        report.add((OPTIMIZER,), message, "without an update all iterations are the same")
        return None
    optimizer = check_kind(OPTIMIZERS, table, (OPTIMIZER,), report)
    if optimizer is None:
        return None
    values = check(_model(optimizer), table, (OPTIMIZER,), report)
    settings = {setting.name: values[setting.name] for setting in optimizer.settings}
    if settings.get("nesterov") and not settings["momentum"]:
        message = "wrong value: found the boolean true, expected false where there is no momentum"
        report.add((OPTIMIZER, "nesterov"), message, "Nesterov's rule looks ahead by the momentum")
    clips = values["clip_value"], values["clip_norm"]
    return Training(optimizer, settings, *clips, times["iterations"], times["microbatches"])


def _model(optimizer: Optimizer) -> type[BaseModel]:
    fields: dict[str, Any] = {
        "kind": (str, ...),
        "clip_value": (Positive | None, None),
        "clip_norm": (Positive | None, None),
    }
    for setting in optimizer.settings:
        bounds = {"lt": setting.below} if setting.below < np.inf else {}
        number = Annotated[float, Field(ge=0, allow_inf_nan=False, **bounds)]
        fields[setting.name] = (bool if isinstance(setting.default, bool) else number, setting.default)
    return create_model(optimizer.name, __config__=STRICT, **fields)


def trained(program: Program) -> list[Trained]:
    """Return the parameters that have a gradient, in the order of the layers."""
    homes: dict[str, tuple[str, str, int]] = {}
    for layer in program.blocks:
        if isinstance(layer, Layer):
            for role, name in layer.given.items():
                if name not in homes or layer.owner == layer.number:  # one that shares does not own it
                    homes[name] = (role, layer.gradient_roles[role], layer.number)
    return [
        Trained(name, gradient, *homes.get(name, (name, gradient, 0)))
        for name in program.inputs
        if name in program.parameters and (gradient := program.index.gradient_of.get(name))
    ]
