"""Large files are mapped: in a process of its own, loading one needs the memory of its numbers once."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.sources.tensors.conftest import write_scenario
from tests.tiers import few

SHAPE = (5000, 5000)  # 200 MB in float64
MEGABYTES = 200
LOAD = """
import resource, sys
from bpdebug.sources.scenario import load_scenario
import bpdebug.sources.tensors.reference

def anonymous():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) // 1024

# What is mapped is the file's, and not counted: a limit on data counts the process's own memory alone.
limit = (anonymous() + int(sys.argv[2])) * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
scenario = load_scenario(sys.argv[1])
print(scenario.values["w1"].nbytes, anonymous())
"""


def loaded(path, spare: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOAD, str(path), str(spare)], capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for the memory of a process")
@pytest.mark.parametrize("name", few(["w.npz", "w.npy"]))
def test_200_megabytes_are_copied_once(tmp_path, name):
    array = np.ones(SHAPE)
    np.save(tmp_path / "w.npy", array)
    np.savez(tmp_path / "w.npz", w=array)
    path = tmp_path / "test.toml"
    write_scenario(path, f'{{ file = "{name}" }}', SHAPE)
    done = loaded(path, MEGABYTES + 150)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) == MEGABYTES * 10**6
    assert loaded(path, MEGABYTES - 50).returncode != 0  # else the limit would limit nothing
