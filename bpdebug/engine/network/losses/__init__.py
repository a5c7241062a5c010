"""The losses: a table name -> kind. To add one, write its entry in `kinds.py`."""

from __future__ import annotations

from bpdebug.engine.network.losses.batch_mean import mean_at_parameters
from bpdebug.engine.network.losses.kinds import LOSS_KINDS, REDUCTIONS, LossKind
from bpdebug.engine.network.losses.objective import LOSS, LossLayer, Objective

__all__ = ["LOSS", "LOSS_KINDS", "REDUCTIONS", "LossKind", "LossLayer", "Objective", "mean_at_parameters"]
