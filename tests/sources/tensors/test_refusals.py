"""What is wrong in a file is said in exact words, and what it declares is believed of no file."""

from __future__ import annotations

import math
import os
import struct
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.errors import ScenarioError
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.sources.tensors import csv, npy, npz
from tests.sources.tensors.conftest import write_scenario
from tests.sources.tensors.writing import archive, bfloat16, declared, safetensors_bytes, write_safetensors

ARRAY = np.arange(6.0).reshape(2, 3)
TOO_LARGE = "expected at most 33,554,432 in one tensor (the limit tensor_elements)"


def write(name: str, content: bytes) -> None:
    with open(name, "wb") as file:
        file.write(content)


# Keys


def test_several_arrays_and_no_key(messages):
    np.savez("w.npz", w1=ARRAY, b1=ARRAY)
    assert messages('{ file = "w.npz" }') == [
        ": w.npz: no key: found 2 arrays, expected the key of one of w1, b1"
        " ({ file = ..., key = ... } names one)"
    ]


def test_a_missing_key_lists_the_keys_and_names_the_nearest(messages):
    write_safetensors("w.safetensors", {f"layers.{n}.weight": ("F64", ARRAY) for n in (0, 1)})
    assert messages('{ file = "w.safetensors", key = "layers.1.wieght" }') == [
        ": w.safetensors: no such key: found layers.1.wieght,"
        " expected one of layers.0.weight, layers.1.weight (did you mean layers.1.weight?)"
    ]


def test_a_thousand_keys_are_not_all_listed(messages):
    header = {f"w{n}": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]} for n in range(1000)}
    write("w.safetensors", safetensors_bytes(header, bytes(8)))
    (message,) = messages('{ file = "w.safetensors" }')
    assert "w29 and 970 more" in message
    assert len(message) < 400


@pytest.mark.parametrize("name", ["w.npy", "w.csv"])
def test_a_key_for_a_file_that_is_one_array(messages, name):
    np.save("w.npy", ARRAY)
    np.savetxt("w.csv", ARRAY, delimiter=",")
    assert messages(f'{{ file = "{name}", key = "w" }}') == [
        f": {name}: no such key: found w, expected none: the file is one array (leave key out)"
    ]


@pytest.mark.parametrize("name", ["w.npz", "w.safetensors"])
def test_a_file_without_arrays(messages, name):
    with zipfile.ZipFile("w.npz", "w"):
        pass
    write("w.safetensors", safetensors_bytes({"__metadata__": {}}))
    assert messages(f'{{ file = "{name}" }}') == [f": {name}: empty: found no array, expected at least one"]


# Numbers


def test_a_number_that_is_infinite_in_the_dtype(messages):
    np.save("w.npy", np.array([[1.0, np.inf, 2], [3, -70000, 1e300]]))
    assert messages('{ file = "w.npy" }', dtype="float16") == [
        "[1][1]: too large for float16: found the number -70000.0, expected at most 65504.0 in size"
    ]
    write_safetensors("w.safetensors", {"w": ("BF16", bfloat16(np.full((2, 3), 1e38)))})
    (message,) = messages('{ file = "w.safetensors" }', dtype="float16")
    assert message.startswith("[0][0]: too large for float16: found the number 9.9")


INEXACT = [
    ("float16", "<i4", 2049, "2,048"),
    ("float16", ">u8", 65520, "2,048"),
    ("float16", "<i4", 2**17, "2,048"),
    ("float16", "<u8", 2**64 - 1, "2,048"),
    ("float32", "<i4", -(2**24 + 1), "16,777,216"),
    ("float64", "<i8", 2**53 + 1, "9,007,199,254,740,992"),
    ("float64", ">i8", -(2**63) + 1, "9,007,199,254,740,992"),
    ("float64", "<u8", 2**64 - 1, "9,007,199,254,740,992"),
]


@pytest.mark.parametrize(("dtype", "stored", "number", "most"), INEXACT)
def test_an_integer_that_would_become_another(messages, dtype, stored, number, most):
    np.save("w.npy", np.array([[0, 0, 1], [0, 0, number]], stored))
    assert messages('{ file = "w.npy" }', dtype=dtype) == [
        f"[1][2]: not exact in {dtype}: found the number {number}, expected whole numbers up to {most}"
    ]


