"""The user's values from files: every format, every exact message, and files that mean harm."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.program.trace import run
from bpdebug.errors import ScenarioError
from bpdebug.sources.problems import ProblemReport
from bpdebug.sources.scenario import load_scenario
from bpdebug.sources.tensors import json as json_format
from bpdebug.sources.tensors import npy
from bpdebug.verify import array_files
from bpdebug.verify.mine_files import read_mine_files
from tests.sources.tensors.writing import archive, declared, npy_bytes, write_safetensors

PROGRAM = load_scenario("two_layer").program
KNOWN = "da2, dz2, dw2, db2, da1, dz1, dw1, db1, da0, a0, w1, b1, w2, b2, z1, a1, z2, a2"
DW1 = np.arange(12.0).reshape(4, 3) / 7
DB1 = np.array([[1.0], [np.nan], [-np.inf], [2.5]])


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(*paths, **mapping):
    return read_mine_files(paths, PROGRAM, mapping)


def messages(*paths, **mapping):
    with pytest.raises(ScenarioError) as caught:
        read(*paths, **mapping)
    return str(caught.value).splitlines()


def write_npz(name):
    np.savez(name, dw1=DW1, db1=DB1)


def write_compressed_npz(name):
    np.savez_compressed(name, dw1=DW1, db1=DB1)


def write_json(name):
    with open(name, "w") as file:
        json.dump({"dw1": DW1.tolist(), "db1": DB1.tolist()}, file)


def write_strict_json(name):
    with open(name, "w") as file:
        file.write(f'{{"dw1": {DW1.tolist()}, "db1": [[1], ["NaN"], ["-Infinity"], [2.5]]}}')


def write_folder(name):
    os.mkdir(name)
    np.save(f"{name}/dw1.npy", np.asfortranarray(DW1))
    np.save(f"{name}/db1.npy", DB1.astype(">f8"))
    with open(f"{name}/notes.txt", "w") as file:
        file.write("not an array")


FORMATS = [
    ("grads.npz", write_npz),
    ("small.NPZ.npz", write_compressed_npz),
    ("grads.json", write_json),
    ("strict.JSON", write_strict_json),
    ("grads", write_folder),
]


@pytest.mark.parametrize(("name", "write"), FORMATS)
def test_every_format_gives_the_same_values(name, write):
    write(name)
    found = read(name)
    assert found.renamed == {}
    assert found.values.keys() == {"dw1", "db1"}
    np.testing.assert_array_equal(found.values["dw1"], DW1)
    np.testing.assert_array_equal(found.values["db1"], DB1)
    assert all(value.dtype == np.float64 and value.dtype.isnative for value in found.values.values())
    assert not any(value.flags.writeable for value in found.values.values())


def test_safetensors():
    write_safetensors(
        "g.safetensors",
        {"fc1.weight.grad": ("F32", DW1.astype("<f4")), "fc2.weight.grad": ("F64", np.ones((2, 4)))},
    )
    found = read("g.safetensors")
    assert found.renamed == {"fc1.weight.grad": "dw1", "fc2.weight.grad": "dw2"}
    np.testing.assert_array_equal(found.values["dw1"], DW1.astype("f4"))
    assert found.values["dw1"].dtype == np.float32
    write_safetensors("g.safetensors", {"dw1": ("BOOL", DW1 > 0), "dw2": ("F64", np.ones((0, 2)))})
    assert messages("g.safetensors") == [
        "g.safetensors: dw1: not real numbers: found the dtype BOOL, expected floats or integers",
        "g.safetensors: dw2: empty: found shape (0, 2), expected at least one element",
    ]
    with open("g.safetensors", "r+b") as file:
        file.truncate(20)
    damaged = "g.safetensors: damaged, or not a .safetensors file: found no header that can be read"
    assert messages("g.safetensors") == [damaged]
    assert messages("none.safetensors") == ["none.safetensors: no such file"]


def test_a_single_array_is_named_by_its_file():
    np.save("dW1.npy", DW1)
    found = read("dW1.npy")
    assert found.renamed == {"dW1": "dw1"}
    np.testing.assert_array_equal(found.values["dw1"], DW1)


def test_the_example_of_a_numpy_user():
    dW1, db1, dZ1 = DW1, DB1, np.ones((4, 1))
    np.savez("grads.npz", dW1=dW1, db1=db1, delta1=dZ1)
    found = read("grads.npz")
    assert found.values.keys() == {"dw1", "db1", "dz1"}
    assert found.renamed == {"dW1": "dw1", "delta1": "dz1"}


def test_values_of_several_files_are_put_together():
    np.savez("a.npz", dw1=DW1)
    np.save("db1.npy", DB1)
    assert read("a.npz", "db1.npy").values.keys() == {"dw1", "db1"}


@pytest.mark.parametrize("dtype", ["int8", "uint64", "int32"])
def test_integers_become_float64(dtype):
    np.savez("a.npz", dw1=np.full((4, 3), 3, dtype))
    value = read("a.npz").values["dw1"]
    assert value.dtype == np.float64
    assert (value == 3).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4"])
def test_floats_keep_their_precision(dtype):
    np.savez("a.npz", dw1=DW1.astype(dtype))
    value = read("a.npz").values["dw1"]
    assert (value.dtype.kind, value.dtype.itemsize) == ("f", np.dtype(dtype).itemsize)
    np.testing.assert_array_equal(value, DW1.astype(dtype))


@pytest.mark.parametrize("shape", [(), (4,), (3, 4), (7, 4, 3)])
def test_another_shape_is_kept(shape):
    np.savez("a.npz", dw1=np.ones(shape))
    assert read("a.npz").values["dw1"].shape == shape


def test_a_number_in_json_is_an_array_without_axes():
    with open("a.json", "w") as file:
        file.write('{"db1": 0.5}')
    assert read("a.json").values["db1"].shape == ()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (DW1.astype(np.float32), "float32"),  # as a person's list of a tensor of 32 bits has them
        (DW1, "float64"),
        (np.round(DW1), "float64"),
        (DB1, "float64"),
        (np.where(DW1 > 1, DW1, DW1.astype(np.float32)), "float64"),
        (np.array([[1e300, 0.1]]), "float64"),
    ],
)
def test_numbers_in_json_have_the_precision_that_they_were_computed_in(values, dtype):
    with open("a.json", "w") as file:
        json.dump({"dw1": values.tolist()}, file)
    found = read("a.json").values["dw1"]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, values)


def test_a_header_of_version_two_and_an_array_larger_than_what_is_read_for_the_header():
    large = np.random.default_rng(1).normal(size=(4, 40_000))
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, large, version=(2, 0))
    assert buffer.tell() > 2 * npy.MAX_HEADER_BYTES
    archive("a.npz", dw1=buffer.getvalue())
    np.testing.assert_array_equal(read("a.npz").values["dw1"], large)


def test_a_header_as_python_2_wrote_it():
    archive("a.npz", dw1=declared("<f8", "(4L, 3L)", DW1.tobytes()))
    np.testing.assert_array_equal(read("a.npz").values["dw1"], DW1)


# Names


def test_what_the_user_says_about_a_name_wins():
    np.savez("a.npz", dW1=DW1, grad=DB1)
    found = read("a.npz", dW1="dw2", grad="db1")
    assert found.values.keys() == {"dw2", "db1"}
    assert found.renamed == {"dW1": "dw2", "grad": "db1"}


def test_a_name_that_matches_nothing():
    np.savez("a.npz", dw11=DW1, loss=1.0, **{"a b\n": 1.0})
    assert messages("a.npz") == [
        f"a.npz: dw11: unknown name: found dw11, expected {KNOWN}"
        " (did you mean dw1? --map dw11=NAME says which it is)",
        f"a.npz: loss: unknown name: found loss, expected {KNOWN} (--map loss=NAME says which it is)",
        f'a.npz: "a b\\n": unknown name: found "a b\\n", expected {KNOWN}'
        ' (--map "a b\\n"=NAME says which it is)',
    ]


def test_what_unknown_names_may_mean_is_one_line_to_paste():
    case = load_scenario("two_layer")
    right = run(case.program, case.values).values
    np.savez("a.npz", dw1=right["dw1"], first=1.2 * right["dw2"] + 0.01, **{"g[0]": right["db1"]}, lr=0.1)
    with pytest.raises(ScenarioError) as refused:
        read_mine_files(["a.npz"], case.program, {}, case.values)
    *_, last = map(str, refused.value.problems)
    assert last == (
        "--map: by their shapes and values they may be: --map first=dw2 --map 'g[0]=db1' --map lr=NAME"
        " (look before you paste it)"
    )


def test_of_very_many_unknown_names_only_likely_ones_are_proposed():
    case = load_scenario("two_layer")
    right = run(case.program, case.values).values
    np.savez("a.npz", **{f"t{number}": 0.1 for number in range(99)}, first=right["dw2"], **{"l" * 999: DW1})
    with pytest.raises(ScenarioError) as refused:
        read_mine_files(["a.npz"], case.program, {}, case.values)
    assert "they may be: --map first=dw2 (" in str(refused.value.problems[-1])


def test_a_tensor_that_is_laid_out_otherwise_may_still_be_meant():
    """Nielsen's deltas beside rows, weights of PyTorch beside those of Keras, a bias without its axis."""
    case = load_scenario("two_layer")
    right = run(case.program, case.values).values
    np.savez("a.npz", first=right["dw1"].T, second=right["dw2"].T, third=right["db1"][:, 0])
    np.savez("zeros.npz", fourth=0 * right["db2"][:, 0])
    with pytest.raises(ScenarioError) as refused:
        read_mine_files(["a.npz", "zeros.npz"], case.program, {}, case.values)
    assert "--map first=dw1 --map second=dw2 --map third=db1 --map fourth=db2 (" in str(
        refused.value.problems[-1]
    )


