"""What was computed instead: the right formula is edited until it gives the user's numbers."""

from __future__ import annotations

from bpdebug.verify.diagnosis.diagnose import Bench, Explanations, described, diagnose, explanations

__all__ = ["Bench", "Explanations", "described", "diagnose", "explanations"]
