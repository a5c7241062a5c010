"""Whatever is in a file, loading gives a scenario or a `ScenarioError`, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bpdebug.errors import ScenarioError
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario, shipped_scenarios, summarise
from tests.fuzz.scratch import assert_printable, folder

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


def load(content: bytes) -> None:
    """Read a file; whatever is said of it stays on its line, and moves no cursor."""
    path = folder() / "any.toml"
    path.write_bytes(content)
    assert_printable(summarise(path).problems)
    try:
        case = load_scenario(path)
    except ScenarioError as error:
        assert_printable(error.problems)
    else:
        assert isinstance(case, Case)
        assert case.title.isprintable()
        assert case.about.isprintable()


@given(content=st.binary(max_size=300))
def test_random_bytes(content):
    load(content)


@given(data=st.data(), text=st.sampled_from(TEXTS))
def test_scenarios_with_pieces_replaced(data, text):
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 30)))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
    load(text.encode())


TOML_VALUES = st.recursive(
    st.sampled_from(
        [
            "1",
            "0.5",
            "nan",
            "true",
            '"a\\u001b[2J\\r\\nb"',
            "9223372036854775807",
            "-0.0",
            '"x @ x"',
            '"dense"',
            '"x"',
            "[[1.0]]",
            "[[0.5, 1], [2, 3]]",
            "1e999",
            "-3",
        ]
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
    "mine",
    "debug",
    "loss",
    "optimizer",
    "training",
    "program",
    "weight_shape",
    "parameters",
    '"a\\u001b[2Jb"',
    "a" + ".a" * 40,
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
def test_sound_toml_that_says_anything(table):
    load("\n".join(f"{key} = {value}" for key, value in table.items()).encode())