def test_two_names_for_one_tensor():
    np.savez("a.npz", dW1=DW1, grad_w1=DW1)
    np.savez("b.npz", dw1=DW1)
    assert messages("a.npz", "b.npz") == [
        "a.npz: grad_w1: given twice: found grad_w1 and dW1, which both mean dw1, expected one of them",
        "b.npz: dw1: given twice: found dw1 and dW1 in a.npz, which both mean dw1, expected one of them",
    ]


def test_tensors_within_tables_and_lists_of_json():
    with open("a.json", "w") as file:
        file.write('{"grads": {"W1": [[1, 2]]}, "nabla_w": [null, [[3]], [[4, 5]]]}')
    arrays = {
        name: array.tolist()
        for name, array in array_files.read_arrays(Path("a.json"), ProblemReport("a.json"))
        if array is not None
    }
    assert arrays == {"grads.W1": [[1, 2]], "nabla_w[1]": [[3]], "nabla_w[2]": [[4, 5]]}


def test_a_name_that_is_twice_in_json():
    with open("a.json", "w") as file:
        file.write('{"db1": [[1]], "db1": [[2]]}')
    assert messages("a.json") == [
        "a.json: db1: given twice: found db1 and db1, which both mean db1, expected one of them"
    ]


def test_renaming_what_is_not_there_or_to_what_does_not_exist():
    np.savez("a.npz", dW1=DW1, other=DB1)
    assert messages("a.npz", dW11="dw1", other="db11") == [
        "--map: no such name: found dW11=dw1, expected a name of the files: dW1, other (did you mean dW1?)",
        f"--map: unknown name: found other=db11, expected {KNOWN} after = (did you mean db1?)",
    ]


