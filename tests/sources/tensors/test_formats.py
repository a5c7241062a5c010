"""Sound files: every format with every dtype and layout gives the numbers that were written."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.sources.tensors import npz
from tests.sources.tensors.conftest import write_scenario
from tests.sources.tensors.writing import bfloat16, declared, write_safetensors
from tests.tiers import few

NUMBERS = np.array([[0.5, -1.25, 3.0], [np.nan, np.inf, -0.0]])
WHOLE = np.array([[0, 1, 2], [3, 100, 127]])
FLOATS = ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]
INTEGERS = [f"{order}{kind}{size}" for order in "<>" for kind in "iu" for size in (1, 2, 4, 8)]


def save_npz(path, array):
    np.savez(path, w=array, other=np.ones(3))


def save_compressed(path, array):
    np.savez_compressed(path, w=array, other=np.ones(3))


NUMPY_FILES = {
    "w.npy": (np.save, '{ file = "w.npy" }'),
    "w.npz": (save_npz, '{ file = "w.npz", key = "w" }'),
    "packed.npz": (save_compressed, '{ file = "packed.npz", key = "w" }'),
}
EACH = pytest.mark.parametrize(("save", "reference"), NUMPY_FILES.values(), ids=NUMPY_FILES)


def path_in(reference: str) -> str:
    return reference.split('"')[1]


@EACH
@pytest.mark.parametrize("order", few(["C", "F"]))
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_numpy_files(tmp_path, load, save, reference, dtype, order):
    array = np.asarray(NUMBERS if "f" in dtype else WHOLE, dtype=dtype, order=order)
    save(tmp_path / path_in(reference), array)
    np.testing.assert_array_equal(load(reference), array.astype("f8"))


SAFETENSORS_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    **{f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)},
}


@pytest.mark.parametrize(("name", "dtype"), SAFETENSORS_DTYPES.items())
def test_safetensors(tmp_path, load, name, dtype):
    array = (NUMBERS if "f" in dtype else WHOLE).astype(dtype)
    tensors = {"b": ("F32", np.ones(5, "<f4")), "layers.0.weight": (name, array)}
    write_safetensors(tmp_path / "w.safetensors", tensors)
    value = load('{ file = "w.safetensors", key = "layers.0.weight" }')
    np.testing.assert_array_equal(value, array.astype("f8"))


def test_safetensors_that_begin_anywhere(tmp_path, load):
    write_safetensors(
        tmp_path / "w.safetensors", {"one": ("I8", np.ones(1, "i1")), "w": ("F64", NUMBERS.astype("<f8"))}
    )
    np.testing.assert_array_equal(load('{ file = "w.safetensors", key = "w" }'), NUMBERS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_bfloat16_is_widened_exactly(tmp_path, load, dtype):
    write_safetensors(tmp_path / "w.safetensors", {"w": ("BF16", bfloat16(NUMBERS))})
    np.testing.assert_array_equal(load('{ file = "w.safetensors" }', dtype=dtype), NUMBERS)


def test_bfloat16_as_ml_dtypes_saves_it(tmp_path, load):
    (tmp_path / "w.npy").write_bytes(declared("<V2", (2, 3), bfloat16(NUMBERS).tobytes()))
    np.testing.assert_array_equal(load('{ file = "w.npy" }'), NUMBERS)


def test_csv(tmp_path, load):
    text = "\ufeff0.5, -1.25,3e0\r\n\r\n NaN,inf,-0\r\n\r\n"
    (tmp_path / "w.csv").write_text(text, encoding="utf-8", newline="")
    value = load('{ file = "w.csv" }')
    np.testing.assert_array_equal(value, NUMBERS)
    assert np.signbit(value[1, 2])


def test_a_column_in_csv_has_two_axes(tmp_path, load):
    (tmp_path / "w.csv").write_text("1\n2\n3")
    assert load('{ file = "w.csv" }', shape=(3, 1)).shape == (3, 1)


@EACH
def test_the_dtype_of_the_scenario_is_what_comes_out(tmp_path, load, save, reference):
    save(tmp_path / path_in(reference), NUMBERS)
    for dtype in ("float16", "float32", "float64"):
        np.testing.assert_array_equal(load(reference, dtype=dtype), NUMBERS.astype(dtype))


def test_the_only_array_of_a_file_needs_no_key(tmp_path, load):
    np.savez(tmp_path / "w.npz", anything=NUMBERS)
    np.testing.assert_array_equal(load('{ file = "w.npz" }'), NUMBERS)


def test_the_suffix_counts_in_capitals_too(tmp_path, load):
    (tmp_path / "W.CSV").write_text("1,2,3\n4,5,6")
    assert load('{ file = "W.CSV" }')[1, 2] == 6


def test_every_tensor_of_a_scenario_can_be_in_a_file(tmp_path):
    np.savez(
        tmp_path / "net.npz", a0=np.ones((3, 4)), w=NUMBERS[:1], b=[[2.0]], da1=np.ones((1, 4)), dw=WHOLE
    )
    text = """
    title = "All"
    layout = "columns"
    inputs.a0 = { file = "net.npz", key = "a0" }
    gradient.da1 = { file = "net.npz", key = "da1" }
    mine.dw1 = { file = "net.npz", key = "dw" }
    [[layers]]
    kind = "dense"
    w = { file = "net.npz", key = "w" }
    b = { file = "net.npz", key = "b" }
    """
    (tmp_path / "all.toml").write_text(text)
    scenario = load_scenario(tmp_path / "all.toml")
    trace = run(scenario.program, scenario.values)
    assert trace.values["a1"].tolist() == [[4.25] * 4]
    assert scenario.mine["dw1"].dtype == np.float64
    np.testing.assert_array_equal(scenario.mine["dw1"], WHOLE)  # of another shape, which is kept


@pytest.mark.parametrize("dtype", ["float16", ">f4"])
def test_the_users_own_values_keep_their_precision(tmp_path, dtype):
    np.save(tmp_path / "dw1.npy", np.ones((2, 3), dtype))
    write_scenario(tmp_path / "test.toml", "[[1, 2, 3], [4, 5, 6]]", more='[mine]\nw1 = { file = "dw1.npy" }')
    value = load_scenario(tmp_path / "test.toml").mine["w1"]
    assert value.dtype.isnative
    assert value.dtype.itemsize == np.dtype(dtype).itemsize


def test_a_large_array_is_unpacked_piece_by_piece(tmp_path, load):
    large = np.random.default_rng(1).normal(size=(3, npz.CHUNK // 8))
    save_compressed(tmp_path / "w.npz", large)
    np.testing.assert_array_equal(load('{ file = "w.npz", key = "w" }', shape=large.shape), large)


def test_an_array_of_which_more_is_stored_than_it_needs(tmp_path, load):
    content = declared("<f8", (2, 3), NUMBERS.tobytes() + b"more")
    (tmp_path / "w.npy").write_bytes(content)
    np.testing.assert_array_equal(load('{ file = "w.npy" }'), NUMBERS)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / f"{method}.npz", "w", method) as file:
            file.writestr("w.npy", content)
        np.testing.assert_array_equal(load(f'{{ file = "{method}.npz" }}'), NUMBERS)


# Whatever was written

SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=6)
DTYPES = arrays.floating_dtypes(sizes=(16, 32, 64), endianness="?")


def same_bits(found: np.ndarray, expected: np.ndarray) -> bool:
    """Compare also the sign of zero, and what is in a number that is none."""
    return found.shape == expected.shape and found.tobytes() == expected.astype(found.dtype).tobytes()


@pytest.mark.deep
@given(array=DTYPES.flatmap(lambda dtype: arrays.arrays(dtype, SHAPES)), order=st.sampled_from("CF"))
def test_numpy_files_give_back_what_was_saved(tmp_path, load, array, order):
    native = f"float{8 * array.dtype.itemsize}"
    for name, (save, reference) in NUMPY_FILES.items():
        save(tmp_path / name, np.asarray(array, order=order))
        assert same_bits(load(reference, shape=array.shape, dtype=native), array)


@given(
    array=arrays.floating_dtypes(sizes=(16, 32, 64), endianness="<").flatmap(
        lambda dtype: arrays.arrays(dtype, SHAPES)
    )
)
def test_safetensors_give_back_what_was_saved(tmp_path, load, array):
    bits = 8 * array.dtype.itemsize
    write_safetensors(tmp_path / "w.safetensors", {"w": (f"F{bits}", array)})
    value = load('{ file = "w.safetensors" }', shape=array.shape, dtype=f"float{bits}")
    assert same_bits(value, array)


@given(array=arrays.arrays(np.float64, SHAPES))
def test_csv_gives_back_what_python_writes(tmp_path, load, array):
    text = "\n".join(",".join(map(repr, row)) for row in array.tolist())
    (tmp_path / "w.csv").write_text(text)
    signless = np.where(np.isnan(array), np.nan, array)
    assert same_bits(load('{ file = "w.csv" }', shape=array.shape), signless)


def test_csv_of_numpy(tmp_path, load):
    buffer = io.StringIO()
    np.savetxt(buffer, NUMBERS, delimiter=",")
    (tmp_path / "w.csv").write_text(buffer.getvalue())
    np.testing.assert_array_equal(load('{ file = "w.csv" }'), NUMBERS)