@pytest.mark.parametrize(
    ("dtype", "stored", "number"),
    [
        ("float16", "u2", 65504),
        ("float16", "i4", -4096),
        ("float32", "u8", 2**63),
        ("float64", "i8", -(2**63)),
        ("float64", "i8", 2**53 + 2),
    ],
)
def test_an_integer_that_is_exact(tmp_path, load, dtype, stored, number):
    np.save(tmp_path / "w.npy", np.full((2, 3), number, stored))
    assert int(load('{ file = "w.npy" }', dtype=dtype)[0, 0]) == number


# NumPy's files, and safetensors

DAMAGED = "damaged, or not in the .npy format"
BAD_ARRAYS = [
    (declared("<f8", "(100000, 100000)"), f"too many elements: found 10,000,000,000, {TOO_LARGE}"),
    (
        declared("<f8", "(5000, 5000)", bytes(80)),
        "truncated: found 80 bytes of numbers, expected 200,000,000",
    ),
    (declared("<f8", "(2, 0)"), "empty: found shape (2, 0), expected at least one element"),
    (declared("|V2", "(2, 3)", bytes(12)), "not real numbers: found records, expected floats or integers"),
    (
        declared("<c8", "(2, 3)", bytes(48)),
        "not real numbers: found complex numbers, expected floats or integers",
    ),
    (
        declared("|O", "(1,)", b"cos\nsystem\n"),
        "pickled objects are never loaded (allow_pickle=False): found the dtype object, expected floats or"
        " integers (a list of arrays is saved as one array for each layer, a dictionary as"
        " np.savez(file, **grads))",
    ),
    (struct.pack("<6sBBI", b"\x93NUMPY", 2, 0, 2**32 - 1), DAMAGED),
    (b"", DAMAGED),
]


@pytest.mark.parametrize(("content", "message"), BAD_ARRAYS, ids=range(len(BAD_ARRAYS)))
def test_a_bad_array(messages, content, message):
    write("w.npy", content)
    archive("w.npz", w=content)
    assert messages('{ file = "w.npy" }') == [f": w.npy: {message}"]
    assert messages('{ file = "w.npz" }') == [f": w.npz: w: {message}"]


def safetensor(**changed: object) -> bytes:
    return safetensors_bytes(
        {"w": {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48], **changed}}, ARRAY.tobytes()
    )


NO_HEADER = "damaged, or not a .safetensors file: found no header that can be read"
DAMAGED_TENSOR = "w: damaged: found a tensor that cannot be read"
BAD_SAFETENSORS = [
    (b"", NO_HEADER),
    (b"\2\0\0", NO_HEADER),
    (struct.pack("<Q", 2**63) + b"{}", NO_HEADER),
    (safetensors_bytes(b"[]"), NO_HEADER),
    (safetensors_bytes(b"{'w': 1}"), NO_HEADER),
    (safetensors_bytes(b"\xff"), NO_HEADER),
    (safetensors_bytes(b"[" * 100_000), NO_HEADER),
    (
        safetensors_bytes(b'{"w": {}, "w": {}}'),
        "damaged: found a name that is twice in the header, expected each once",
    ),
    (safetensors_bytes({"w": 1}), DAMAGED_TENSOR),
    (safetensor(shape="23"), DAMAGED_TENSOR),
    (safetensor(shape=[True, 6]), DAMAGED_TENSOR),
    (safetensor(shape=[2.0, 3]), DAMAGED_TENSOR),
    (safetensor(shape=[-2, -3]), "w: damaged: found a negative extent in the shape"),
    (safetensor(shape=[10**5, 10**5]), f"w: too many elements: found 10,000,000,000, {TOO_LARGE}"),
    (safetensor(shape=[2, 4]), "w: truncated: found 48 bytes of numbers, expected 64"),
    (safetensor(data_offsets=[0, 10**12], shape=[7]), "w: truncated: found 48 bytes of numbers, expected 56"),
    (safetensor(data_offsets=[48, 0]), "w: truncated: found 0 bytes of numbers, expected 48"),
    (safetensor(data_offsets=[-8, 48]), DAMAGED_TENSOR),
    (safetensor(data_offsets=[0]), DAMAGED_TENSOR),
    (
        safetensor(dtype="F8_E4M3"),
        "w: not real numbers: found the dtype F8_E4M3, expected floats or integers",
    ),
    (safetensor(dtype=["F64"]), DAMAGED_TENSOR),
]