# Files that cannot be read


def test_paths_to_nothing_a_folder_a_pipe_and_a_device():
    os.mkdir("folder")
    os.mkfifo("pipe.npz")
    assert messages("none.npz", "none", "folder", "pipe.npz", "a\0.json", "/dev/null") == [
        "none.npz: no such file",
        "none: no such file",
        "folder: found a folder without .npy files, expected one file for each tensor",
        "pipe.npz: found a pipe or a device, expected a file",
        "a\\x00.json: cannot be read: embedded null byte",
        "/dev/null: unknown format: found no suffix, expected .npz, .npy, .json, .safetensors"
        " or a folder of .npy files (np.savez writes .npz files)",
    ]


def test_an_unknown_format():
    with open("model.pt", "w") as file:
        file.write("x")
    assert messages("model.pt") == [
        "model.pt: unknown format: found .pt, expected .npz, .npy, .json, .safetensors"
        " or a folder of .npy files (np.savez writes .npz files)"
    ]


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def test_nothing_is_unpickled():
    hostile = np.array([Bomb()], dtype=object)
    np.savez("a.npz", nabla_w=hostile, dw1=DW1)
    np.save("dw2.npy", hostile)
    hostile.dump("raw.npz")
    refused = (
        "pickled objects are never loaded (allow_pickle=False): found the dtype object, expected floats or"
        " integers (a list of arrays is saved as one array for each layer, a dictionary as"
        " np.savez(file, **grads))"
    )
    assert messages("a.npz", "dw2.npy", "raw.npz") == [
        f"a.npz: nabla_w: {refused}",
        f"dw2.npy: dw2: {refused}",
        "raw.npz: damaged, or not an .npz file: found no archive, expected what np.savez writes",
    ]
    assert not os.path.exists("unpickled")


REFUSED_DTYPES = [
    (np.ones((4, 3), bool), "booleans"),
    (np.ones((4, 3), complex), "complex numbers"),
    (np.full((4, 3), "x"), "text"),
    (np.full((4, 3), b"x"), "text"),
    (np.zeros((4, 3), "M8[s]"), "dates"),
    (np.zeros((4, 3), "m8[s]"), "durations"),
    (np.zeros(2, [("a", "f8")]), "records"),
]


