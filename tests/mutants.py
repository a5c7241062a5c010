"""Mutants: mistakes planted one by one in the package, to see that each tier of the tests catches them all.

`python -m tests.mutants [fast|deep] [FILE ...]` plants each mistake, or those of some files, in a copy of
the project, and runs the test modules that are to catch it, of one tier or of both. A mistake is caught if a
test fails, and passes again without it. One that nothing has caught belongs in the table
(`planted_mutants.py`), with the test that it took.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.planted_mutants import MUTANTS, Mutant

ROOT = Path(__file__).parent.parent
TIERS = {"fast": "not deep", "deep": "deep"}
LEFT_OUT = shutil.ignore_patterns(".*", "*.egg-info", "dist")


def is_caught(mutant: Mutant, tier: str) -> bool:
    """Plant a mistake in a copy of the project, run the tests that are to catch it, and say what they said.

    Parameters
    ----------
    mutant : Mutant
        What is planted.
    tier : str
        `fast` or `deep`.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        path = copy / mutant.file
        path.write_text(mutant.planted(path.read_text(encoding="utf-8")), encoding="utf-8")
        with_it, said = run(copy, tier, [f"tests/{module}" for module in mutant.tests(tier)])
        shutil.copy2(ROOT / mutant.file, path)
        without, _ = run(copy, tier, ["--last-failed"]) if with_it == 1 else (None, "")
    failed = next((line for line in said.splitlines() if line.startswith("FAILED ")), "")
    verdict = "SURVIVES: " + said[-300:]
    if failed:
        verdict = f"{'caught' if without == 0 else 'FAILS WITHOUT IT'}: {failed.partition(' ')[2][:120]}"
    print(f"{tier}  {mutant.file}: {mutant.breaks}\n      {verdict}", flush=True)
    return without == 0


def run(copy: Path, tier: str, what: Sequence[str]) -> tuple[int, str]:
    """Run tests of a tier in a copy of the project until one fails; return the status and what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-n", "0", "-rf", "-m", TIERS[tier], *what],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def main(*words: str) -> int:
    """Plant the mutants, and return whether one survives."""
    files = [word for word in words if word not in TIERS]
    mutants = [one for one in MUTANTS if not files or one.file in files]
    status = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for tier in [word for word in words if word in TIERS] or TIERS:
            caught = [*pool.map(partial(is_caught, tier=tier), mutants)]
            print(f"{tier}: {sum(caught)} of {len(caught)} mutants are caught")
            status |= not all(caught)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
