"""What was computed instead: the right formula is edited until it gives the user's numbers."""

from __future__ import annotations

from bpdebug.verify.diagnosis.diagnose import Bench, diagnose

__all__ = ["Bench", "diagnose"]