@pytest.mark.parametrize(("array", "found"), REFUSED_DTYPES)
def test_what_is_not_real_numbers(array, found):
    np.savez("a.npz", dw1=array)
    assert messages("a.npz") == [f"a.npz: dw1: not real numbers: found {found}, expected floats or integers"]


TOO_LARGE = "expected at most 33,554,432 in one tensor (the limit tensor_elements)"
DAMAGED = "damaged, or not in the .npy format"
BAD_ARRAYS = [
    (declared("<f8", "(100000, 100000)"), f"too many elements: found 10,000,000,000, {TOO_LARGE}"),
    (declared("<f8", f"(1{'0' * 4000},)"), f"too many elements: found 10**18 or more, {TOO_LARGE}"),
    (declared("<f8", "(0, 1000000000)"), f"too many elements: found 1,000,000,000, {TOO_LARGE}"),
    (
        declared("<f8", "(5000, 5000)", b"x" * 80),
        "truncated: found 80 bytes of numbers, expected 200,000,000",
    ),
    (declared("<f8", "(4, 3)"), "truncated: found 0 bytes of numbers, expected 96"),
    (declared("<f8", "(4, 0)"), "empty: found shape (4, 0), expected at least one element"),
    (declared("<f8", "(-1,)"), "damaged: found a negative extent in the shape"),
    (declared("<f8", (1,) * 9), "too many dimensions: found 9, expected at most 8 (the limit tensor_axes)"),
    (declared("<f8", "'x'"), DAMAGED),
    (declared("q9", "(1,)"), DAMAGED),
    (npy_bytes("{[]: 1}"), DAMAGED),
    (npy_bytes("(" * 9000), DAMAGED),
    (npy_bytes("-" * 9000 + "1"), DAMAGED),
    (npy_bytes("{'descr': "), DAMAGED),
    (npy_bytes("{" + " " * 20_000 + "}"), DAMAGED),
    (npy_bytes("{}", version=(9, 9)), DAMAGED),
    (struct.pack("<6sBBI", b"\x93NUMPY", 2, 0, 2**32 - 1), DAMAGED),
    (b"\x93NUMPY", DAMAGED),
    (b"", DAMAGED),
    (b"hello", DAMAGED),
]


@pytest.mark.parametrize(("content", "message"), BAD_ARRAYS, ids=range(len(BAD_ARRAYS)))
def test_a_bad_array_in_each_of_the_formats(content, message):
    archive("a.npz", dw1=content)
    os.mkdir("folder")
    for path in ("folder/dw1.npy", "dw1.npy"):
        with open(path, "wb") as file:
            file.write(content)
    for file in ("a.npz", "folder", "dw1.npy"):
        assert messages(file) == [f"{file}: dw1: {message}"]


def test_an_archive_of_many_large_arrays_stops_at_the_limit(monkeypatch):
    monkeypatch.setattr(array_files, "MAX_RUN_ELEMENTS", 20)
    np.savez("a.npz", dw1=DW1, dw2=DW1, db1=np.array(["never read"]))
    assert messages("a.npz") == [
        "a.npz: too large: found more than 20 elements in all, expected at most that (the limit run_elements)"
    ]


def test_archives_that_are_none_or_damaged():
    with open("text.npz", "w") as file:
        file.write("hello")
    np.savez("cut.npz", dw1=DW1)
    with open("cut.npz", "r+b") as file:
        file.truncate(150)
    np.savez("flipped.npz", dw1=DW1)
    with open("flipped.npz", "r+b") as file:
        file.seek(250)
        file.write(b"\xff\xff")
    with zipfile.ZipFile("empty.npz", "w"):
        pass
    with zipfile.ZipFile("other.npz", "w") as file:
        file.writestr("../../etc/passwd", "x")
    none = "damaged, or not an .npz file: found no archive, expected what np.savez writes"
    assert messages("text.npz", "cut.npz", "flipped.npz", "empty.npz", "other.npz") == [
        f"text.npz: {none}",
        f"cut.npz: {none}",
        "flipped.npz: dw1: damaged: found an array that cannot be read",
        "empty.npz: empty: found no array, expected at least one",
        'other.npz: "../../etc/passwd": not an array: found another kind of file in the archive,'
        " expected .npy files",
    ]


