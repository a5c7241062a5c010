"""Whatever is in an array file, it gives as many elements as it declares, or it is refused."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.errors import ScenarioError
from bpdebug.sources.problems import ProblemReport
from bpdebug.verify.array_files import read_arrays
from tests.fuzz.scratch import assert_printable, folder
from tests.sources.tensors.writing import npy_bytes, safetensors_bytes

EXTENTS = st.sampled_from(["0", "1", "2", "-1", "True", "1.0", "2**3", "99999999999999999999", "()", "'1'"])
SHAPES = st.lists(EXTENTS, max_size=3).map(lambda extents: f"({', '.join(extents)},)")
DTYPES = st.sampled_from(
    ["<f8", ">f4", "<f2", "<i8", "|b1", "<U3", "|O", "<V2", "<c16", "<M8[s]", "", "f8, f8"]
)
MORE = st.sampled_from(["", ", 'x': 1", ", 'shape': (1,)", "\x1b[2J", ", [" + "[" * 200])


@st.composite
def npy(draw: st.DrawFn) -> bytes:
    """Draw a file of one array, whose header says anything."""
    header = (
        f"{{'descr': {draw(DTYPES)!r}, 'fortran_order': {draw(st.sampled_from(['False', 'True', '1']))},"
        f" 'shape': {draw(SHAPES)}{draw(MORE)}}}"
    )
    version = draw(st.sampled_from([(1, 0), (2, 0), (3, 0), (9, 9)]))
    return npy_bytes(header, draw(st.binary(max_size=40)) * draw(st.integers(0, 4)), version)


NAMES = st.sampled_from(["dw1.npy", "dw1", "../x.npy", "a\x1b[2J.npy", "é.npy", "a/b.npy"])


@st.composite
def npz(draw: st.DrawFn) -> bytes:
    """Draw an archive, in which a directory may say of its members what it wants."""
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w") as file:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name in draw(st.lists(NAMES, max_size=3)):
            method = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]))
            file.writestr(name, draw(npy()), method)
    found = bytearray(content.getvalue())
    entry = found.find(b"PK\1\2")
    if entry >= 0 and draw(st.booleans()):
        # How it is packed, its check sum, both of its sizes, and where it begins.
        field, size = draw(st.sampled_from([(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (42, 4)]))
        found[entry + field : entry + field + size] = draw(st.binary(min_size=size, max_size=size))
    return bytes(found)


@st.composite
def safetensors(draw: st.DrawFn) -> bytes:
    """Draw a file whose header says anything."""
    numbers = st.integers(-1, 20) | st.booleans() | st.sampled_from([1.0, None, 2**70])
    entry = st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["F64", "F32", "BF16", "I8", "BOOL", "x\x1b", None]),
            "shape": st.lists(numbers, max_size=3) | st.none(),
            "data_offsets": st.lists(numbers, min_size=1, max_size=3),
        }
    )
    names = st.sampled_from(["dw1", "__metadata__", "\x1b[2J"])
    header = draw(st.dictionaries(names, entry, max_size=2) | st.sampled_from([[], None, b"{", b"\xff"]))
    content = safetensors_bytes(header, draw(st.binary(max_size=32)))
    return (
        struct.pack("<Q", draw(st.integers(0, 2**63))) + content[8:]
        if draw(st.integers(0, 9)) == 0
        else content
    )


@st.composite
def text(draw: st.DrawFn) -> bytes:
    """Draw JSON, sound or not."""
    value = st.recursive(
        st.sampled_from([1, 0.5, True, None, "x", float("nan"), 10**30]),
        lambda inner: st.lists(inner, max_size=3),
    )
    table = json.dumps(draw(st.dictionaries(st.sampled_from(["dw1", "\x1b", ""]), value, max_size=2)))
    place = draw(st.integers(0, len(table)))
    junk = draw(st.sampled_from(["", "]", "[" * 2000, "1e999", "9" * 5000, "\x00", '"dw1": 1,', "\ud800"]))
    return (table[:place] + junk + table[place:]).encode("utf-8", "surrogatepass")


@given(
    st.one_of(
        st.tuples(st.just("npy"), npy()),
        st.tuples(st.just("npz"), npz()),
        st.tuples(st.just("safetensors"), safetensors()),
        st.tuples(st.just("json"), text()),
    )
)
def test_arrays(written: tuple[str, bytes]) -> None:
    suffix, content = written
    path = folder() / f"arrays.{suffix}"
    path.write_bytes(content)
    report = ProblemReport(path.name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        arrays = read_arrays(path, report)
    assert_printable(report.problems)
    for _, array in arrays:
        assert array is None or (array.dtype.kind == "f" and array.size <= max(1, len(content)))
    assert report.problems or arrays
    try:
        report.refuse()
    except ScenarioError:
        return
    assert np.all([array is not None for _, array in arrays])
