"""Recordings of scripts that a test writes."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from bpdebug.sources.script import Recording, record_script


def recorded(folder: Path, text: str) -> Recording:
    """Write a script to a folder, and record one iteration of it."""
    path = folder / "net.py"
    path.write_text(dedent(text))
    return record_script(path)
