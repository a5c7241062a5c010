"""Sine and cosine: each is the other's derivative, but for a sign."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.functions.entry import MIXED, Function, Sample

ENTRIES = (
    Function("sin", np.sin, ("g * cos(x)",), "The sine of an angle in radians.", (Sample((MIXED,)),)),
    Function("cos", np.cos, ("-g * sin(x)",), "The cosine of an angle in radians.", (Sample((MIXED,)),)),
)