@pytest.mark.parametrize(("content", "message"), BAD_SAFETENSORS, ids=range(len(BAD_SAFETENSORS)))
def test_bad_safetensors(messages, content, message):
    write("w.safetensors", content)
    assert messages('{ file = "w.safetensors" }') == [f": w.safetensors: {message}"]


def test_a_huge_header_is_not_read(messages):
    with open("w.safetensors", "wb") as file:
        file.write(struct.pack("<Q", 2**30))
        file.truncate(2**30 + 8)
    tracemalloc.start()
    try:
        assert messages('{ file = "w.safetensors" }') == [
            ": w.safetensors: too large: found a header of 1,073,741,824 bytes, expected at most 4,194,304"
            " (the limit safetensors_header_bytes)"
        ]
        assert tracemalloc.get_traced_memory()[1] < 2**23  # the scenario itself takes half of it
    finally:
        tracemalloc.stop()


# Archives


def test_archives_that_are_none_or_lie(messages):
    write("text.npz", b"hello")
    np.savez("cut.npz", w=ARRAY)
    os.truncate("cut.npz", 150)
    with zipfile.ZipFile("other.npz", "w") as file:
        file.writestr("../../etc/passwd", "x")
    none = "damaged, or not an .npz file: found no archive, expected what np.savez writes"
    assert messages('{ file = "text.npz" }') == [f": text.npz: {none}"]
    assert messages('{ file = "cut.npz" }') == [f": cut.npz: {none}"]
    assert messages('{ file = "other.npz" }') == [
        ": other.npz: ../../etc/passwd: not an array: found another kind of file in the archive,"
        " expected .npy files"
    ]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("place", [0, -9, -20])
def test_flipped_bytes_are_noticed(messages, save, place):
    rows = np.random.default_rng(1).normal(size=(2, 3))
    save("w.npz", w=rows)
    content = bytearray(Path("w.npz").read_bytes())
    directory = content.index(b"PK\1\2")
    content[place % directory] ^= 0xFF
    write("w.npz", bytes(content))
    assert messages('{ file = "w.npz" }') == [": w.npz: w: damaged: found an array that cannot be read"]


def changed_directory(name: str, offset: int, value: bytes) -> None:
    """Overwrite a field of the one entry in an archive's directory, and of the header that repeats it."""
    content = bytearray(Path(name).read_bytes())
    for start in (content.index(b"PK\1\2") + offset, offset - 2):
        content[start : start + len(value)] = value
    write(name, bytes(content))


def test_a_bomb_is_refused_by_what_it_declares(messages):
    # 10 GB in a file of kilobytes: nothing is unpacked but the start, with the header.
    archive("w.npz", w=declared("<f8", "(1250000000,)", bytes(2**20)))
    changed_directory("w.npz", 24, struct.pack("<I", 2**32 - 2))
    assert os.path.getsize("w.npz") < 5000
    assert messages('{ file = "w.npz" }') == [
        f": w.npz: w: too many elements: found 1,250,000,000, {TOO_LARGE}"
    ]


def test_a_bomb_that_declares_little_gives_no_more_than_it_declares(messages):
    content = declared("<f8", "(2, 3)", bytes(48))
    archive("w.npz", w=content + bytes(2**26))
    changed_directory("w.npz", 24, struct.pack("<I", len(content)))
    assert os.path.getsize("w.npz") < 2**17
    tracemalloc.start()
    try:
        assert messages('{ file = "w.npz" }') == [
            ": w.npz: w: damaged: found an array that is larger than the archive declares"
        ]
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_an_archive_that_declares_more_than_it_has(messages):
    content = declared("<f8", "(2, 3)", bytes(48))
    archive("w.npz", w=content)
    changed_directory("w.npz", 24, struct.pack("<I", len(content) + 1000))
    assert messages('{ file = "w.npz" }') == [": w.npz: w: damaged: found an array that cannot be read"]


