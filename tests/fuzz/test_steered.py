"""All the targets, fed by what is steered by the code that is reached: it finds what nobody would draw."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SECONDS = 30


@pytest.mark.deep
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed: pip install -e '.[fuzz]'")
def test_all_targets(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "all", str(SECONDS)]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        timeout=600,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "DONE" in done.stderr
