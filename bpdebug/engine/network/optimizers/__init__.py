"""The optimizers: a table name -> rule, and the update that one writes. To add one, see `kinds.py`."""

from __future__ import annotations

from bpdebug.engine.network.optimizers.kinds import OPTIMIZERS
from bpdebug.engine.network.optimizers.optimizer import COUNTER, NEW, Optimizer
from bpdebug.engine.network.optimizers.update import OptimizerStep, Trained, update_of, with_update

__all__ = [
    "COUNTER",
    "NEW",
    "OPTIMIZERS",
    "Optimizer",
    "OptimizerStep",
    "Trained",
    "update_of",
    "with_update",
]