@pytest.mark.deep
def test_a_large_header_in_an_archive_is_not_unpacked(messages, monkeypatch):
    asked = []
    original = npz._Unpacked.read
    monkeypatch.setattr(npz._Unpacked, "read", lambda self, size: asked.append(size) or original(self, size))
    archive("w.npz", w=struct.pack("<6sBBI", b"\x93NUMPY", 2, 0, 2**26) + b" " * 2**26)
    assert messages('{ file = "w.npz" }') == [f": w.npz: w: {DAMAGED}"]
    assert asked == [npy.MAX_HEADER_BYTES]


def test_a_directory_of_an_archive_that_is_too_large(messages):
    archive("w.npz", **{f"{n}{'x' * 60_000}": b"" for n in range(71)})
    (message,) = messages('{ file = "w.npz" }')
    assert message.startswith(": w.npz: too large: found a directory of 4,")
    assert message.endswith(" bytes, expected at most 4,194,304 (the limit npz_directory_bytes)")


def test_methods_that_libraries_unpack_without_a_limit(messages):
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile("w.npz", "w", method) as file:
            file.writestr("w.npy", declared("<f8", "(2, 3)", bytes(48)))
        assert messages('{ file = "w.npz" }') == [
            f": w.npz: w: unknown compression: found method {method}, expected none or deflate"
            " (np.savez_compressed writes what can be read)"
        ]


def test_an_encrypted_archive(messages):
    np.savez("w.npz", w=ARRAY)
    changed_directory("w.npz", 8, struct.pack("<H", 1))
    assert messages('{ file = "w.npz" }') == [
        ": w.npz: w: encrypted: found an array that needs a password, expected what np.savez writes"
    ]


# Comma-separated numbers

BAD_CSV = [
    ("", "empty: found no number, expected at least one"),
    ("\n \n\n", "empty: found no number, expected at least one"),
    ("1,2\n\n3\n", "line 3: ragged: found a row of 1, expected 2 as in the first row"),
    ("1,2\n3,4,5\n", "line 2: ragged: found a row of 3, expected 2 as in the first row"),
    (
        "height,width\n1,2\n",
        'line 1, column 1: not a number: found the text "height", expected a number'
        " (is it a header? delete the line)",
    ),
    ("1,2\n3,x\n", 'line 2, column 2: not a number: found the text "x", expected a number'),
    (
        "1,\n",
        "line 1, column 2: not a number: found nothing, expected a number (is it a header? delete the line)",
    ),
    (
        "1,2\n3;4,5\n",
        'line 2, column 1: not a number: found the text "3;4", expected a number'
        " (commas stand between numbers)",
    ),
    (
        '1\n"2"\n',
        'line 2, column 1: not a number: found the text ""2"", expected a number (write it without quotes)',
    ),
    (
        "1_000\n",
        'line 1, column 1: not a number: found the text "1_000", expected a number'
        " (write it without underscores)",
    ),
    (
        "1\n1_000\n",
        'line 2, column 1: not a number: found the text "1_000", expected a number'
        " (write it without underscores)",
    ),
    ("1\n# 2\n", 'line 2, column 1: not a number: found the text "# 2", expected a number'),
    ("1\n٣\n", 'line 2, column 1: not a number: found the text "٣", expected a number'),
    ("1\n\0\n", 'line 2, column 1: not a number: found the text "\\x00", expected a number'),
    (
        "1\n-1e400\n",
        'line 2, column 1: too large: found the text "-1e400", expected at most 1.7976931348623157e+308,'
        " which float64 holds",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD_CSV, ids=range(len(BAD_CSV)))
def test_bad_csv(messages, text, message):
    write("w.csv", text.encode())
    columns = text.partition("\n")[0].count(",") + 1
    assert messages('{ file = "w.csv" }', shape=(2, columns)) == [f": w.csv: {message}"]


def test_csv_in_bounded_memory(messages, monkeypatch):
    monkeypatch.setattr(csv, "MAX_ELEMENTS", 5)
    write("w.csv", b"1,2\n3,4\n5,6\n")
    assert messages('{ file = "w.csv" }') == [
        ": w.csv: too many elements: found more than 5,"
        " expected at most that in one tensor (the limit tensor_elements)"
    ]
    with open("w.csv", "wb") as file:
        file.truncate(2**30)
    tracemalloc.start()
    try:
        assert messages('{ file = "w.csv" }') == [
            ": w.csv: line 1: too long: found more than 4,194,304 bytes,"
            " expected at most that (the limit csv_line_bytes)"
        ]
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


# Limits of all files together


def test_the_users_own_files_are_limited_together(tmp_path):
    with open(tmp_path / "w.npy", "wb") as file:
        file.write(declared("<f4", "(5000, 5000)"))
        file.truncate(2**27)
    names = ("a0", "w1", "z1", "a1")
    # 25 million elements each, and nothing of them is read: the fourth is one too many with the two below.
    mine = "\n".join(f'{name} = {{ file = "w.npy" }}' for name in (*names, "dw1", "da0"))
    write_scenario(
        tmp_path / "test.toml", "[[1, 2]]", (1, 2), more=f"[gradient]\nda1 = [[1]]\n[mine]\n{mine}"
    )
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "test.toml")
    assert [problem.key_path for problem in caught.value.problems] == ["mine.da0"]
    assert caught.value.problems[0].message == (
        "too large: found files that hold 150,000,000 elements up to here,"
        " expected at most 134,217,728 (the limit run_elements)"
    )


