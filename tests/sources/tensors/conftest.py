"""A scenario in an empty folder whose tensors are in files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.errors import ScenarioError
from bpdebug.sources.scenario import load_scenario
from tests.sources.tensors.writing import FILE_SCENARIO

Load = Callable[..., np.ndarray]
Messages = Callable[..., list[str]]


def write_scenario(path: Path, reference: str, shape=(2, 3), dtype: str = "float64", more: str = "") -> None:
    columns = shape[-1] if len(shape) > 1 else 1
    a0 = f'{{ random = "normal", shape = [{columns}, 1], seed = 1 }}'
    path.write_text(FILE_SCENARIO.format(a0=a0, w=reference, dtype=dtype, more=more))


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return a function that loads a scenario whose `w` is a reference, and returns the value of `w`."""

    def load(reference: str, shape=(2, 3), dtype: str = "float64", allow_outside: bool = False) -> np.ndarray:
        path = tmp_path / "test.toml"
        write_scenario(path, reference, shape, dtype)
        value = load_scenario(path, allow_outside).values["w1"]
        assert value.dtype == dtype
        assert value.dtype.isnative
        assert not value.flags.writeable
        return value

    return load


@pytest.fixture
def messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Messages:
    """Return a function that loads a scenario whose `w` is a reference, and returns what is wrong."""
    monkeypatch.chdir(tmp_path)

    def messages(
        reference: str, shape=(2, 3), dtype: str = "float64", allow_outside: bool = False
    ) -> list[str]:
        write_scenario(Path("test.toml"), reference, shape, dtype)
        with pytest.raises(ScenarioError) as caught:
            load_scenario("test.toml", allow_outside)
        return [line.removeprefix("test.toml: layers[0].w") for line in str(caught.value).splitlines()]

    return messages