BAD_JSON = [
    (b"", "not JSON: expecting value (line 1, column 1)"),
    (b'{"dw1": [1,]}', "not JSON: expecting value (line 1, column 12)"),
    (b'{"dw1": "caf\xe9"}', "not UTF-8: found the byte 0xe9 (save it as UTF-8)"),
    (b"[[1.0]]", "not an object: found a list of 1, expected names, each with a nested list of numbers"),
    (b"null", "not an object: found null, expected names, each with a nested list of numbers"),
    (b"{}", "empty: found no array, expected at least one"),
    (
        b"[" * 100_000,
        "nested too deeply: found more brackets than can be read, expected a level for each axis",
    ),
    (
        b'{"dw1": 1' + b"0" * 5000 + b"}",
        "not JSON: found an integer of thousands of digits, expected at most 19",
    ),
    (
        b'{"dw1": [[1e400]]}',
        "dw1[0][0]: too large: found the number 1e400, expected at most 1.7976931348623157e+308,"
        " which float64 holds",
    ),
    (b'{"dw1": [[1, 2], [3]]}', "dw1[1]: ragged: found a row of 1, expected 2 as in the first row"),
    (
        b'{"dw1": [[true]]}',
        "dw1[0][0]: not a number: found the boolean true, expected a number (write 1 or 0)",
    ),
    (b'{"dw1": [[null]]}', "dw1[0][0]: not a number: found null, expected a number"),
    (b'{"dw1": [{"a": 1}]}', "dw1[0]: not a number: found a table, expected a number"),
    (b'{"dw1": [null]}', "dw1[0]: not a number: found null, expected a number"),
    (b'{"dw1": []}', "dw1: empty: found no element, expected at least one"),
    (
        b'{"dw1": ' + b"[" * 480 + b"]" * 480 + b"}",
        "dw1: too many dimensions: found more than 8, expected at most that (the limit tensor_axes)",
    ),
]


@pytest.mark.parametrize(("content", "message"), BAD_JSON, ids=range(len(BAD_JSON)))
def test_bad_json(content, message):
    with open("a.json", "wb") as file:
        file.write(content)
    assert messages("a.json") == [f"a.json: {message}"]


def test_json_is_refused_by_its_size(monkeypatch):
    monkeypatch.setattr(json_format, "MAX_JSON_BYTES", 20)
    with open("a.json", "w") as file:
        file.write('{"dw1": [[1.0, 2.0, 3.0]]}')
    assert messages("a.json") == [
        "a.json: too large: found more than 20 bytes,"
        " expected at most that (the limit json_bytes) (np.savez writes smaller files)"
    ]


def test_all_problems_of_all_files_at_once():
    np.savez("a.npz", dw1=DW1 > 0, dw9=DW1, db1=np.array([None]))
    with open("b.json", "w") as file:
        file.write('{"dz1": [[true, "x"]], "what": [1]}')
    assert len(messages("a.npz", "none.npz", "b.json", nothing="dw1")) == 3 + 1 + 3 + 1


# Whatever is in a file


def written(write) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


SOUND = {
    "any.npz": written(lambda file: np.savez(file, dw1=DW1, db1=DB1)),
    "dw1.npy": written(lambda file: np.save(file, DW1)),
    "any.json": json.dumps({"dw1": DW1.tolist(), "db1": [["NaN"], [1]]}).encode(),
    "any.safetensors": struct.pack("<Q", 64)
    + b'{"dw1":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}     '
    + b"\0" * 16,
}
NAMES = st.sampled_from(sorted(SOUND))


def read_content(name: str, content: bytes) -> None:
    with open(name, "wb") as file:
        file.write(content)
    with suppress(ScenarioError):
        found = read(name)
        assert {*found.values} <= {*PROGRAM.shapes}
        assert all(value.dtype.kind == "f" for value in found.values.values())


@given(name=NAMES, content=st.binary(max_size=300))
def test_random_bytes(name, content):
    read_content(name, content)


@given(name=NAMES, data=st.data())
def test_sound_files_with_bytes_replaced(name, data):
    content = SOUND[name]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 8)))
        content = content[:start] + data.draw(st.binary(max_size=8)) + content[end:]
    read_content(name, content)


@given(
    header=st.text("{}[]()'descrshapefortran_order:,.<>=|fi80123456789-\\\n# TrueFalse\"@", max_size=120),
    version=st.sampled_from([(1, 0), (2, 0), (3, 0)]),
)
def test_any_header(header, version):
    content = npy_bytes(header, b"\0" * 32, version)
    read_content("dw1.npy", content)
    archive("any.npz", dw1=content)
    with suppress(ScenarioError):
        read("any.npz")