def test_all_problems_of_all_tensors_at_once(tmp_path):
    np.save(tmp_path / "w.npy", np.ones((2, 4)))
    write_scenario(
        tmp_path / "test.toml", '{ file = "w.npy" }', more='b = { file = "b.npy" }\n[mine]\nw1 = { file = 1 }'
    )
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "test.toml")
    assert [problem.key_path for problem in caught.value.problems] == [
        "layers[0].b",
        "layers[0].w",
        "mine.w1.file",
    ]


EXTENTS = st.integers(1, 4) | st.sampled_from([2**10, 2**15, 2**20, 2**25, 2**40]) | st.integers(0, 2**40)


@given(shape=st.lists(EXTENTS, max_size=3).map(tuple), there=st.integers(0, 300), kind=st.sampled_from("ns"))
def test_what_a_header_declares_is_believed_if_it_is_there(tmp_path, shape, there, kind):
    """A few bytes may declare any shape: what is too large, empty, or not there is said, and never read."""
    name = {"n": "w.npy", "s": "w.safetensors"}[kind]
    entry = {"dtype": "F64", "shape": list(shape), "data_offsets": [0, 8 * math.prod(shape)]}
    npy, safetensors = declared("<f8", shape, bytes(there)), safetensors_bytes({"w": entry}, bytes(there))
    (tmp_path / name).write_bytes(npy if kind == "n" else safetensors)
    write_scenario(tmp_path / "test.toml", f'{{ file = "{name}" }}')
    try:
        load_scenario(tmp_path / "test.toml")
        said = ""
    except ScenarioError as error:
        said = str(error)
    count = math.prod(extent or 1 for extent in shape)
    if count > 2**25:
        assert "too many elements" in said
    elif 0 in shape:
        assert "empty" in said
    else:
        assert ("truncated" in said) == (8 * count > there)


# Whatever is in a file


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sound")
    np.save(folder / "w.npy", ARRAY)
    np.savez(folder / "w.npz", w=ARRAY)
    np.savez_compressed(folder / "packed.npz", w=ARRAY)
    np.savetxt(folder / "w.csv", ARRAY, delimiter=",")
    write_safetensors(folder / "w.safetensors", {"w": ("F64", ARRAY)})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(data=st.data())
def test_any_bytes_give_a_scenario_or_a_problem(tmp_path, sound, data):
    name = data.draw(st.sampled_from(sorted(sound)))
    content = sound[name]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 8)))
        content = content[:start] + data.draw(st.binary(max_size=8)) + content[end:]
    (tmp_path / name).write_bytes(content)
    write_scenario(tmp_path / "test.toml", f'{{ file = "{name}" }}')
    with suppress(ScenarioError):
        assert isinstance(load_scenario(tmp_path / "test.toml"), Case)
