"""The scenarios that one can name: `bpdebug list`, and what a shell completes."""

from __future__ import annotations

import os
from glob import glob

from bpdebug.cli.output import write
from bpdebug.sources.scenario import reading, summary


def print_scenarios() -> None:
    """List the shipped scenarios."""
    summaries = [summary.summarise(path) for path in reading.shipped_scenarios()]
    width = max((len(one.path.stem) for one in summaries), default=0)
    write(f"{one.path.stem:{width}}  {one.title} ({one.layers})\n" for one in summaries)


def completions(incomplete: str) -> list[str]:
    """Return the shipped scenarios, and the TOML files and scripts that begin like this."""
    files = [path + "/" * os.path.isdir(path) for path in glob(f"{incomplete}*")]
    names = [path.stem for path in reading.shipped_scenarios() if path.stem.startswith(incomplete)]
    return sorted([*names, *(path for path in files if path.endswith((".toml", ".py", ".ipynb", "/")))])
