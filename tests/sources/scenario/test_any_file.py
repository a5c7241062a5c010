"""Whatever is in a file, loading gives a scenario or a `ScenarioError`, and nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.errors import ScenarioError
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario, shipped_scenarios, summarise

TEXTS = [path.read_text(encoding="utf-8") for path in shipped_scenarios()]
PIECES = [
    "[[layers]]",
    "[gradient]",
    "[inputs]",
    "a0 = ",
    "da1 = ",
    "dz2 = ",
    "w = ",
    "b = ",
    "[",
    "]",
    "[]",
    "[[1]]",
    "nan",
    "-inf",
    "true",
    '"x"',
    "{}",
    "1e400",
    "9" * 400,
    "2020-01-31",
    "07:32:00",
    "\n",
    ",",
    "=",
    ".",
    '"""',
    "\0",
    "é",
    '{ random = "normal", shape = [3, 1], seed = 1 }',
    '{ random = "uniform", shape = [0], seed = true }',
    'kind = "dense"',
    "activation = 3",
    'dtype = "float16"',
    "70000",
    "1979-05-27T07:32:00Z",
    "layers = 1\n",
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("any") / "any.toml"


def load(path, content: bytes) -> None:
    path.write_bytes(content)
    summarise(path)
    with suppress(ScenarioError):
        assert isinstance(load_scenario(path), Case)


@given(content=st.binary(max_size=300))
def test_random_bytes(path, content):
    load(path, content)


@given(data=st.data(), text=st.sampled_from(TEXTS))
def test_scenarios_with_pieces_replaced(path, data, text):
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 30)))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
    load(path, text.encode())


TOML_VALUES = st.recursive(
    st.sampled_from(
        ["1", "0.5", "nan", "true", '"dense"', '"x"', "[[1.0]]", "[[0.5, 1], [2, 3]]", "1e999", "-3"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(
            st.sampled_from(["random", "shape", "seed", "scale", "kind", "w", "b", "a0", "da1"]),
            inner,
            max_size=4,
        ).map(lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}")
    ),
    max_leaves=8,
)
KEYS = [
    "title",
    "about",
    "layout",
    "dtype",
    "inputs",
    "layers",
    "gradient",
    "inputs.a0",
    "gradient.da1",
    "other",
]


@given(table=st.dictionaries(st.sampled_from(KEYS), TOML_VALUES))
def test_sound_toml_that_says_anything(path, table):
    load(path, "\n".join(f"{key} = {value}" for key, value in table.items()).encode())
