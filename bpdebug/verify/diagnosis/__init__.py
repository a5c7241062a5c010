"""What was computed instead: the right formula is edited until it gives the user's numbers."""

from __future__ import annotations

from bpdebug.verify.diagnosis.bench import Bench
from bpdebug.verify.diagnosis.describing import Explanations, described
from bpdebug.verify.diagnosis.diagnose import explanations

__all__ = ["Bench", "Explanations", "described", "explanations"]
